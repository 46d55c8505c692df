"""A model is what its checkpoint says, or it is refused by name: configuration, weights and tokenizer."""

import copy
import json
import os
import shutil

import pytest
import torch
import transformers
from hypothesis import given, settings
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, pre_tokenizers
from transformers.utils import logging

from insidebert.errors import InputError
from insidebert.measure.attention_maps import attention_maps
from insidebert.models import checkpoint, loading, masked_lm
from insidebert.models.convert import convert
from insidebert.models.encoding import encode, hidden_states
from tests.conftest import KINDS, byte_tokenizer, save_checkpoint, wordpiece_tokenizer
from tests.strategies.checkpoints import damages

WORDS = [["the", "author", "laughs", ".", "x"], ["a", "b"]]


@pytest.fixture
def folder(tmp_path, tiny_folder):
    """A tiny BERT that a test may damage."""
    return shutil.copytree(tiny_folder("bert"), tmp_path / "model")


def change(path, **fields):
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def reweigh(folder, changed):
    """Write the weights anew, after `changed` has been at their dictionary."""
    weights = load_file(folder / "model.safetensors")
    changed(weights)
    save_file({k: v.contiguous() for k, v in weights.items()}, folder / "model.safetensors", {"format": "pt"})


def states(model, words=WORDS):
    encoded = encode(model, words, special=True)
    with torch.inference_mode():
        return [model.encoder(torch.from_numpy(ids)[None]).last_hidden_state for ids in encoded.ids]


# --- configuration ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"position_embedding_type": "relative_key_query"}, "position_embedding_type 'relative_key_query'.*not honour"),
        ({"pruned_heads": {"0": [1]}}, "pruned_heads"),
        ({"quantization_config": {"quant_method": "gptq"}}, "quantization_config"),
        ({"attn_implementation": "org/kernel"}, "attn_implementation 'org/kernel'"),
        ({"_attn_implementation": {"": "paged|sdpa"}}, "_attn_implementation"),
        ({"auto_map": {"AutoModel": "code.Evil"}}, "auto_map"),
        ({"use_kernels": True}, "use_kernels"),
        ({"rope_theta": 10000.0}, "rope_theta"),
        ({"transformers_weights": "other.safetensors"}, "transformers_weights"),
        ({"add_cross_attention": True}, "with add_cross_attention; the measurements need an encoder"),
        ({"model_type": ["bert"]}, "need an encoder"),
        ({"hidden_act": "gulu"}, "hidden_act 'gulu'; it takes an activation"),
        ({"num_attention_heads": 3}, "3 heads do not divide the width 8"),
        ({"num_attention_heads": 0}, "num_attention_heads '0'; it takes a number of at least 1"),
        ({"num_attention_heads": True}, "num_attention_heads 'True'"),
        ({"num_hidden_layers": 2}, "says 2 layers, the weights hold 3"),
        ({"num_hidden_layers": 10**9}, "says 1000000000 layers, the weights hold 3"),
        ({"hidden_size": "8"}, "hidden_size '8'"),
        ({"layer_norm_eps": float("nan")}, "layer_norm_eps 'nan'"),
        ({"hidden_dropout_prob": 3}, "hidden_dropout_prob '3'; it takes a number from 0 to 1"),
        ({"pad_token_id": 10**6}, "pad_token_id 1000000 is none of"),
        ({"max_position_embeddings": 100}, r"position_embeddings.weight is \[64, 8\] in the checkpoint and \[100, 8\]"),
        ({"intermediate_size": 17}, r"intermediate.dense.weight is \[16, 8\] in the checkpoint and \[17, 8\]"),
    ],
)
def test_a_configuration_that_is_not_the_encoders_is_refused(folder, fields, message):
    change(folder / "config.json", **fields)
    with pytest.raises(InputError, match=message):
        loading.resolve(folder)


@pytest.mark.parametrize(
    "fields",
    [
        {"position_embedding_type": "absolute", "pruned_heads": {}, "_attn_implementation": "eager"},
        {"return_dict": False, "output_hidden_states": True, "torchscript": True, "problem_type": "x", "num_labels": 1},
        {
            "pooler_num_attention_heads": 12,
            "output_attentions": True,
            "chunk_size_feed_forward": 1,
            "directionality": "bidi",
        },
    ],
)
def test_fields_that_change_nothing_change_nothing(folder, fields):
    whole = states(loading.load(folder))
    change(folder / "config.json", **fields)
    assert all(map(torch.equal, whole, states(loading.load(folder))))


