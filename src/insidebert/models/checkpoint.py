"""A checkpoint folder held against itself: configuration, weights and tokenizer, before anything is built from it."""

import hashlib
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
import transformers
from safetensors import SafetensorError, safe_open
from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

from insidebert.errors import InputError
from insidebert.files import sha256_of
from insidebert.models.configuration import configuration
from insidebert.models.families import FAMILIES
from insidebert.models.tokenizer import read_object, read_tokenizer

HEADS = re.compile(
    r"(cls|pooler|(pre_|sop_)?classifier|qa_outputs|score|\w*head|decoder|(\w+_)?predictions|vocab_\w+"
    r"|sequence_summary)\."
)
BUFFERS = ("embeddings.position_ids", "embeddings.token_type_ids")
TYPES = {"F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16"}


@dataclass(frozen=True)
class Weight:
    """One weight as a file keeps it, unread: its file, its name there, its shape, its number type."""

    file: Path
    name: str
    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose parts fit together.

    Args:
        config: the fields that the encoder's code honours, and no other.
        tokenizer: as the files describe it.
        weights: the encoder's, under the names of its state dict.
        others: names of the remaining weights, as stored.
        stored: number types of the encoder's weights, such as `float16`; it runs in float32.
        heads: what the checkpoint has beside the encoder, such as `classifier`.
        sha256: of the weight file, or of the digests of all its shards.
        described: SHA-256 of the configuration and the tokenizer's files.
    """

    config: PreTrainedConfig
    tokenizer: PreTrainedTokenizerFast
    weights: dict[str, Weight]
    others: dict[str, Weight]
    stored: str
    heads: tuple[str, ...]
    sha256: str
    described: str


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and compare what a folder holds; a folder whose files are unchanged is read once in a process.

    Raises:
        InputError: the parts do not fit together, or the code here would not compute what they describe.
    """
    files = sorted(path for path in folder.iterdir() if path.is_file())
    stats = [path.stat() for path in files]
    return _read(folder, tuple((p.name, s.st_size, s.st_mtime_ns, s.st_ino) for p, s in zip(files, stats, strict=True)))


@lru_cache(maxsize=8)
def _read(folder: Path, signature: tuple) -> Checkpoint:
    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} holds no config.json, so it is not a checkpoint; save_pretrained() writes one")
    config = configuration(read_object(folder / "config.json"), str(folder))
    files = weight_files(folder)
    stored = {}
    for weight in (weight for file in files for weight in _header(file)):
        name = _canonical(weight.name, encoder_class(config).base_model_prefix)
        if name in stored:
            raise InputError(f"{folder}: weight {name} is there twice ({stored[name].name}, {weight.name})")
        stored[name] = weight
    wanted, heads = compare(config, {name: weight.shape for name, weight in stored.items()}, str(folder))
    weights = {name: stored[name] for name in wanted}
    for name, weight in weights.items():
        if weight.dtype not in TYPES:
            raise InputError(f"{folder}: weight {name} is stored as {weight.dtype}; save it as floating-point numbers")
    refuse_infinite(read_weights(weights).items(), str(folder))
    types = ", ".join(sorted({TYPES[weight.dtype] for weight in weights.values()}))
    others = {weight.name: weight for name, weight in stored.items() if name not in weights}
    tokenizer = read_tokenizer(folder, config)
    return Checkpoint(config, tokenizer, weights, others, types, heads, _digest(files), _description(folder))


def compare(config: PreTrainedConfig, shapes: dict[str, tuple], where: str) -> tuple[list[str], tuple[str, ...]]:
    """Hold weights against what the configuration asks for.

    Args:
        shapes: name, as in the encoder's state dict -> shape.

    Returns:
        Names of the encoder's weights; what else there is, such as `classifier`.

    Raises:
        InputError: weights that are missing, of another shape, or would be ignored though they are the encoder's.
    """
    family = FAMILIES[config.model_type]
    layer = re.compile(rf"{re.escape(family.layers)}\.(\d+)\.")
    layers = 1 + max((int(found[1]) for found in map(layer.match, shapes) if found), default=-1)
    if layers != (config.num_hidden_groups if family.shared else config.num_hidden_layers):
        raise InputError(
            f"{where}: config.json says {config.num_hidden_layers} layers, the weights hold {layers}; one of the two "
            "is another model's"
        )
    with torch.device("meta"):
        encoder = encoder_class(config)(config, **without_pooler(config.model_type))
    wanted = {name: tuple(weight.shape) for name, weight in encoder.state_dict().items()}
    missing = sorted(wanted.keys() - shapes.keys())
    if missing:
        raise InputError(
            f"{where}: the checkpoint lacks {len(missing)} of the encoder's weights ({missing[0]}, ...); "
            "they would be random; save the checkpoint again"
        )
    for name, shape in wanted.items():
        if shapes[name] != shape:
            raise InputError(
                f"{where}: weight {name} is {list(shapes[name])} in the checkpoint and {list(shape)} by config.json; "
                "one of the two is another model's"
            )
    rest = [name for name in shapes if name not in wanted and name not in BUFFERS]
    unknown = sorted(name for name in rest if not HEADS.match(name))
    if unknown:
        raise InputError(
            f"{where}: {len(unknown)} weights would be ignored ({unknown[0]}, ...), so this is another architecture; "
            "merge or remove what was added to the encoder and save it again"
        )
    return list(wanted), tuple(sorted({name.partition(".")[0] for name in rest}))


