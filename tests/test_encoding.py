"""Words to pieces and back, batches, hidden states, attention inside the forward pass."""

import numpy as np
import pytest
import torch

from insidebert.errors import InputError
from insidebert.models.attention import reducible, run_with_attention
from insidebert.models.encoding import batches, encode, hidden_states, state_names
from tests.conftest import attentions

SENTENCES = [
    ["the", "cat", "can", "sleep"],
    ["zebras", "run"],
    ["the", "dogs", "near", "the", "queen's", "cat", "do", "wait"],
]


def test_pieces_of_words_join_to_the_words(any_tiny):
    for special in (False, True):
        encoded = encode(any_tiny, SENTENCES, special)
        for i, words in enumerate(SENTENCES):
            pieces = any_tiny.tokenizer.convert_ids_to_tokens(encoded.ids[i])
            places = [encoded.pieces_of(i, [w]) for w in range(len(words))]
            joined = ["".join(pieces[place].strip("#\u0120") for place in own) for own in places]
            assert joined == words
        assert sum((words == -1).sum() for words in encoded.words) == (6 if special else 0)


def test_batches_hold_every_sentence_once_and_respect_their_size(tiny):
    rng = np.random.default_rng(0)
    encoded = encode(tiny, [["cat"] * rng.integers(1, 30) for _ in range(57)], special=True)
    found = list(batches(tiny, encoded, pieces_per_batch=64))
    assert sorted(np.concatenate([b.rows for b in found])) == list(range(57))
    assert all(b.ids.numel() <= 64 or len(b.rows) == 1 for b in found)
    for batch in found:
        for row, ids, mask in zip(batch.rows, batch.ids, batch.mask, strict=True):
            assert ids[mask.bool()].tolist() == encoded.ids[row].tolist()


def test_hidden_states_equal_one_sentence_at_a_time(any_tiny):
    encoded = encode(any_tiny, SENTENCES, special=False)
    states = hidden_states(any_tiny, encoded)
    assert len(states.values) == len(state_names(any_tiny)) == any_tiny.layers + 2
    for i, ids in enumerate(encoded.ids):
        with torch.inference_mode():
            alone = any_tiny.encoder(input_ids=torch.from_numpy(ids)[None], output_hidden_states=True).hidden_states
        own = states.values[:, states.pieces(np.array([i]))].float()
        torch.testing.assert_close(own[1:], torch.cat(alone), atol=2e-3, rtol=2e-3)  # states are kept in half precision


def test_order_of_sentences_changes_nothing(tiny):
    encoded = encode(tiny, SENTENCES, special=True)
    backward = encoded.select([2, 1, 0])
    one, other = hidden_states(tiny, encoded), hidden_states(tiny, backward)
    for i in range(3):
        a = one.values[:, one.pieces(np.array([i]))]
        b = other.values[:, other.pieces(np.array([2 - i]))]
        torch.testing.assert_close(a, b, atol=2e-3, rtol=2e-3)


def test_embedding_without_positions_does_not_depend_on_the_place(any_tiny):
    encoded = encode(any_tiny, [["cat", "dog", "cat"]], special=False)
    states = hidden_states(any_tiny, encoded)
    first, last = encoded.pieces_of(0, [0])[0], encoded.pieces_of(0, [2])[0]
    torch.testing.assert_close(states.values[0, first], states.values[0, last])
    own = getattr(any_tiny.encoder.embeddings, "position_embeddings", None)  # DeBERTa and ModernBERT may have none
    assert torch.allclose(states.values[1, first], states.values[1, last]) == (own is None)


def test_reduced_attention_equals_eager_maps_and_ignores_padding(any_tiny):
    encoded = encode(any_tiny, SENTENCES, special=True)
    (batch,) = batches(any_tiny, encoded, pieces_per_batch=4096)
    inputs = {"input_ids": batch.ids, "attention_mask": batch.mask}
    positions = torch.tensor([[1, 2], [0, 1], [2, 0]])
    with torch.inference_mode():
        plain = any_tiny.encoder(**inputs).last_hidden_state
        with reducible(any_tiny.encoder) as encoder:
            maps = torch.stack(run_with_attention(encoder, lambda layer: layer.maps, **inputs)[0])
            rows = torch.stack(run_with_attention(encoder, lambda layer: layer.rows(positions), **inputs)[0])
            reduced = encoder(**inputs).last_hidden_state
        eager = torch.stack(attentions(any_tiny.encoder, **inputs))
    real = batch.mask.bool()
    torch.testing.assert_close(reduced[real], plain[real])
    of_real = maps.transpose(2, 3)[:, real]  # [layers, real queries, heads, T]
    torch.testing.assert_close(of_real, eager.transpose(2, 3)[:, real], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(maps.sum(-1), torch.ones(maps.shape[:-1]))
    padding = ~real[real.nonzero()[:, 0]]  # [real queries, T]
    assert padding.any() and not of_real.transpose(2, 3)[:, padding].any()
    index = positions[None, :, None, :, None].expand(*maps.shape[:3], 2, maps.shape[-1])
    torch.testing.assert_close(rows, maps.gather(3, index))


@pytest.mark.parametrize(
    ("sentences", "message"),
    [([], "no sentences"), ([["cat"], []], "sentence 2 is empty"), ([["cat"] * 80], "has 82 pieces, .* takes 64")],
)
def test_bad_sentences_are_refused(tiny, sentences, message):
    with pytest.raises(InputError, match=message):
        encode(tiny, sentences, special=True)


def test_a_word_without_pieces_is_named(tiny):
    encoded = encode(tiny, [["cat", "\u200b", "dog"]], special=False)
    with pytest.raises(InputError, match="sentence 1: word 2 has no pieces"):
        encoded.pieces_of(0, [1])
