"""Segments, surface statistics, distances of heads, gradients at the attention, shipped language-model heads."""

import json

import numpy as np
import pytest
import torch
from scipy.spatial.distance import jensenshannon
from torch.nn.functional import cross_entropy

from insidebert.errors import InputError
from insidebert.measure import attention_gradients
from insidebert.measure.head_distances import SMOOTHING, head_distances, jensen_shannon
from insidebert.measure.surface import STATISTICS, _sums_of_rows, segment_statistics
from insidebert.models import loading, masked_lm
from insidebert.models.attention import reducible, run_with_attention
from insidebert.models.encoding import batches, encode
from insidebert.models.segments import CLASSES, encode_pairs, paragraph_pairs, token_classes
from insidebert.papers.look_at.no_op import _behaviour
from insidebert.results.paths import Paths
from tests.conftest import KINDS, attentions, embedded

PAIRS = [("the cat can sleep, the dogs do.", "birds sing."), ("a.", "the horse will wait.")]


def eager_maps(model, encoded, row):
    """[layers, heads, T, T] of one segment alone."""
    types = {} if encoded.types is None else {"token_type_ids": torch.from_numpy(encoded.types[row])[None]}
    ids = torch.from_numpy(encoded.ids[row])[None]
    with torch.inference_mode():
        maps = attentions(model.encoder, input_ids=ids, attention_mask=torch.ones_like(ids), **types)
    return torch.cat(maps).numpy()


def values_of(model, encoded, row):
    """[layers, heads, T, d] values and [layers, heads, d, width] output maps of one segment alone."""
    kept = []
    with torch.inference_mode(), reducible(model.encoder):
        (batch,) = batches(model, encoded.select([row]))
        run_with_attention(model.encoder, lambda layer: kept.append(layer.value[0]), **batch.inputs)
    return torch.stack(kept)


def literal_statistics(maps, values, projections, kinds):
    """The definitions, a query at a time, for one head; maps [T, T], values [T, d], projections [d, width]."""
    n = len(maps)
    classes = {name: [j for j in range(n) if CLASSES[kinds[j]] == name] for name in CLASSES}
    norms = [float(np.linalg.norm(value @ projections)) for value in values]
    smooth = 0.9999 * maps.astype(float) + 0.0001 / n
    entropy = [-sum(p * np.log(p) for p in row) for row in smooth]
    rest = [i for i in range(n) if i not in classes["[SEP]"]]

    def to(name, queries):
        return np.mean([sum(maps[i, j] for j in classes[name]) for i in queries])

    def norm_to(name):
        moved = maps * np.array(norms)
        return np.mean([sum(moved[i, j] for j in classes[name]) / sum(moved[i, j] for j in range(n)) for i in range(n)])

    return {
        "to self": np.mean([maps[i, i] for i in range(n)]),
        "to next": np.mean([maps[i, i + 1] for i in range(n - 1)]),
        "to previous": np.mean([maps[i, i - 1] for i in range(1, n)]),
        **{f"to {name}": to(name, range(n)) for name in CLASSES[:3]},
        "[SEP] to [SEP]": to("[SEP]", classes["[SEP]"]),
        "other to [SEP]": to("[SEP]", rest),
        "entropy": np.mean(entropy),
        "entropy from [CLS]": entropy[classes["[CLS]"][0]],
        **{f"norm to {name}": norm_to(name) for name in CLASSES[:3]},
        "largest share": np.mean([max(row) for row in maps]),
    }


def check_statistics(model, pairs):
    from insidebert.models.attention import output_projections

    encoded = encode_pairs(model, pairs, longest=64)
    classes = token_classes(model, encoded)
    found = segment_statistics(model, encoded, classes)
    for row in range(len(pairs)):
        maps, values = eager_maps(model, encoded, row), values_of(model, encoded, row)
        for layer, projections in enumerate(output_projections(model.encoder)):
            for head in range(maps.shape[1]):
                own = maps[layer, head], values[layer, head].numpy(), projections[head].numpy()
                expected = literal_statistics(*own, classes[row])
                assert dict(zip(STATISTICS, found[row, layer, head].tolist(), strict=True)) == pytest.approx(
                    expected, abs=1e-5
                )


def test_statistics_equal_the_literal_loop_padded_or_not(any_tiny):
    check_statistics(any_tiny, PAIRS)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["distilbert-cased", "mpnet-base"])
def test_statistics_of_an_embedded_model_equal_the_literal_loop(name):
    check_statistics(embedded(name), PAIRS)


