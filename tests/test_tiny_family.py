"""The family of tiny encoders: checkpoints that load, alike for a seed, kept once."""

import numpy as np
import torch

from insidebert.models import loading
from insidebert.sweep import tiny


def test_a_tiny_encoder_is_the_same_for_its_seed_and_kept_once(tmp_path):
    before = torch.random.get_rng_state()
    found = list(tiny.train(tmp_path / "a", seed=3, layers=2, width=12, heads=2, kept=(0, 3)))
    assert [step for step, _, _ in found] == [0, 3] and np.isnan(found[0][1]) and 7 < found[1][1] < 9.5
    assert [place.relative_to(tmp_path).as_posix() for *_, place in found] == ["a/seed-3/step-0", "a/seed-3/step-3"]
    list(tiny.train(tmp_path / "b", seed=3, layers=2, width=12, heads=2, kept=(0, 3)))
    assert torch.equal(torch.random.get_rng_state(), before)
    sources = [loading.resolve(tmp_path / own / "seed-3" / "step-3") for own in "ab"]
    assert sources[0].identity == sources[1].identity
    assert sources[0].sha256 != loading.resolve(tmp_path / "a" / "seed-3" / "step-0").sha256
    model = loading.load(sources[0])
    assert (model.layers, model.heads, model.limit) == (2, 2, tiny.LONGEST)
    written = (tmp_path / "a" / "seed-3" / "step-3" / "model.safetensors").stat().st_mtime_ns
    list(tiny.train(tmp_path / "a", seed=3, layers=2, width=12, heads=2, kept=(0, 3)))
    assert (tmp_path / "a" / "seed-3" / "step-3" / "model.safetensors").stat().st_mtime_ns == written


def test_segments_hold_every_piece_once():
    tokenizer = tiny.tokenizer_of(["the cat sleeps .", "a dog runs ."])
    article = type("Article", (), {"paragraphs": [["the cat sleeps ."] * 40, ["a dog runs ."] * 3]})()
    segments = tiny.segments_of(tokenizer, [article])
    assert (segments[:, 0] == tokenizer.cls_token_id).all() and segments.shape[1] == tiny.LONGEST
    kept = segments[segments > tokenizer.mask_token_id].tolist()
    sentences = [sentence for paragraph in article.paragraphs for sentence in paragraph]
    whole = [i for sentence in sentences for i in tokenizer(sentence, add_special_tokens=False)["input_ids"]]
    assert kept == whole
