"""Inputs that are damaged in one place, for property tests: each ends in a right result or an InputError.

HYPOTHESIS_PROFILE=campaign draws many more of them.
"""

import json
from pathlib import Path

import torch
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

# --- checkpoints -----------------------------------------------------------------------------------------------------

WORDS = ["", "gelu", "relu", "absolute", "relative_key", "sdpa", "org/kernel"]
ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.floats(), st.sampled_from([2**40, *WORDS, [], [1], {}, {"0": [1]}])
)
FIELDS = st.sampled_from([
    "model_type", "vocab_size", "hidden_size", "dim", "num_hidden_layers", "n_layers", "num_attention_heads",
    "n_heads", "intermediate_size", "hidden_dim", "max_position_embeddings", "type_vocab_size", "embedding_size",
    "hidden_act", "activation", "layer_norm_eps", "pad_token_id", "initializer_range", "position_embedding_type",
    "pruned_heads", "quantization_config", "is_decoder", "dropout", "hidden_dropout_prob", "add_cross_attention",
    "attn_implementation", "_attn_implementation", "auto_map", "use_kernels", "chunk_size_feed_forward",
    "return_dict", "output_hidden_states", "torch_dtype", "tie_word_embeddings", "rope_theta",
])  # fmt: skip
STATED = st.sampled_from([
    "tokenizer_class", "do_lower_case", "strip_accents", "cls_token", "sep_token", "pad_token", "mask_token",
    "unk_token", "auto_map", "added_tokens_decoder", "add_prefix_space", "model_max_length", "split_special_tokens",
])  # fmt: skip
FILES = st.sampled_from(["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"])


def _json(name: str, field: str, value):
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))

    return change


def _weights(number: int, how: str):
    def change(folder: Path) -> None:
        weights = load_file(folder / "model.safetensors")
        name = sorted(weights)[number % len(weights)]
        weight = weights[name]
        changed = {
            "drop": {},
            "add": {name: weight, f"encoder.layer.0.{how}.weight": weight.clone()},
            "head": {name: weight, "classifier.weight": torch.ones(2, 8)},
            "reshape": {name: weight[..., :-1].contiguous()},
            "nan": {name: weight * float("nan")},
            "infinite": {name: weight / 0},
            "half": {name: weight.half()},
            "integer": {name: weight.to(torch.int8)},
        }[how]
        rest = {other: part for other, part in weights.items() if other != name}
        save_file(rest | changed, folder / "model.safetensors", {"format": "pt"})

    return change


def _bytes(name: str, place: float, value: bytes):
    def change(folder: Path) -> None:
        content = (folder / name).read_bytes()
        at = int(place * len(content))
        (folder / name).write_bytes(content[:at] + value + content[at + len(value) :])

    return change


def _without(name: str):
    return lambda folder: (folder / name).unlink()


def _pieces(pieces: list[str], special: bool):
    def change(folder: Path) -> None:
        described = json.loads((folder / "tokenizer.json").read_text())
        first = len(described["model"]["vocab"])
        flags = dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False) | {"special": special}
        described["added_tokens"] += [{"id": first + i, "content": p, **flags} for i, p in enumerate(pieces)]
        (folder / "tokenizer.json").write_text(json.dumps(described))

    return change


damages = st.one_of(
    st.builds(_json, st.just("config.json"), FIELDS, ODD),
    st.builds(
        _json, st.just("tokenizer_config.json"), STATED, ODD | st.sampled_from(["[CLS]", "<s>", "BertTokenizer"])
    ),
    st.builds(_json, st.just("tokenizer.json"), st.sampled_from(["normalizer", "model", "post_processor"]), ODD),
    st.builds(
        _weights,
        st.integers(0, 60),
        st.sampled_from(["drop", "add", "head", "reshape", "nan", "infinite", "half", "integer"]),
    ),
    st.builds(_bytes, FILES, st.floats(0, 0.999), st.binary(min_size=1, max_size=4)),
    st.builds(_without, FILES),
    st.builds(_pieces, st.lists(st.text(min_size=1, max_size=3), min_size=1, max_size=3, unique=True), st.booleans()),
)
"""Function: folder of a tiny checkpoint -> None; changes it in one place."""