@pytest.mark.parametrize("content", [b"[]", b"null", b"\xff\xfe{", b"[" * 100_000, b'{"model_type":', b"3"])
@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json", "tokenizer.json"])
def test_a_file_that_holds_no_object_is_named(folder, name, content):
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=name.partition(".")[0] if name != "tokenizer.json" else "tokenizer"):
        loading.resolve(folder)


def test_heads_that_are_not_said_are_not_guessed(folder):
    described = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({k: v for k, v in described.items() if k != "num_attention_heads"}))
    with pytest.raises(InputError, match="does not say num_attention_heads"):
        loading.resolve(folder)


def test_two_names_of_one_field_must_agree(tmp_path, tiny_folder):
    folder = shutil.copytree(tiny_folder("distilbert"), tmp_path / "model")
    change(folder / "config.json", num_attention_heads=4)
    with pytest.raises(InputError, match="num_attention_heads 4 and n_heads otherwise"):
        loading.resolve(folder)


def test_code_beside_a_checkpoint_is_never_run(folder, tmp_path):
    (folder / "code.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: pass\n")
    plain = (folder / "config.json").read_text()
    change(folder / "config.json", auto_map={"AutoModel": "code.Evil", "AutoConfig": "code.Evil"})
    with pytest.raises(InputError, match="auto_map"):
        loading.load(folder)
    (folder / "config.json").write_text(plain)
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": ["code.Evil", None]})
    with pytest.raises(InputError, match="auto_map"):
        loading.load(folder)
    assert not (tmp_path / "ran").exists()


# --- weights ---------------------------------------------------------------------------------------------------------

DENSE = "encoder.layer.1.output.dense.weight"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda w: w.update({DENSE: w[DENSE][:, :-1]}), rf"{DENSE} is \[8, 15\] in the checkpoint and \[8, 16\]"),
        (lambda w: w[DENSE].fill_(float("nan")), f"{DENSE} has values that are NaN"),
        (lambda w: w[DENSE][0].fill_(-float("inf")), f"{DENSE} has values that are NaN or infinite"),
        (lambda w: w.update({DENSE: w[DENSE].to(torch.int8)}), f"{DENSE} is stored as I8"),
        (lambda w: w.update({"encoder.layer.0.attention.self.distance_embedding.weight": torch.ones(127, 4)}),
         r"1 weights would be ignored \(encoder.layer.0.attention.self.distance_embedding"),
        (lambda w: w.update({"encoder.layer.0.lora_A.weight": torch.ones(2)}), "would be ignored"),
        (lambda w: w.update({"other.encoder.weight": torch.ones(2)}), r"would be ignored \(other"),
        (lambda w: w.update({f"bert.{DENSE}": w[DENSE].clone()}), "is there twice"),
        (lambda w: w.pop("embeddings.LayerNorm.bias"), r"lacks 1 of the encoder's weights \(embeddings.LayerNorm.bias"),
    ],
)  # fmt: skip
def test_weights_that_are_not_the_encoders_are_named(folder, changed, message):
    reweigh(folder, changed)
    with pytest.raises(InputError, match=message):
        loading.resolve(folder)


