"""Checkpoints with a single fault, of every encoder that is supported, and names of models."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import torch
import transformers
from hypothesis import HealthCheck, Phase, given, seed, settings
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

import insidebert as ib
from insidebert.models import loading
from tests.campaign.cases import Case, Tally, judged
from tests.conftest import KINDS, save_checkpoint
from tests.strategies.checkpoints import damages

TEXTS = ("the Author laughs .", "[SEP] é <s> x", "狗 \u200d $5 a")
CALLS = (
    "return_dict",
    "output_hidden_states",
    "output_attentions",
    "torchscript",
    "chunk_size_feed_forward",
    "dtype",
    "torch_dtype",
)
"""Fields that say how an encoder is called, or run in parts, and not what it computes."""
RELATIVE = ("deberta-v2", "modernbert")
"""Kinds whose weights hold nothing for a place in the sentence, so that none can lack there."""


class Checkpoints:
    """Tiny checkpoints, made once a kind, and damaged copies of them."""

    def __init__(self, folder: Path):
        self.folder, self.made = folder, 0
        for kind in KINDS:
            save_checkpoint(folder / "whole" / kind, kind)

    def copy(self, kind: str, name: str = "model") -> Path:
        self.made += 1
        return Path(shutil.copytree(self.folder / "whole" / kind, self.folder / str(self.made) / name))


def faithful(folder: Path) -> Callable[[loading.Model], bool]:
    """Whether a model has the weights and pieces of its files, and the states that transformers computes from them."""

    def right(model: loading.Model) -> bool:
        stored = load_file(folder / "model.safetensors")
        described = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = described["model_type"]
        stored = {name.removeprefix(f"{kind}."): weight.float() for name, weight in stored.items()}
        if not all(torch.equal(weight, stored[name]) for name, weight in model.encoder.state_dict().items()):
            return False
        backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
        backend.encode_special_tokens = True
        backend.no_truncation()
        backend.no_padding()
        if not all(model.tokenizer(text)["input_ids"] == backend.encode(text).ids for text in TEXTS):
            return False
        ids = torch.tensor([backend.encode(TEXTS[0]).ids])
        with torch.inference_mode():
            ours = model.encoder(ids).last_hidden_state
            return bool(torch.allclose(ours, _states(described, stored, ids), atol=1e-4, equal_nan=True))

    return right


def _states(described: dict, weights: dict, ids: torch.Tensor) -> torch.Tensor:
    """What transformers computes itself, without the fields that only change how it is called."""
    kind = transformers.AutoConfig.for_model(described["model_type"]).__class__
    own = {name: value for name, value in described.items() if name not in CALLS}
    config = kind(**own | {"attn_implementation": "eager", "dtype": "float32"})
    plain = transformers.AutoModel.from_config(config).eval().float()
    plain.load_state_dict(weights, strict=False)
    return plain(ids).last_hidden_state


def described(name: str = "config.json", **fields) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / name
        path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")

    return change


def weights(change: Callable[[dict, str], None]) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        own = load_file(folder / "model.safetensors")
        change(own, min(name for name in own if re.search(r"layers?\.0\..*weight$", name)))
        save_file({k: v.contiguous() for k, v in own.items()}, folder / "model.safetensors", {"format": "pt"})

    return changed


def without(pattern: str) -> Callable[[Path], None]:
    return lambda folder: [path.unlink() for path in folder.glob(pattern)] and None


def content(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes())) and None


def pieces_more(folder: Path) -> None:
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    tokenizer.add_tokens(["girlgirl", "catscats"])
    tokenizer.save_pretrained(folder)


def pickled(folder: Path) -> None:
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def half(kind: torch.dtype) -> Callable[[Path], None]:
    return weights(lambda w, _: w.update({name: weight.to(kind) for name, weight in w.items()}))


REFUSED = {  # what is done to a checkpoint, and what its refusal names beside the folder
    "no tokenizer": (without("*token*"), "tokenizer"),
    "no tokenizer, but a vocabulary of a Python tokenizer": (
        lambda f: (
            without("tokenizer.json")(f),
            described("tokenizer_config.json", tokenizer_class="BertJapaneseTokenizer")(f),
            (f / "vocab.txt").write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n"),
        ),
        "BertJapaneseTokenizer",
    ),
    "a tokenizer of somebody's code": (described("tokenizer_config.json", tokenizer_class="Somebodys"), "Somebodys"),
    "relative positions": (described(position_embedding_type="relative_key_query"), "position_embedding_type"),
    "relative positions in the weights": (
        weights(lambda w, n: w.update({"encoder.layer.0.attention.self.distance_embedding.weight": torch.ones(7, 4)})),
        "distance_embedding",
    ),
    "more pieces than embeddings": (pieces_more, "girlgirl"),
    "vocabulary larger by three": (described(vocab_size=103), "[103, "),
    "positions that the weights lack": (described(max_position_embeddings=512), "position"),
    "weights as .bin": (pickled, "insidebert.models.convert"),
    "no weights": (without("model.safetensors"), "model.safetensors"),
    "no configuration": (without("config.json"), "config.json"),
    "weights cut off": (content("model.safetensors", lambda b: b[: len(b) // 2]), "model.safetensors"),
    "weights of no bytes": (content("model.safetensors", lambda b: b""), "model.safetensors"),
    "weights of rubbish": (content("model.safetensors", lambda b: b"\xff" * 100), "model.safetensors"),
    "configuration that is a list": (content("config.json", lambda b: b"[1, 2]"), "config.json"),
    "configuration null": (content("config.json", lambda b: b"null"), "config.json"),
    "configuration too deep": (content("config.json", lambda b: b"[" * 100_000), "config.json"),
    "configuration in Latin-1": (content("config.json", lambda b: b'{"caf\xe9": 1}'), "config.json"),
    "configuration cut off": (content("config.json", lambda b: b[:-20]), "config.json"),
    "tokenizer cut off": (content("tokenizer.json", lambda b: b[: len(b) // 3]), "tokenizer"),
    "tokenizer of rubbish": (content("tokenizer.json", lambda b: b"rubbish"), "tokenizer"),
    "tokenizer with pieces alone": (content("tokenizer.json", lambda b: b'{"model": {"vocab": {}}}'), "tokenizer"),
    "another attention": (described(attn_implementation="org/kernel"), "attn_implementation"),
    "code of its own": (described(auto_map={"AutoModel": "code.Evil"}), "auto_map"),
    "quantized": (described(quantization_config={"quant_method": "gptq"}), "quantization_config"),
    "pruned": (described(pruned_heads={"0": [1]}), "pruned_heads"),
    "a decoder": (described(is_decoder=True), "is_decoder"),
    "of another family": (described(model_type="gpt2"), "gpt2"),
    "of a list of families": (described(model_type=["bert"]), "encoder"),
    "NaN": (weights(lambda w, n: w[n].fill_(float("nan"))), "NaN"),
    "infinite": (weights(lambda w, n: w[n].view(-1)[0].fill_(float("inf"))), "infinite"),
    "a weight fewer": (weights(lambda w, n: w.pop(n)), "lacks 1"),
    "an adapter": (weights(lambda w, n: w.update({"encoder.layer.0.lora_A.weight": torch.ones(2)})), "lora_A"),
    "a weight of another shape": (weights(lambda w, n: w.update({n: w[n][..., :-1]})), "in the checkpoint"),
    "a weight of whole numbers": (weights(lambda w, n: w.update({n: w[n].to(torch.int8)})), "I8"),
    "padding that is no piece": (described(pad_token_id=10**6), "pad_token_id"),
}

RIGHT = {
    "float16": half(torch.float16),
    "bfloat16": half(torch.bfloat16),
    "float64": half(torch.float64),
    "fields of a head": described(problem_type="x", return_dict=False, output_hidden_states=True, torchscript=True),
    "a classifier beside": weights(lambda w, _: w.update({"classifier.weight": torch.ones(2, 8)})),
    "no tokenizer_config.json": without("tokenizer_config.json"),
    "a file that is none of ours": lambda folder: (folder / "training_args.bin").write_bytes(b"\x80") and None,
    "a hidden file": lambda folder: (folder / ".config.json-1-abcdefgh.tmp").write_text("{") and None,
}

NAMES = [
    "1000",
    "001",
    "1e5",
    "nan",
    "True",
    "null",
    "None",
    "NA",
    "a@b",
    "a#b",
    "a b",
    "狗",
    "$5",
    "<img src=x>",
    "-x",
]
NO_NAMES = ["", "random:", "random:x#", "x@", "#seed=1", "minilm-l6#seed=1", "minilm-l6@main", "./none", "/none/such"]
NO_DRAWS = [
    "seed=²",
    "seed=",
    "seed=-1",
    "seed=1.5",
    "embeddings=maybe",
    "sede=1",
    "seed",
    "seed=1,",
    "seed=9999999999",
]


def cases(rng: Random, folder: Path) -> Iterator[Case]:
    made = Checkpoints(folder)

    def case(name: str, kind: str, damage, **judge) -> Case:
        own = made.copy(kind)
        damage(own)
        return Case("models", f"{kind}, {name}", lambda: loading.load(own), **judge(own))

    for name, (damage, named) in REFUSED.items():
        for kind in rng.sample([kind for kind in KINDS if named != "position" or kind not in RELATIVE], 2):
            own = made.copy(kind)
            damage(own)
            yield Case("models", f"{kind}, {name}", lambda own=own: loading.load(own), None, (own.name, named))
    for name, damage in RIGHT.items():
        for kind in rng.sample(KINDS, 2):
            own = made.copy(kind)
            damage(own)
            yield Case("models", f"{kind}, {name}", lambda own=own: loading.load(own), faithful(own))
    yield from _cased(made)
    for name in NAMES:
        own = made.copy("bert", name)
        yield Case("names", f"model {name}", lambda own=own: loading.load(str(own)).source.label, name.__eq__)
    for name in NO_NAMES:
        yield Case("names", f"model {name!r}", lambda name=name: loading.load(name), None, (name,))
    for option in NO_DRAWS:
        name = f"random:minilm-l6#{option}"
        yield Case("names", f"model {name!r}", lambda name=name: loading.load(name), None, (name,))
    for name in (None, 2024, True, ["minilm-l6"]):
        yield Case("names", f"model {name!r}", lambda name=name: loading.load(name), None, (repr(name),))
    own = made.copy("bert", "a\u0007b")
    yield Case("names", "an unprintable model", lambda: loading.load(str(own)), None, ("unprintable",))
    yield Case("names", "a file for a folder", lambda: loading.load(str(own / "config.json")), None, ("config.json",))


def _cased(made: Checkpoints) -> Iterator[Case]:
    """A cased tokenizer.json without tokenizer_config.json is not lower-cased."""
    own = made.copy("bert")
    described(
        "tokenizer.json",
        normalizer={
            "type": "BertNormalizer",
            "clean_text": True,
            "handle_chinese_chars": True,
            "strip_accents": None,
            "lowercase": False,
        },
    )(own)
    without("tokenizer_config.json")(own)
    yield Case("models", "cased, no tokenizer_config.json", lambda: loading.load(own), faithful(own))
    cut = lambda: ib.encode(loading.load(own), [["Author", "author"]]).ids[0].tolist()  # noqa: E731
    yield Case("models", "cased pieces", cut, lambda ids: ids[1] == 1 and ids[2] != 1)


def fuzzed(tally: Tally, folder: Path, count: int, number: int) -> None:
    """Checkpoints with a random change in one place."""
    made = Checkpoints(folder)

    @seed(number)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(damage=damages)
    def attempt(damage) -> None:
        own = made.copy(KINDS[made.made % len(KINDS)])
        try:
            damage(own)
        except (KeyError, FileNotFoundError):  # this kind has no such file or field to damage
            return
        verdict, said = judged(Case("", "", lambda: loading.load(own), faithful(own), (own.name,)))
        tally.add("fuzzed models", verdict, f"{own.parent.name}: {said}")

    attempt()
