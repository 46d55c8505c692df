"""Models by name or in memory: an embedded model, a local folder, a Hub id, an encoder -> tokenizer and encoder."""

import copy
import hashlib
import json
import re
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from insidebert.errors import InputError
from insidebert.files import sha256_of
from insidebert.models import checkpoint
from insidebert.models.embedded import EMBEDDED, folder_of
from insidebert.models.families import FAMILIES
from insidebert.models.names import absolute, draw_of, folder_at, hub_snapshot, parts_of, with_random
from insidebert.models.tokenizer import SPECIAL, blanks_between, fitting

__all__ = ["absolute", "sha256_of", "with_random"]  # known to callers by this module too

CACHED = re.compile(r".*/models--(?P<name>[^/]+)/snapshots/(?P<revision>[0-9a-f]{40})")


@dataclass(frozen=True)
class Source:
    """A model that has been found and checked but not loaded.

    Args:
        label: the name that tables and figures show; without `random:`, which is `weights`.
        folder: checkpoint folder; None for a model in memory.
        revision: commit of a Hub model, else "".
        sha256: of model.safetensors, or of the weights in memory.
        described: SHA-256 of the configuration and the tokenizer's files.
        weights: `trained` or `random`.
        seed, keep_embeddings: how random weights are drawn.
        stored: number types of the checkpoint's weights, such as `float16`; they run in float32.
        heads: what the checkpoint has beside the encoder, such as `classifier`; not measured.
    """

    label: str
    folder: Path | None
    revision: str
    sha256: str
    described: str
    weights: str = "trained"
    seed: int = 0
    keep_embeddings: bool = True
    stored: str = "float32"
    heads: tuple[str, ...] = ()

    @property
    def identity(self) -> dict:
        """What a result depends on: everything but the folder and what the weights' SHA-256 says already."""
        known = {"folder", "heads"} | ({"stored"} if self.stored == "float32" else set())
        return {name: value for name, value in vars(self).items() if name not in known}

    @property
    def name(self) -> str:
        """A name under which `resolve` finds the trained model again; for commands that a message advises."""
        pinned = f"{self.label}@{self.revision}" if self.revision else self.label
        return pinned if self.revision or self.label in EMBEDDED else str(self.folder or self.label)


@dataclass(frozen=True)
class Model:
    """A tokenizer and an encoder in evaluation mode; `load` and `wrap` make one.

    Example:
        >>> import insidebert as ib
        >>> model = ib.load("distilbert-cased")
        >>> model.layers, model.heads, model.limit, model.source.label
        (6, 12, 512, 'distilbert-cased')
    """

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
        return _limit(self.encoder.config)

    def spaced(self, sentences: Sequence[Sequence[str]]) -> list[list[str]]:
        """Sentences of words, ready to be cut word by word as in a running text: with blanks where pieces carry one."""
        blank = " " if blanks_between(self.tokenizer) else ""
        return [[*words[:1], *(blank + word for word in words[1:])] for words in sentences]