def test_values_that_are_large_are_not_infinite(folder):
    reweigh(folder, lambda w: w[DENSE].fill_(3e38))
    model = loading.load(folder)
    assert model.encoder.encoder.layer[1].output.dense.weight.max() == torch.tensor(3e38)
    for measured in (hidden_states, attention_maps):
        with pytest.raises(InputError, match=r"model computes hidden states that are NaN, infinite"):
            measured(model, WORDS[0] if measured is attention_maps else WORDS)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_number_types_run_in_float32(folder, kind):
    reweigh(folder, lambda w: w.update({name: weight.to(kind) for name, weight in w.items()}))
    change(folder / "config.json", dtype=str(kind).removeprefix("torch."))
    model = loading.load(folder)
    assert model.source.stored == str(kind).removeprefix("torch.") == model.source.identity["stored"]
    assert {weight.dtype for weight in model.encoder.state_dict().values()} == {torch.float32}
    expected = load_file(folder / "model.safetensors")[DENSE].float()
    assert torch.equal(model.encoder.state_dict()[DENSE], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_head_is_left_out_by_name_and_loads_with_it(tmp_path, tiny_folder, kind):
    encoder = loading.load(tiny_folder(kind)).encoder
    whole = checkpoint.headed_class(encoder.config, "MaskedLM")(encoder.config)
    whole.save_pretrained(tmp_path)
    for path in tiny_folder(kind).glob("tokenizer*"):
        shutil.copy(path, tmp_path)
    source = loading.resolve(tmp_path)
    assert source.heads
    again, missing = loading.load_with_head(source, "MaskedLM")
    assert not missing and not again.training
    assert all(torch.equal(again.state_dict()[name], weight) for name, weight in whole.state_dict().items())


def test_the_advice_for_a_missing_head_names_the_models_place(folder):
    with pytest.raises(InputError, match=f"--model {folder} corpus"):
        masked_lm.load_mlm_head(loading.load(folder))


def test_shards_are_one_checkpoint(folder):
    whole = loading.load(folder)
    whole.encoder.save_pretrained(folder.with_name("shards"), max_shard_size="2KB")
    shards = folder.with_name("shards")
    for path in folder.glob("tokenizer*"):
        shutil.copy(path, shards)
    assert len(list(shards.glob("model-*.safetensors"))) > 2
    assert all(map(torch.equal, states(whole), states(loading.load(shards))))
    index = json.loads((shards / "model.safetensors.index.json").read_text())
    name, file = next(iter(index["weight_map"].items()))
    for wrong in ("../model/model.safetensors", "nothing.safetensors", 3):
        change(shards / "model.safetensors.index.json", weight_map=index["weight_map"] | {name: wrong})
        with pytest.raises(InputError, match=r"index.json names"):
            loading.resolve(shards)
    other = next(other for other in index["weight_map"].values() if other != file)
    change(shards / "model.safetensors.index.json", weight_map=index["weight_map"] | {name: other})
    with pytest.raises(InputError, match=f"weight {name} is not in {other}"):
        loading.resolve(shards)


def test_bin_weights_are_converted_by_the_command_that_the_refusal_names(folder):
    whole, new = loading.load(folder), folder.with_name("new")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match=f"`python -m insidebert.models.convert {folder} NEW_FOLDER`"):
        loading.resolve(folder)
    convert(folder, new)
    assert all(map(torch.equal, states(whole), states(loading.load(new))))
    assert sorted(path.name for path in folder.parent.iterdir()) == ["model", "new"]
    with pytest.raises(InputError, match="exists already"):
        convert(folder, new)


class Evil:
    def __reduce__(self):
        return os.mkdir, (self.place,)


def test_a_pickle_that_runs_code_is_not_run(folder, tmp_path):
    evil = Evil()
    evil.place = str(tmp_path / "ran")
    torch.save({"encoder": evil}, folder / "pytorch_model.bin")
    for content in (None, b"", b"rubbish"):
        if content is not None:
            (folder / "pytorch_model.bin").write_bytes(content)
        with pytest.raises(InputError, match="more than weights or is damaged"):
            convert(folder, tmp_path / "new")
    torch.save([1, 2], folder / "pytorch_model.bin")
    with pytest.raises(InputError, match="weights by name"):
        convert(folder, tmp_path / "new")
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


# --- tokenizer -------------------------------------------------------------------------------------------------------


def vocabulary_alone(folder, pieces=(), **stated):
    """Only a vocab.txt in the folder, and what is stated about it."""
    own = wordpiece_tokenizer().get_vocab()
    pieces = [*sorted(own, key=own.get)[: len(own) - len(pieces)], *pieces]
    for path in folder.glob("tokenizer*"):
        path.unlink()
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    if stated:
        (folder / "tokenizer_config.json").write_text(json.dumps(stated))