def refuse_infinite(weights, where: str) -> None:
    """Refuse NaN and infinite values by the weight's name: attention can hide them behind finite numbers.

    Args:
        weights: pairs of name and tensor.
    """
    for name, weight in weights:
        if not torch.isfinite(weight.sum()) and not torch.isfinite(weight).all():  # a sum is quick, but may overflow
            raise InputError(f"{where}: weight {name} has values that are NaN or infinite; save the checkpoint again")


def read_weights(weights: dict[str, Weight]) -> dict[str, torch.Tensor]:
    """The values, in float32."""
    found = {}
    for file in dict.fromkeys(weight.file for weight in weights.values()):
        with safe_open(file, framework="pt") as opened:
            names = {name: weight.name for name, weight in weights.items() if weight.file == file}
            found |= {name: opened.get_tensor(stored).float() for name, stored in names.items()}
    return found


def weight_files(folder: Path) -> list[Path]:
    """The safetensors of a checkpoint: one file, or the shards that its index names."""
    single, index = folder / "model.safetensors", folder / "model.safetensors.index.json"
    if single.is_file():
        return [single]
    if not index.is_file():
        if list(folder.glob("pytorch_model*.bin")):
            raise InputError(
                f"{folder} keeps its weights as .bin; `python -m insidebert.models.convert {folder} NEW_FOLDER` writes "
                "them as safetensors"
            )
        raise InputError(f"{folder} has no model.safetensors; load it once and save_pretrained() it to a new folder")
    places = read_object(index).get("weight_map")
    names = sorted({str(name) for name in places.values()}) if isinstance(places, dict) else []
    lost = [name for name in names if Path(name).name != name or not (folder / name).is_file()]
    if lost or not names:
        raise InputError(
            f"{index} names {lost[0] if lost else 'no weight file'}, which is not in {folder}; copy it again"
        )
    held = {weight.name: file.name for file in (folder / name for name in names) for weight in _header(file)}
    wrong = sorted(weight for weight, name in places.items() if held.get(weight) != name)
    if wrong:
        raise InputError(f"{index}: weight {wrong[0]} is not in {places[wrong[0]]}; copy the checkpoint again")
    return [folder / name for name in names]


def encoder_class(config: PreTrainedConfig) -> type[PreTrainedModel]:
    """transformers' class of an encoder, without a head."""
    return getattr(transformers, FAMILIES[config.model_type].encoder)


def headed_class(config: PreTrainedConfig, task: str) -> type[PreTrainedModel]:
    """transformers' class of an encoder with its head for a task, such as `MaskedLM`.

    Raises:
        InputError: the family has none.
    """
    name = FAMILIES[config.model_type].encoder.removesuffix("Model") + f"For{task}"
    if not hasattr(transformers, name):
        raise InputError(f"transformers has no {name}, so a {config.model_type} cannot be used for this")
    return getattr(transformers, name)


def without_pooler(kind: str) -> dict:
    """No measurement here looks at the pooler, and checkpoints often lack it."""
    return {"add_pooling_layer": False} if FAMILIES[kind].pooler else {}


def _header(file: Path) -> list[Weight]:
    try:
        with safe_open(file, framework="pt") as opened:
            parts = {name: opened.get_slice(name) for name in opened.keys()}  # noqa: SIM118
            return [Weight(file, name, tuple(p.get_shape()), p.get_dtype()) for name, p in parts.items()]
    except (SafetensorError, OSError) as error:
        raise InputError(f"{file} cannot be read ({error}); copy it again") from None


def _canonical(name: str, prefix: str) -> str:
    """The name in the encoder's own state dict; TensorFlow's gamma and beta are older names."""
    return re.sub(r"gamma$", "weight", re.sub(r"beta$", "bias", name.removeprefix(f"{prefix}.")))


def _digest(files: list[Path]) -> str:
    if len(files) == 1:
        return sha256_of(files[0])
    return hashlib.sha256(json.dumps([[file.name, sha256_of(file)] for file in files]).encode()).hexdigest()


def _description(folder: Path) -> str:
    digest = hashlib.sha256((folder / "config.json").read_bytes())
    for pattern in ("tokenizer*", "vocab*", "merges.txt", "special_tokens_map.json", "added_tokens.json"):
        for path in sorted(path for path in folder.glob(pattern) if path.is_file()):
            digest.update(path.read_bytes())
    return digest.hexdigest()
