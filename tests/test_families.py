"""Families of encoders: the page that lists them, what is refused and why."""

import json
import re
import shutil
from pathlib import Path

import pytest
import torch

from insidebert.errors import InputError
from insidebert.models import loading
from insidebert.models.attention import run_with_attention
from insidebert.models.configuration import configuration
from insidebert.models.encoding import batches
from insidebert.models.families import FAMILIES, OTHERS, layers_of
from insidebert.models.segments import encode_pairs
from tests.conftest import attentions

BOOK = Path(__file__).resolve().parents[1] / "book"


def tables(page: str) -> list[list[list[str]]]:
    """The tables of a page: rows of cells, without their heads."""
    found = re.findall(r"(?:^\|.*\n?)+", (BOOK / page).read_text(encoding="utf-8"), re.MULTILINE)
    return [[[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]] for table in found]


@pytest.mark.parametrize(("page", "by_hand"), [("families.md", "own maps"), ("families.zh.md", "自己的图")])
def test_the_page_lists_the_families_of_the_code(page, by_hand):
    measured, refused = tables(page)
    assert [row[0].strip("`") for row in measured] == list(FAMILIES)
    assert {row[0].strip("`"): by_hand in row[2] for row in measured} == {
        kind: bool(family.by_hand) for kind, family in FAMILIES.items()
    }
    assert {row[0].strip("`") for row in refused} == OTHERS.keys()


def test_the_page_gives_the_reasons_of_the_code():
    assert {row[0].strip("`"): row[1] for row in tables("families.md")[1]} == OTHERS


@pytest.mark.parametrize("kind", sorted(OTHERS))
def test_what_cannot_be_measured_is_refused_with_its_reason(tmp_path, kind):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": kind}))
    with pytest.raises(InputError, match=rf"holds a '{kind}' model, which {re.escape(OTHERS[kind])}; the meas.*mpnet"):
        loading.resolve(tmp_path)


@pytest.mark.parametrize(
    ("kind", "fields", "message"),
    [
        ("albert", {"inner_group_num": 2}, "inner_group_num '2'; albert can only be measured with 1"),
        ("deberta", {"talking_head": True}, "talking_head 'True'; deberta can only be measured with False"),
        ("deberta-v2", {"attention_head_size": 16}, "attention_head_size '16'"),
        ("mpnet", {"relative_attention_num_buckets": 64}, "relative_attention_num_buckets '64'.*measured with 32"),
        ("mpnet", {"pad_token_id": 0}, "pad_token_id '0'; mpnet can only be measured with 1"),
        ("xlm-roberta", {"pad_token_id": None}, "no pad_token_id, from which xlm-roberta counts positions"),
        ("modernbert", {"layer_types": ["full_attention"]}, "config.json cannot be used|lacks|layer"),
        ("albert", {"num_hidden_groups": 2}, "says 3 layers, the weights hold 1"),
    ],
)
def test_what_a_familys_code_would_not_follow_is_refused(tmp_path, tiny_folder, kind, fields, message):
    folder = shutil.copytree(tiny_folder(kind), tmp_path / "model")
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(described | fields))
    with pytest.raises(InputError, match=message):
        loading.resolve(folder)


PUBLISHED = {
    "albert": {
        "down_scale_factor": 1,
        "gap_size": 0,
        "inner_group_num": 1,
        "layers_to_keep": [],
        "net_structure_type": 0,
    },
    "xlm-roberta": {"output_past": True, "position_embedding_type": "absolute"},
    "deberta": {"pos_att_type": "c2p|p2c", "max_relative_positions": -1, "padding_idx": 0, "type_vocab_size": 0},
    "deberta-v2": {
        **{"share_att_key": True, "pos_att_type": "p2c|c2p", "position_buckets": 256, "norm_rel_ebd": "layer_norm"},
        **{"max_relative_positions": -1, "position_biased_input": False, "pooler_hidden_act": "gelu"},
    },
    "modernbert": {
        **{"global_attn_every_n_layers": 3, "global_rope_theta": 160000.0, "local_rope_theta": 10000.0},
        **{"local_attention": 128, "position_embedding_type": "absolute", "reference_compile": True},
    },
}
"""Fields that published checkpoints of a family are known to state."""


@pytest.mark.parametrize("kind", PUBLISHED)
def test_what_published_checkpoints_state_is_honoured(kind):
    config = configuration(
        {"model_type": kind, "num_attention_heads": 12, "hidden_size": 768, **PUBLISHED[kind]}, "here"
    )
    for field, value in PUBLISHED[kind].items():
        if field in FAMILIES[kind].honoured and hasattr(config, field):
            assert getattr(config, field) == value
    if kind == "modernbert":
        assert config.layer_types[:4] == ["full_attention", "sliding_attention", "sliding_attention", "full_attention"]
        assert config.rope_parameters["sliding_attention"]["rope_theta"] == 10000.0
    if kind.startswith("deberta"):
        assert set(config.pos_att_type) == {"c2p", "p2c"}


def look(layer):
    return layer.index, layer.maps


def hooks(encoder) -> int:
    """How many there are; transformers hangs up some of its own."""
    return sum(len(module._forward_hooks) for module in encoder.modules())


def test_segments_are_measured_as_the_library_computes_them(any_tiny):
    """Two paragraphs, one pair padded, with the family's separators and segment ids; nothing stays on the encoder."""
    encoded = encode_pairs(any_tiny, [("the cat can sleep.", "birds sing."), ("a.", "the dog.")], longest=64)
    (batch,) = batches(any_tiny, encoded)
    doubled = any_tiny.tokenizer("a", "b")["input_ids"].count(any_tiny.tokenizer.sep_token_id) == 3
    kind = any_tiny.encoder.config.model_type
    assert doubled == FAMILIES[kind].from_padding or kind in ("deberta", "modernbert")
    with torch.inference_mode():
        expected = attentions(any_tiny.encoder, **batch.inputs)
        plain = any_tiny.encoder(**batch.inputs).last_hidden_state
        before = hooks(any_tiny.encoder)
        looked_at, output = run_with_attention(any_tiny.encoder, look, **batch.inputs)
    real = batch.mask.bool()
    torch.testing.assert_close(output.last_hidden_state[real], plain[real], atol=1e-4, rtol=1e-4)
    assert [index for index, _ in looked_at] == list(range(any_tiny.layers)) and len(expected) == any_tiny.layers
    for (_, maps), own in zip(looked_at, expected, strict=True):
        torch.testing.assert_close(maps.transpose(1, 2)[real], own.transpose(1, 2)[real], atol=1e-5, rtol=1e-5)
    assert hooks(any_tiny.encoder) == before


def test_a_callback_that_fails_leaves_no_hook(tiny_folder):
    model = loading.load(tiny_folder("mpnet"))

    def fail(layer):
        raise ValueError("enough")

    with pytest.raises(ValueError, match="enough"):
        run_with_attention(model.encoder, fail, input_ids=torch.tensor([[0, 5, 2]]))
    assert not hooks(model.encoder)


def test_shared_layers_come_as_often_as_they_run(tiny_folder):
    albert = loading.load(tiny_folder("albert")).encoder
    assert len(layers_of(albert)) == 3 and len(set(layers_of(albert))) == 1
    bert = loading.load(tiny_folder("bert")).encoder
    assert layers_of(bert) == list(bert.encoder.layer)
