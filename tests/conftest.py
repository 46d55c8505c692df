"""Tiny models of every supported shape, saved as checkpoint folders; where the shared data sets are."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TQDM_DISABLE"] = "1"

import pytest
import torch
import transformers
from hypothesis import settings
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers import models as tokenizer_models

from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.models.families import FAMILIES
from insidebert.papers.open_sesame.sentences import grammar

KINDS = tuple(FAMILIES)
BYTES = ("roberta", "deberta", "modernbert")
"""Kinds whose tiny checkpoint has a byte-level tokenizer."""
SENTINELS = ("xlm-roberta", "camembert", "mpnet")
"""Kinds whose tiny checkpoint has <s>, </s> and word pieces, with two separators between segments."""
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

settings.register_profile("quick", max_examples=15, deadline=None, database=None, derandomize=True)
settings.register_profile("campaign", max_examples=400, deadline=None, database=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("notebook") is None)  # the longest first, so none waits alone
    for item in items:
        if "shared" in item.fixturenames:
            item.add_marker(pytest.mark.skipif(not SHARED.is_dir(), reason=f"no shared data sets at {SHARED}"))


@pytest.fixture
def shared() -> Path:
    return SHARED


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory):
    """Function: kind -> folder of a 3-layer, 2-head, 8-wide random checkpoint."""
    made = {}

    def folder(kind: str) -> Path:
        if kind not in made:
            made[kind] = tmp_path_factory.mktemp(kind)
            save_checkpoint(made[kind], kind)
        return made[kind]

    return folder


@pytest.fixture(scope="session", params=KINDS)
def any_tiny(request, tiny_folder) -> loading.Model:
    """A tiny model of each kind in turn."""
    return loading.load(loading.resolve(str(tiny_folder(request.param))))


@pytest.fixture(scope="session")
def tiny(tiny_folder) -> loading.Model:
    """A tiny BERT."""
    return loading.load(loading.resolve(str(tiny_folder("bert"))))


def save_checkpoint(folder: Path, kind: str, layers: int = 3, width: int = 8, heads: int = 2, tokenizer=None) -> None:
    """A random checkpoint; its tokenizer, if none is given, splits unknown words into letters."""
    tokenizer = tokenizer or (byte_tokenizer() if kind in BYTES else wordpiece_tokenizer(kind in SENTINELS))
    sizes = {"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id, "initializer_range": 0.5}
    general = {"hidden_size": width, "num_hidden_layers": layers, "num_attention_heads": heads}
    general |= {"intermediate_size": 2 * width, "max_position_embeddings": 64 + 2 * FAMILIES[kind].from_padding}
    names = {"hidden_size": "dim", "num_hidden_layers": "n_layers", "num_attention_heads": "n_heads"}
    names |= {"intermediate_size": "hidden_dim"}
    relative = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "max_relative_positions": 8}
    own = {
        "mpnet": {},
        "distilbert": {},
        "electra": {"type_vocab_size": 2, "embedding_size": width // 2},
        "albert": {"type_vocab_size": 2, "embedding_size": width // 2},
        "deberta": relative,
        "deberta-v2": relative
        | {"position_buckets": 4, "norm_rel_ebd": "layer_norm", "share_att_key": True, "position_biased_input": False}
        | {"conv_kernel_size": 3, "conv_act": "gelu"},
        "modernbert": {"local_attention": 8},
    }.get(kind, {"type_vocab_size": 2})
    if kind == "distilbert":
        general = {names.get(field, field): value for field, value in general.items()}
    torch.manual_seed(len(kind) + layers)
    config = transformers.AutoConfig.for_model(kind, **sizes, **general, **own)
    encoder = transformers.AutoModel.from_config(config)
    encoder.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def embedded(name: str) -> loading.Model:
    """An embedded model; where it is not installed, the test is skipped with the command that installs it."""
    try:
        return loading.load(name)
    except InputError as error:
        pytest.skip(str(error))


def attentions(encoder: transformers.PreTrainedModel, **inputs) -> tuple[torch.Tensor, ...]:
    """What the library itself calls a model's attention: per layer, [B, heads, T, T]."""
    before = encoder.config._attn_implementation
    encoder.set_attn_implementation("eager")
    found = encoder(**inputs, output_attentions=True).attentions
    encoder.set_attn_implementation(before)
    return found


def wordpiece_tokenizer(sentinels: bool = False) -> transformers.PreTrainedTokenizerFast:
    words = sorted(
        {w for rules in grammar("agreement").rules.values() for _, items in rules for w, _ in items if w.islower()}
    )
    letters = "abcdefghijklmnopqrstuvwxyz'.,"
    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
    if sentinels:
        names = {"cls": "<s>", "pad": "<pad>", "sep": "</s>", "unk": "[UNK]", "mask": "<mask>"}
    vocabulary = [*names.values(), *letters, *(f"##{c}" for c in letters), *words]
    vocabulary = {piece: i for i, piece in enumerate(dict.fromkeys(vocabulary))}
    tokenizer = Tokenizer(tokenizer_models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    cls, sep = names["cls"], names["sep"]
    second = f"{sep} $B {sep}" if sentinels else f"$B:1 {sep}:1"
    ends = [(piece, vocabulary[piece]) for piece in (cls, sep)]
    tokenizer.post_processor = processors.TemplateProcessing(f"{cls} $A {sep}", f"{cls} $A {sep} {second}", ends)
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{role}_token": piece for role, piece in names.items()}
    )


def byte_tokenizer() -> transformers.PreTrainedTokenizerFast:
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {piece: i for i, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", *alphabet])}
    tokenizer = Tokenizer(tokenizer_models.BPE(vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    names = {"bos": "<s>", "cls": "<s>", "eos": "</s>", "sep": "</s>", "pad": "<pad>", "unk": "<unk>", "mask": "<mask>"}
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, **{f"{role}_token": piece for role, piece in names.items()}
    )


@pytest.fixture
def sample() -> Path:
    """Small files of our own, in the formats that the readers read."""
    return Path(__file__).parent / "data"


@pytest.fixture
def reports() -> Path:
    """Files of other people that were once misread; they lie beside the checkout, and not everywhere."""
    folder = SHARED.parent / "reports"
    if not folder.is_dir():
        pytest.skip(f"no reports at {folder}")
    return folder


@pytest.fixture(scope="session")
def wheel_site(tmp_path_factory) -> Path:
    """A folder like site-packages with what a wheel of this checkout holds."""
    root, place = Path(__file__).resolve().parents[1], tmp_path_factory.mktemp("wheel")
    source = place / "source"  # setuptools would put what an earlier build left in the checkout into the wheel
    shutil.copytree(root / "src", source / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(root / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([*build, str(place / "wheels"), str(source)], check=True, capture_output=True)
    (wheel,) = (place / "wheels").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "site")
    return place / "site"