def resolve(name: str | Path) -> Source:
    """Find a model by name and check its files, without loading it.

    Tried in this order: an embedded model (such as `minilm-l6`), a local folder, a Hub id. A Hub id may pin a revision:
    `bert-base-uncased@86b5e093`. `random:<name>` keeps the trained embeddings and draws all layers anew, the baseline
    of both Lin et al. (2019) and Clark et al. (2019); `random:<name>#seed=3,embeddings=new` chooses another draw and
    gives up the embeddings too, which asks what the architecture alone can do. A folder may have `@` and `#` in its
    name; one whose name begins with `random:` is written `./random:...`.

    Raises:
        InputError: the name means nothing here, or its configuration, weights and tokenizer do not fit together.
    """
    random, base, revision, options = parts_of(name)
    draw = draw_of(name, options) if random else {}
    if options and not random:
        raise InputError(f"model {name!r}: options after # belong to random:{base}; write that")
    label, from_hub = base, False
    if base in EMBEDDED:
        folder = folder_of(base)
    elif folder := folder_at(base):
        label = folder.name
    elif base.startswith((".", "/", "~")):
        raise InputError(f"model folder {base} does not exist; check the path")
    else:
        folder, from_hub = hub_snapshot(base, revision), True
    if revision and not from_hub:
        raise InputError(f"model {name!r}: only a Hub id has revisions; leave out @{revision}")
    if cached := CACHED.fullmatch(folder.as_posix()):
        revision = cached["revision"]
        label = label if from_hub else cached["name"].replace("--", "/", 1)
    if not label.isprintable():
        raise InputError(f"model folder {folder!s:.200}".encode("unicode_escape").decode() + " has an unprintable name")
    found = checkpoint.read_checkpoint(folder)
    kept = {"stored": found.stored, "heads": found.heads}
    return Source(label, folder, revision, found.sha256, found.described, **draw, **kept)


def load(name: str | Path | Source) -> Model:
    """Load a model in float32, on the fastest device there is; with random weights where its name says so.

    Args:
        name: as `resolve` reads it, or what `resolve` gave.

    Raises:
        InputError: the name means nothing here, or its configuration, weights and tokenizer do not fit together.

    Example:
        >>> import insidebert as ib
        >>> ib.load("random:minilm-l6#seed=3").source.seed
        3
    """
    source = name if isinstance(name, Source) else resolve(name)
    if source.folder is None:
        raise InputError(f"model {source.label} is in memory; use what wrap() returned")
    found = checkpoint.read_checkpoint(source.folder)
    kind = checkpoint.encoder_class(found.config)
    weights = checkpoint.read_weights(found.weights)
    encoder, _ = _built(kind, found.config, weights, **checkpoint.without_pooler(found.config.model_type))
    if source.weights == "random":
        encoder = reinitialised(encoder, source.seed, source.keep_embeddings)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return Model(source, copy.deepcopy(found.tokenizer), encoder.eval().to(device))


def load_with_head(source: Source, task: str) -> tuple[PreTrainedModel, list[str]]:
    """A checkpoint's encoder with its head for a task, in float32, on the CPU; and the weights that it lacks."""
    if source.folder is None:
        raise InputError(f"model {source.label} is in memory; save_pretrained() it to a folder to use its heads")
    found = checkpoint.read_checkpoint(source.folder)
    stored = {weight.name: weight for weight in found.weights.values()} | found.others
    weights = checkpoint.read_weights({n: weight for n, weight in stored.items() if weight.dtype in checkpoint.TYPES})
    checkpoint.refuse_infinite(weights.items(), str(source.folder))
    model, missing = _built(checkpoint.headed_class(found.config, task), found.config, weights)
    return model.eval(), missing