def test_uniform_attention_has_the_entropy_of_its_length():
    maps = np.full((1, 1, 7, 7), 1 / 7, dtype=np.float32)
    ones = np.ones((1, 1, 7), dtype=np.float32)
    sums = _sums_of_rows(maps, np.zeros((1, 3, 7), dtype=np.float32), ones, np.array([7]))
    np.testing.assert_allclose(sums[0, 0, :, 7], np.log(7), atol=1e-5)


def test_distances_equal_the_literal_double_loop():
    rng = np.random.default_rng(0)
    maps = rng.dirichlet(np.full(20, 0.2), size=(9, 6)).astype(np.float32)
    smooth = (1 - SMOOTHING) * maps.astype(float) + SMOOTHING / 20
    found = jensen_shannon(maps)
    for a in range(6):
        for b in range(6):
            expected = sum(jensenshannon(smooth[q, a], smooth[q, b]) ** 2 for q in range(9))
            assert found[a, b] == pytest.approx(expected, abs=1e-5)


def test_distance_to_itself_is_0_and_between_disjoint_heads_log_2():
    keys = 128
    maps = np.zeros((3, 3, keys), dtype=np.float32)
    maps[:, 0, 5] = maps[:, 1, 6] = maps[:, 2, 5] = 1
    found = jensen_shannon(maps)
    np.testing.assert_allclose(found, found.T)
    np.testing.assert_allclose(found[0, 2], 0, atol=1e-5)
    assert found[0, 1] == pytest.approx(3 * np.log(2), rel=0.01)  # a little less: attention is smoothed


def test_distances_of_a_model_are_those_of_its_eager_maps(any_tiny):
    encoded = encode_pairs(any_tiny, PAIRS, longest=64)
    expected = [
        jensen_shannon(eager_maps(any_tiny, encoded, i).reshape(6, *[len(encoded.ids[i])] * 2).swapaxes(0, 1))
        for i in (0, 1)
    ]
    np.testing.assert_allclose(head_distances(any_tiny, encoded), np.mean(expected, axis=0), atol=1e-4)


@pytest.mark.parametrize("kind", ["bert", "mpnet", "deberta-v2"])
def test_gradients_equal_finite_differences(tiny_folder, kind, monkeypatch):
    tiny = loading.load(tiny_folder(kind))
    torch.manual_seed(0)
    head = masked_lm.MaskedHead(tiny.encoder.get_input_embeddings().weight).requires_grad_(False)
    monkeypatch.setattr(attention_gradients, "load_mlm_head", lambda model: head)
    encoded = encode_pairs(tiny, PAIRS[:1], longest=64)
    classes = token_classes(tiny, encoded)
    found = attention_gradients.attention_gradients(tiny, encoded, classes, seed=3)[0]
    (batch,) = batches(tiny, encoded)
    ids, chosen = masked_lm.masked(tiny, batch, attention_gradients.MASKED_SHARE, np.random.default_rng(3))
    spots = np.array(list(np.ndindex(2, *[len(encoded.ids[0])] * 2)))  # head, from, to
    many = {name: values.expand(len(spots), *values.shape[1:]) for name, values in batch.inputs.items()}
    many["input_ids"] = ids.expand(len(spots), -1)

    def losses(layer_index, change):
        """[spots] the loss with one weight changed; a row of the batch for every weight."""

        def shifted(layer):
            if layer.index == layer_index:
                maps = layer.maps.clone()
                maps[(np.arange(len(spots)), *spots.T)] += change
                vars(layer)["maps"] = maps

        with torch.no_grad(), reducible(tiny.encoder):
            _, output = run_with_attention(tiny.encoder, shifted, **many)
            states = output.last_hidden_state[:, chosen[0]]
            wanted = batch.ids[chosen].expand(len(spots), -1)
            return cross_entropy(head(states).double().transpose(1, 2), wanted, reduction="none").mean(1).numpy()

    for layer in range(3):
        slopes = (losses(layer, 1e-2) - losses(layer, -1e-2)).reshape(2, -1, len(encoded.ids[0])) / 2e-2
        expected = [np.abs(slopes[:, :, classes[0] == kind]).mean() for kind in range(4)]
        np.testing.assert_allclose(found[layer], expected, rtol=0.02, atol=1e-5)


def test_masks_are_seeded_and_spare_special_pieces(tiny):
    (batch,) = batches(tiny, encode_pairs(tiny, PAIRS, longest=64))
    draws = [masked_lm.masked(tiny, batch, 0.01, np.random.default_rng(seed)) for seed in (0, 0, 1)]
    assert torch.equal(draws[0][1], draws[1][1])
    assert not torch.equal(draws[0][1], draws[2][1])
    ids, chosen = draws[0]
    assert (chosen.sum(1) >= 1).all()
    assert (ids[chosen] == tiny.tokenizer.mask_token_id).all()
    assert not set(batch.ids[chosen].tolist()) & set(tiny.tokenizer.all_special_ids)