def test_no_tokenizer_is_made_up(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()
    with pytest.raises(InputError, match=r"has no tokenizer \(tokenizer.json, vocab.txt"):
        loading.resolve(folder)


@pytest.mark.parametrize("named", [True, False])
def test_the_pieces_are_those_of_tokenizer_json(folder, named):
    own = json.loads((folder / "tokenizer.json").read_text())
    own["normalizer"]["lowercase"] = False
    (folder / "tokenizer.json").write_text(json.dumps(own))
    (folder / "tokenizer_config.json").unlink()
    if named:
        (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "BertTokenizer"}')
    cut = loading.load(folder).tokenizer
    for text in ("the Author laughs", "A b. c", "éa 中"):
        assert cut(text)["input_ids"] == Tokenizer.from_file(str(folder / "tokenizer.json")).encode(text).ids
    assert cut.tokenize("The x") == ["[UNK]", "x"]


def test_casing_that_two_files_contradict_is_refused(folder):
    change(folder / "tokenizer_config.json", tokenizer_class="BertTokenizer", do_lower_case=False)
    with pytest.raises(InputError, match=r"says do_lower_case False, tokenizer.json does the opposite"):
        loading.resolve(folder)


def test_a_vocabulary_alone_is_read_as_it_says(folder):
    vocabulary_alone(folder)
    assert loading.load(folder).tokenizer.tokenize("The x") == ["the", "x"]
    vocabulary_alone(folder, pieces=["Author"])
    with pytest.raises(InputError, match=r"capital letters \('Author'\).*do_lower_case"):
        loading.resolve(folder)
    vocabulary_alone(folder, pieces=["Author"], do_lower_case=False)
    assert loading.load(folder).tokenizer.tokenize("the Author") == ["the", "Author"]
    vocabulary_alone(folder, pieces=["Author"], do_lower_case=True)
    assert loading.load(folder).tokenizer.tokenize("The x")[0] == "the"
    assert loading.load(folder).tokenizer("x", "a").tokens() == ["[CLS]", "x", "[SEP]", "a", "[SEP]"]


@pytest.mark.parametrize(
    "name", ["BertJapaneseTokenizer", "PhobertTokenizer", "BertweetTokenizer", "SomebodysTokenizer", 3]
)
def test_a_tokenizer_in_python_is_refused(folder, name):
    change(folder / "tokenizer_config.json", tokenizer_class=name)
    with pytest.raises(InputError, match=f"{name} is written in Python.*fast tokenizer"):
        loading.resolve(folder)


def test_every_piece_has_an_embedding(folder):
    tokenizer = wordpiece_tokenizer()
    tokenizer.add_tokens(["girl#", "cats#"])
    tokenizer.save_pretrained(folder)
    with pytest.raises(InputError, match=r"2 pieces more than the \d+ embeddings \('girl#' is number"):
        loading.resolve(folder)
    tokenizer = wordpiece_tokenizer()
    change(folder / "tokenizer_config.json", added_tokens_decoder={str(len(tokenizer)): {"content": "girl#"}})
    tokenizer.backend_tokenizer.save(str(folder / "tokenizer.json"))
    with pytest.raises(InputError, match="disagree about piece 'girl#'"):
        loading.resolve(folder)


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"cls_token": "[START]"}, r"no cls piece \(\[START\] is not in the vocabulary"),
        ({"mask_token": "[PAD]"}, "two special pieces"),
        ({"sep_token": {"content": "the"}}, "does not put"),
    ],
)
def test_special_pieces_are_there(folder, stated, message):
    change(folder / "tokenizer_config.json", **stated)
    with pytest.raises(InputError, match=message):
        loading.resolve(folder)


def test_sentences_without_their_special_pieces_are_refused(folder):
    change(folder / "tokenizer.json", post_processor=None)
    with pytest.raises(InputError, match=r"does not put \[CLS\] and \[SEP\] round a sentence"):
        loading.resolve(folder)


def test_vocabularies_that_disagree_are_refused(folder):
    own = wordpiece_tokenizer().get_vocab()
    pieces = sorted(own, key=own.get)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n")
    assert loading.resolve(folder).label == "model"
    (folder / "vocab.txt").write_text("\n".join([*pieces[:-2], pieces[-1], pieces[-2]]) + "\n")
    with pytest.raises(InputError, match="disagree about piece"):
        loading.resolve(folder)


def test_padding_from_which_positions_are_counted_is_the_tokenizers(tmp_path, tiny_folder):
    folder = shutil.copytree(tiny_folder("roberta"), tmp_path / "model")
    change(folder / "config.json", pad_token_id=3)
    with pytest.raises(InputError, match=r"pads with piece 1, config.json says pad_token_id 3"):
        loading.resolve(folder)


