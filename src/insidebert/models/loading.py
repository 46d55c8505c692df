"""Models by name: an embedded model, a local folder or a Hub id -> tokenizer and encoder."""

import copy
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import AutoConfig, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from insidebert.errors import InputError
from insidebert.models.embedded import EMBEDDED, folder_of, sha256_of

ENCODERS = ("bert", "distilbert", "roberta", "electra")
HUB_FILES = ["config.json", "model.safetensors", "tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json"]
NAME = re.compile(r"(?P<random>random:)?(?P<name>[^@#]+)(@(?P<revision>[^#]+))?(#(?P<options>.+))?")


@dataclass(frozen=True)
class Source:
    """A model that has been found but not loaded.

    Args:
        label: the name that tables and figures show; without `random:`, which is `weights`.
        folder: checkpoint folder; None for a model in memory.
        revision: commit of a Hub model, else "".
        sha256: of model.safetensors.
        described: SHA-256 of the configuration and the tokenizer's files.
        weights: `trained` or `random`.
        seed, keep_embeddings: how random weights are drawn.
    """

    label: str
    folder: Path | None
    revision: str
    sha256: str
    described: str
    weights: str = "trained"
    seed: int = 0
    keep_embeddings: bool = True

    @property
    def identity(self) -> dict:
        """What a result depends on: everything but the folder."""
        return {name: value for name, value in vars(self).items() if name != "folder"}


@dataclass(frozen=True)
class Model:
    """A tokenizer and an encoder in evaluation mode, on the fastest device there is."""

    source: Source
    tokenizer: PreTrainedTokenizerFast
    encoder: PreTrainedModel

    @property
    def layers(self) -> int:
        """Layers of the encoder; the embeddings are not counted."""
        return self.encoder.config.num_hidden_layers

    @property
    def heads(self) -> int:
        """Attention heads of every layer."""
        return self.encoder.config.num_attention_heads

    @property
    def device(self) -> torch.device:
        """Where the encoder's weights are."""
        return self.encoder.device

    @property
    def limit(self) -> int:
        """Longest sequence the encoder takes, in pieces, special ones included."""
        config = self.encoder.config
        # RoBERTa counts positions from behind its padding index, so it has that many fewer to give.
        return config.max_position_embeddings - (config.pad_token_id + 1 if config.model_type == "roberta" else 0)


def with_random(names: list[str]) -> list[str]:
    """The models and, behind them, the twin with random weights of each one that is not random itself."""
    return [*names, *(f"random:{name}" for name in names if not name.startswith("random:"))]


def absolute(name: str) -> str:
    """The same name, with the folder in it (if it is one) made absolute."""
    match = NAME.fullmatch(name)
    if not match or match["name"] in EMBEDDED or not Path(match["name"]).expanduser().is_dir():
        return name
    folder = str(Path(match["name"]).expanduser().resolve())
    return name.replace(match["name"], folder, 1)


def resolve(name: str) -> Source:
    """Find a model by name, without loading it.

    Tried in this order: an embedded model (`distilbert-cased`, `minilm-l6`), a local folder, a Hub id. A Hub id may
    pin a revision: `bert-base-uncased@86b5e093`. `random:<name>` keeps the trained embeddings and draws all layers
    anew, the baseline of both Lin et al. (2019) and Clark et al. (2019); `random:<name>#seed=3,embeddings=new`
    chooses another draw and gives up the embeddings too, which asks what the architecture alone can do.

    Raises:
        InputError: the name means nothing here, or what it names is not a supported encoder in safetensors.
    """
    match = NAME.fullmatch(name)
    if not match:
        raise InputError(f"model name {name!r} cannot be read; write [random:]NAME[@REVISION][#seed=N,embeddings=new]")
    base, revision, from_hub = match["name"], match["revision"] or "", False
    draw = _draw(name, match["options"]) if match["random"] else {}
    if match["options"] and not match["random"]:
        raise InputError(f"model {name!r}: options after # belong to random:{base}")
    label = base
    if base in EMBEDDED:
        folder = folder_of(base)
    elif Path(base).expanduser().is_dir():
        folder = Path(base).expanduser().resolve()
        label = folder.name
    elif base.startswith((".", "/", "~")):
        raise InputError(f"model folder {base} does not exist")
    else:
        folder = _hub_snapshot(base, revision)
        revision, from_hub = folder.name, True
    if match["revision"] and not from_hub:
        raise InputError(f"model {name!r}: only a Hub id has revisions")
    _check(folder)
    return Source(label, folder, revision, sha256_of(folder / "model.safetensors"), _description(folder), **draw)