def wrap(encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, name: str = "model") -> Model:
    """A model in memory, ready to be measured. The encoder is neither copied nor altered; the tokenizer is copied.

    Args:
        encoder: of a supported family, with a head or without, in evaluation mode and float32; it stays on its device.
        tokenizer: the encoder's, a fast one.
        name: what tables and figures call it; results are found again by the content of the weights.

    Raises:
        InputError: the encoder is in training mode, or encoder, configuration and tokenizer do not fit together.

    Example:
        >>> import insidebert as ib
        >>> loaded = ib.load("minilm-l6")  # or any encoder of transformers that you have
        >>> ib.wrap(loaded.encoder, loaded.tokenizer, name="step 1000").source.label
        'step 1000'
    """
    name = str(name)
    encoder = encoder.base_model if isinstance(encoder, PreTrainedModel) else encoder
    kind = type(encoder)
    known = [family.encoder for family in FAMILIES.values()]
    if kind.__name__ not in known or not kind.__module__.startswith("transformers."):
        raise InputError(f"model {name}: {kind.__name__} is none of transformers' own encoders {', '.join(known)}")
    if not isinstance(tokenizer, PreTrainedTokenizerFast):
        raise InputError(f"model {name}: {type(tokenizer).__name__} is no fast tokenizer; it cannot tell words apart")
    if encoder.training:
        raise InputError(f"model {name}: the encoder is in training mode, dropout would blur it; call encoder.eval()")
    attention = encoder.config._attn_implementation
    if attention not in ("eager", "sdpa"):
        raise InputError(f"model {name}: attention runs as {attention}; call encoder.set_attn_implementation('sdpa')")
    config = checkpoint.configuration(encoder.config.to_dict(), name)
    weights = dict(encoder.state_dict())
    checkpoint.compare(config, {key: tuple(weight.shape) for key, weight in weights.items()}, name)
    for key, weight in weights.items():
        if weight.dtype != torch.float32 or weight.is_meta:
            way_out = "load its values first" if weight.is_meta else "call encoder.float()"
            raise InputError(f"model {name}: weight {key} is {weight.dtype} on {weight.device}; {way_out}")
    checkpoint.refuse_infinite(weights.items(), name)
    pieces = {role: getattr(tokenizer, f"{role}_token") for role in SPECIAL}
    own = fitting(copy.deepcopy(tokenizer.backend_tokenizer), pieces, config, name)
    described = json.dumps([config.to_dict(), own.backend_tokenizer.to_str(), pieces], sort_keys=True)
    sha256 = hashlib.sha256()
    for key, weight in sorted(weights.items()):
        sha256.update(key.encode() + weight.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    description = hashlib.sha256(described.encode()).hexdigest()
    return Model(Source(name, None, "", sha256.hexdigest(), description), own, encoder)


def random_twin(model: Model, seed: int = 0, keep_embeddings: bool = True) -> Model:
    """The same architecture, tokenizer and embeddings with all layers drawn anew; what `random:<name>` is to a name.

    Args:
        model: left as it is.
        seed: of the draw.
        keep_embeddings: False draws the embeddings too, which asks what the architecture alone can do.

    Returns:
        A model on the same device, whose `source.weights` is `random`.

    Example:
        >>> import insidebert as ib
        >>> ib.random_twin(ib.load("minilm-l6"), seed=3).source.weights
        'random'
    """
    source = replace(model.source, weights="random", seed=seed, keep_embeddings=keep_embeddings)
    encoder = reinitialised(model.encoder, seed, keep_embeddings)
    return Model(source, copy.deepcopy(model.tokenizer), encoder.eval().to(model.device))


def reinitialised(encoder: PreTrainedModel, seed: int, keep_embeddings: bool = True) -> PreTrainedModel:
    """The same architecture with weights drawn anew, embeddings kept or not; the encoder stays as it is."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = copy.deepcopy(encoder.config)
        drawn = checkpoint.encoder_class(config)(config, **checkpoint.without_pooler(config.model_type))
    if keep_embeddings:
        drawn.embeddings.load_state_dict(encoder.embeddings.state_dict())
    return drawn


def _built(kind: type, config: PreTrainedConfig, weights: dict, **options) -> tuple[PreTrainedModel, list[str]]:
    """A model of transformers from weights that have been read, without a word on the screen."""
    with _quiet():
        model, report = kind.from_pretrained(
            None,
            config=config,
            state_dict=weights,
            dtype=torch.float32,
            attn_implementation=FAMILIES[config.model_type].implementation,
            output_loading_info=True,
            **options,
        )
    return model, sorted(report["missing_keys"])


@contextmanager
def _quiet():
    """No progress bar and no report from transformers inside; whatever the caller had set is back afterwards."""
    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    if bars:
        logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def _limit(config: PreTrainedConfig) -> int:
    # RoBERTa counts positions from behind its padding index, so it has that many fewer to give.
    return config.max_position_embeddings - (config.pad_token_id + 1 if FAMILIES[config.model_type].from_padding else 0)