def test_a_checkpoints_own_head_is_used_and_a_missing_one_explained(tmp_path, tiny_folder):
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    with pytest.raises(
        InputError,
        match=r"no masked-language-model head.*insidebert\.models\.masked_lm --model .*bert0 corpus` trains one",
    ):
        masked_lm.load_mlm_head(loading.load(loading.resolve(str(tiny_folder("bert")))))
    for kind in KINDS:
        whole = AutoModelForMaskedLM.from_pretrained(tiny_folder(kind))
        whole.save_pretrained(tmp_path / kind)
        AutoTokenizer.from_pretrained(tiny_folder(kind)).save_pretrained(tmp_path / kind)
        model = loading.load(loading.resolve(str(tmp_path / kind)))
        encoded = encode(model, [["the", "cat"]], special=True)
        (batch,) = batches(model, encoded)
        with torch.inference_mode():
            expected = AutoModelForMaskedLM.from_pretrained(tmp_path / kind).eval()(**batch.inputs).logits
            logits = masked_lm.load_mlm_head(model)(model.encoder(**batch.inputs).last_hidden_state)
        torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.integration
@pytest.mark.parametrize("name", ["distilbert-cased", "minilm-l6"])
def test_shipped_heads_are_unaltered_and_beat_a_unigram_model(name):
    card = json.loads((masked_lm.FOLDER / f"{name}.json").read_text())
    assert card["sha256"] == loading.sha256_of(masked_lm.FOLDER / f"{name}.safetensors")
    model = loading.load(loading.resolve(name))
    text = [s.split() for pair in paragraph_pairs(Paths.find().corpus)[:12] for s in pair]
    encoded = encode(model, text, special=True)
    found = masked_lm.evaluate(model, masked_lm.load_mlm_head(model), encoded, encoded)
    assert found["validation_loss"] < found["validation_unigram_loss"]
    assert found["validation_top1"] > found["validation_unigram_top1"]
    assert card["validation_top1"] > card["validation_unigram_top1"]
    assert card["validation_loss"] < card["validation_unigram_loss"]


def test_segments_have_two_parts_and_fit(any_tiny):
    encoded = encode_pairs(any_tiny, [("cat " * 60, "dog " * 9)], longest=40)
    kinds = token_classes(any_tiny, encoded)[0]
    assert len(encoded.ids[0]) == 40
    assert (kinds[0], kinds[-1]) == (0, 1)
    without = ("distilbert", "mpnet", "deberta", "deberta-v2", "modernbert")
    assert (encoded.types is None) == (any_tiny.encoder.config.model_type in without)
    if encoded.types is not None:
        assert set(encoded.types[0].tolist()) <= set(range(any_tiny.encoder.config.type_vocab_size))


def test_token_classes_by_hand(tiny):
    encoded = encode_pairs(tiny, PAIRS[:1], longest=64)
    pieces = tiny.tokenizer.convert_ids_to_tokens(encoded.ids[0])
    expected = [{"[CLS]": 0, "[SEP]": 1, ".": 2, ",": 2}.get(piece, 3) for piece in pieces]
    assert token_classes(tiny, encoded)[0].tolist() == expected
    assert expected.count(2) == 3


def test_a_text_file_is_gathered_into_paragraphs(tmp_path):
    path = tmp_path / "text.txt"
    sentence = "word " * 29 + "end."
    path.write_text("\n".join([sentence] * 4) + "\n\n" + "alone.\n\n\n" + "\n".join([sentence] * 6))
    pairs = paragraph_pairs(path)
    assert [[len(p.split()) for p in pair] for pair in pairs] == [[60, 60], [60, 60]]
    path.write_text("one sentence.\n\nanother document.\n")
    with pytest.raises(InputError, match="no document of two paragraphs"):
        paragraph_pairs(path)


def test_segments_longer_than_the_model_are_refused(tiny):
    with pytest.raises(InputError, match=r"segments of 65 pieces are longer than bert0 takes \(64\)"):
        encode_pairs(tiny, PAIRS, longest=65)


def test_behaviours_are_named_in_order():
    averages = dict.fromkeys(STATISTICS, 0.0)
    assert _behaviour(np.array(list((averages | {"to next": 0.6, "to [SEP]": 0.7}).values()))) == "next token"
    assert _behaviour(np.array(list((averages | {"entropy": 4.0}).values()))) == "broad"
    assert _behaviour(np.array(list(averages.values()))) == "none of these"