@pytest.mark.parametrize("prefix", [True, False])
def test_words_are_cut_as_in_a_running_text(tmp_path, prefix):
    tokenizer = byte_tokenizer()
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    save_checkpoint(tmp_path, "roberta", tokenizer=tokenizer)
    model = loading.load(tmp_path)
    encoded = encode(model, [["ab", "c", "d"]], special=True)
    assert encoded.ids[0].tolist() == model.tokenizer("ab c d")["input_ids"]
    assert (model.tokenizer.tokenize("ab")[0] == "Ġ") is prefix
    assert sorted(set(encoded.words[0].tolist())) == [-1, 0, 1, 2]


def test_special_pieces_in_a_text_are_text(tiny):
    assert encode(tiny, [["x", "[SEP]", "[CLS]"]], special=True).ids[0].tolist().count(tiny.tokenizer.sep_token_id) == 1
    assert tiny.tokenizer("x [SEP] [MASK]")["input_ids"].count(tiny.tokenizer.mask_token_id) == 0


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["1000", "001", "1e5", "nan", "null", "True", "a@b", "a#b", "a@b#c", "r"])
def test_a_folder_is_called_by_its_name(tmp_path, tiny_folder, monkeypatch, name):
    shutil.copytree(tiny_folder("bert"), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    for written in (name, f"./{name}", str(tmp_path / name), loading.absolute(name)):
        assert loading.resolve(written).label == name
    twin = loading.resolve(f"random:{name}")
    assert (twin.label, twin.weights, twin.folder) == (name, "random", tmp_path / name)
    assert loading.absolute(f"random:{name}") == f"random:{tmp_path / name}"
    seeded = loading.resolve(loading.absolute(f"random:{name}#seed=2,embeddings=new"))
    assert (seeded.label, seeded.seed, seeded.keep_embeddings) == (name, 2, False)
    assert loading.resolve(seeded.name).folder == tmp_path / name


def test_a_folder_of_the_hubs_cache_is_called_by_its_id(tmp_path, tiny_folder):
    place = tmp_path / "models--org--tiny-model" / "snapshots" / ("0123abcdef" * 4)
    shutil.copytree(tiny_folder("bert"), place)
    source = loading.resolve(str(place))
    assert (source.label, source.revision) == ("org/tiny-model", "0123abcdef" * 4)


@pytest.mark.parametrize("name", [1000, None, True, ["a"]])
def test_a_name_is_text(name):
    with pytest.raises(InputError, match=r"is not text.*quotes"):
        loading.load(name)


@pytest.mark.parametrize("name", ["", "x#", "x@", "random:", "~nobody/x", "a\0b", "/" + "x" * 5000, "random:m#seed=²"])
def test_odd_names_are_refused(name):
    with pytest.raises(InputError):
        loading.resolve(name)


def test_a_name_that_cannot_be_printed_is_refused(tmp_path, tiny_folder):
    shutil.copytree(tiny_folder("bert"), tmp_path / "a\nb")
    with pytest.raises(InputError, match=r"a\\nb has an unprintable name"):
        loading.resolve(tmp_path / "a\nb")


# --- in memory, and what belongs to the caller -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrapped_model_is_the_loaded_one(tiny_folder, kind):
    loaded = loading.load(tiny_folder(kind))
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_folder(kind))
    wrapped = loading.wrap(loaded.encoder, tokenizer)
    assert all(map(torch.equal, states(loaded), states(wrapped)))
    twin = loading.random_twin(wrapped, seed=4)
    assert all(map(torch.equal, states(twin), states(loading.load(f"random:{tiny_folder(kind)}#seed=4"))))
    assert twin.source.identity == wrapped.source.identity | {"weights": "random", "seed": 4}