def load(name: str | Source) -> Model:
    """Load a model; with random weights where its name says so.

    Args:
        name: as `resolve` reads it, or what `resolve` gave.

    Raises:
        InputError: the weights cannot be read, or some of the encoder's are missing.
    """
    source = name if isinstance(name, Source) else resolve(name)
    logging.disable_progress_bar()
    logging.set_verbosity_error()  # a checkpoint's unused heads are no news here
    config = AutoConfig.from_pretrained(source.folder, local_files_only=True)
    prefix = {"add_prefix_space": True} if config.model_type == "roberta" else {}  # words arrive one by one
    tokenizer = AutoTokenizer.from_pretrained(source.folder, local_files_only=True, use_fast=True, **prefix)
    tokenizer.deprecation_warnings["sequence-length-is-longer-than-the-specified-maximum"] = True  # encoding checks
    try:
        encoder, report = AutoModel.from_pretrained(
            source.folder,
            local_files_only=True,
            use_safetensors=True,
            output_loading_info=True,
            **_without_pooler(config.model_type),
        )
    except SafetensorError as error:
        raise InputError(f"{source.folder}/model.safetensors cannot be read ({error}); copy it again") from None
    if report["missing_keys"]:
        missing = sorted(report["missing_keys"])
        raise InputError(
            f"{source.folder}/model.safetensors lacks {len(missing)} of the encoder's weights ({missing[0]}, ...); "
            "they would be random; save the checkpoint again"
        )
    if source.weights == "random":
        encoder = reinitialised(encoder, source.seed, source.keep_embeddings)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Model(source, tokenizer, encoder.eval().to(device))


def wrap(encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, name: str = "model") -> Model:
    """A model in memory, ready to be measured; the encoder is neither copied nor altered.

    Args:
        encoder: in evaluation mode; stays on its device.
        tokenizer: the encoder's, a fast one.
        name: what tables and figures call it.

    Raises:
        InputError: the encoder is in training mode.
    """
    if encoder.training:
        raise InputError(f"model {name}: the encoder is in training mode, dropout would blur it; call encoder.eval()")
    weights = hashlib.sha256()
    for key, weight in sorted(encoder.state_dict().items()):
        weights.update(key.encode() + weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    described = encoder.config.to_json_string() + tokenizer.backend_tokenizer.to_str()
    sha256 = hashlib.sha256(described.encode()).hexdigest()
    return Model(Source(str(name), None, "", weights.hexdigest(), sha256), tokenizer, encoder)


def reinitialised(encoder: PreTrainedModel, seed: int, keep_embeddings: bool = True) -> PreTrainedModel:
    """The same architecture with weights drawn anew, as at the start of pre-training.

    Args:
        encoder: left as it is.
        seed: of the draw; the caller's random state is not touched.
        keep_embeddings: keep word, position and type embeddings, so that a probe still sees which word is where.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        drawn = AutoModel.from_config(copy.deepcopy(encoder.config), **_without_pooler(encoder.config.model_type))
    if keep_embeddings:
        drawn.embeddings.load_state_dict(encoder.embeddings.state_dict())
    return drawn


def _without_pooler(model_type: str) -> dict:
    """No measurement here looks at the pooler, and checkpoints often lack it."""
    return {"add_pooling_layer": False} if model_type in ("bert", "roberta") else {}


def _description(folder: Path) -> str:
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for pattern in ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json"):
        for path in sorted(folder.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _draw(name: str, options: str | None) -> dict:
    draw = {"weights": "random"}
    for option in (options or "").split(",") if options else []:
        key, _, value = option.partition("=")
        if key == "seed" and value.isdigit():
            draw["seed"] = int(value)
        elif key == "embeddings" and value in ("kept", "new"):
            draw["keep_embeddings"] = value == "kept"
        else:
            raise InputError(f"model {name!r}: {option!r} is not an option; there are seed=N and embeddings=kept|new")
    return draw


def _check(folder: Path) -> None:
    """A supported encoder, in safetensors; read from its files alone."""
    config = folder / "config.json"
    if not config.is_file():
        raise InputError(f"{folder} holds no config.json, so it is not a checkpoint; save_pretrained() writes one")
    try:
        described = json.loads(config.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise InputError(f"{config} is not JSON ({error}); save the checkpoint again") from None
    kind = described.get("model_type")
    if kind not in ENCODERS or described.get("is_decoder"):
        raise InputError(f"{folder} holds a {kind!r} model; the measurements need an encoder: {', '.join(ENCODERS)}")
    if not (folder / "model.safetensors").is_file():
        raise InputError(f"{folder} has no model.safetensors; load it once and save_pretrained() it to a new folder")


def _hub_snapshot(name: str, revision: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OfflineModeIsEnabled

    known = f"known here without a network: {', '.join(EMBEDDED)}; a local folder or a Hub id works too"
    try:
        return Path(snapshot_download(name, revision=revision or None, allow_patterns=HUB_FILES))
    except HFValidationError:
        raise InputError(f"model {name!r} is neither a folder nor a possible Hub id; {known}") from None
    except (LocalEntryNotFoundError, OfflineModeIsEnabled):
        raise InputError(
            f"model {name!r} is not embedded, not a folder and not in the Hub's cache, and the Hub is out of reach "
            f"from here; {known}"
        ) from None
    except HfHubHTTPError as error:
        why = error.response.status_code if error.response is not None else error
        raise InputError(f"model {name!r}: the Hub answers {why}; check the id and the revision; {known}") from None