def test_wrapping_leaves_the_callers_things_alone(tiny, tiny_folder):
    encoder = copy.deepcopy(tiny.encoder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(tiny_folder("bert"))
    tokenizer.backend_tokenizer.enable_truncation(5)
    before = tokenizer.backend_tokenizer.to_str(), encoder.config.to_dict(), dict(vars(encoder))
    torch.manual_seed(1)
    state = torch.get_rng_state()
    model = loading.wrap(encoder, tokenizer)
    loading.random_twin(model)
    encode(model, WORDS, special=True)
    assert (tokenizer.backend_tokenizer.to_str(), encoder.config.to_dict(), dict(vars(encoder))) == before
    assert tokenizer("x [SEP]")["input_ids"].count(tokenizer.sep_token_id) == 2
    assert torch.equal(torch.get_rng_state(), state)


def test_a_head_in_memory_is_looked_through(tiny):
    whole = transformers.BertForMaskedLM(tiny.encoder.config).eval()
    model = loading.wrap(whole, tiny.tokenizer, name=1000)
    assert model.encoder is whole.bert
    assert model.source.label == "1000"
    with pytest.raises(InputError, match="in memory; save_pretrained"):
        masked_lm.load_mlm_head(model)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (lambda e: e.half(), r"torch.float16.*encoder.float\(\)"),
        (lambda e: e.to("meta"), "meta"),
        (lambda e: setattr(e.encoder, "layer", e.encoder.layer[:2]), "says 3 layers, the weights hold 2"),
        (lambda e: e.embeddings.word_embeddings.weight.data.fill_(float("nan")), "word_embeddings.weight has values"),
        (lambda e: e.resize_token_embeddings(7), "pieces more than the 7 embeddings"),
        (lambda e: e.encoder.layer[0].register_module("lora", torch.nn.Linear(2, 2)), "would be ignored"),
        (lambda e: setattr(e.config, "is_decoder", True), "need an encoder"),
        (lambda e: setattr(e.config, "_attn_implementation", "org/kernel"), "runs as org/kernel"),
    ],
)
def test_a_model_in_memory_passes_the_same_door(tiny, changed, message):
    encoder = copy.deepcopy(tiny.encoder)
    changed(encoder)
    with pytest.raises(InputError, match=message):
        loading.wrap(encoder, tiny.tokenizer, name="mine")


def test_things_that_are_no_encoder_are_not_wrapped(tiny):
    with pytest.raises(InputError, match="Linear is none of transformers' own encoders"):
        loading.wrap(torch.nn.Linear(2, 2), tiny.tokenizer)
    with pytest.raises(InputError, match="str is no fast tokenizer"):
        loading.wrap(tiny.encoder, "tokenizer")


@pytest.mark.parametrize("bars", [True, False])
def test_loading_leaves_logging_as_it_was(tiny_folder, capsys, bars):
    verbosity, shown = logging.get_verbosity(), logging.is_progress_bar_enabled()
    try:
        logging.set_verbosity_info()
        (logging.enable_progress_bar if bars else logging.disable_progress_bar)()
        loading.load(tiny_folder("bert"))
        assert logging.get_verbosity() == logging.INFO
        assert logging.is_progress_bar_enabled() == bars
    finally:
        logging.set_verbosity(verbosity)
        (logging.enable_progress_bar if shown else logging.disable_progress_bar)()
    assert capsys.readouterr() == ("", "")


def test_files_are_read_anew_when_they_change(folder):
    before = loading.resolve(folder)
    reweigh(folder, lambda w: w[DENSE].fill_(0.5))
    after = loading.resolve(folder)
    assert before.sha256 != after.sha256
    assert loading.load(after).encoder.state_dict()[DENSE].unique().tolist() == [0.5]


# --- anything --------------------------------------------------------------------------------------------------------


@settings(max_examples=settings.default.max_examples // 2)
@given(damage=damages)
def test_a_damaged_checkpoint_is_right_or_refused(tmp_path_factory, tiny_folder, damage):
    """Whatever is changed in one place: a model with the weights and pieces of its files, or an InputError."""
    folder = shutil.copytree(tiny_folder("bert"), tmp_path_factory.mktemp("damaged") / "model")
    damage(folder)
    try:
        model = loading.load(folder)
    except InputError as error:
        assert "\n" not in str(error)
        assert len(str(error)) < 700
        return
    stored = load_file(folder / "model.safetensors")
    for name, weight in model.encoder.state_dict().items():
        assert torch.equal(weight, stored[name].float())
    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    backend.encode_special_tokens = True
    backend.no_truncation()
    backend.no_padding()
    for text in ("the Author laughs .", "[SEP] é"):
        assert model.tokenizer(text)["input_ids"] == backend.encode(text).ids
    assert [state.shape[-1] for state in states(model)] == [8, 8]  # large values may overflow, as the file says
