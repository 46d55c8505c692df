"""A family of tiny encoders: masked language models of our corpus, from several seeds, kept while they learn.

    python -m insidebert.sweep.tiny build/tiny --seeds 0 1 2 3 4

A member takes about three minutes on one quiet core. They are far too small to say anything of BERT; they show what a
sweep over seeds and training steps is, with every number measured here. Twenty-five seeds of BERT-base are the
MultiBERTs of Sellam et al. (2021).
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from insidebert.errors import InputError
from insidebert.files import whole_folder
from insidebert.results.paths import Paths
from insidebert.text import corpus

PIECES, LONGEST, BATCH, MASKED = 4000, 128, 8, 0.15
"""Vocabulary; pieces of a segment; segments a step; share of pieces to be guessed."""

KEPT = (0, 50, 200, 800, 3200)
"""Steps after which a checkpoint is kept, the last one included."""

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def tokenizer_of(texts: list[str]) -> transformers.PreTrainedTokenizerFast:
    """A WordPiece tokenizer of the most frequent words of some texts, and of letters for all other words.

    It is the same for the same texts, which a trained one is not: where pairs of pieces are equally frequent, the
    trainer takes any.
    """
    own = Tokenizer(models.WordPiece({"[UNK]": 0}, unk_token="[UNK]"))
    own.normalizer = normalizers.BertNormalizer(lowercase=True)
    own.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    words = Counter(
        word for text in texts for word, _ in own.pre_tokenizer.pre_tokenize_str(own.normalizer.normalize_str(text))
    )
    letters = sorted(set("".join(words)))
    frequent = sorted(words, key=lambda word: (-words[word], word))
    pieces = list(dict.fromkeys([*SPECIAL, *letters, *(f"##{letter}" for letter in letters), *frequent]))[:PIECES]
    own.model = models.WordPiece({piece: number for number, piece in enumerate(pieces)}, unk_token="[UNK]")
    own.decoder = decoders.WordPiece()
    own.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    names = dict(zip(("pad_token", "unk_token", "cls_token", "sep_token", "mask_token"), SPECIAL, strict=True))
    return transformers.PreTrainedTokenizerFast(tokenizer_object=own, model_max_length=LONGEST, **names)


def segments_of(tokenizer: transformers.PreTrainedTokenizerFast, articles: list[corpus.Article]) -> np.ndarray:
    """The corpus as [segments, LONGEST] pieces: whole sentences of one article, filled up with padding."""
    segments = []
    for article in articles:
        line: list[int] = []
        for sentence in (sentence for paragraph in article.paragraphs for sentence in paragraph):
            ids = tokenizer(sentence, add_special_tokens=False)["input_ids"][: LONGEST - 2]
            if len(line) + len(ids) > LONGEST - 2:
                segments.append(line)
                line = []
            line = line + ids
        segments.append(line)
    padded = np.full((len(segments), LONGEST), tokenizer.pad_token_id)
    for row, line in zip(padded, segments, strict=True):
        row[: len(line) + 2] = [tokenizer.cls_token_id, *line, tokenizer.sep_token_id]
    return padded


def train(folder: Path, seed: int, layers: int = 3, width: int = 96, heads: int = 6, kept: tuple[int, ...] = KEPT):
    """Train one encoder and keep it as `seed-<seed>/step-<step>`; what is there already stays.

    Masks are drawn as by Devlin et al. (2019): of the chosen pieces 80% become [MASK], 10% another piece, 10% stay.

    Args:
        folder: of the family.
        seed: of weights, order and masks.
        layers, width, heads: of the encoder.
        kept: steps after which it is kept.

    Yields:
        Step, mean loss (nats a piece) since the last one, and the checkpoint's folder.
    """
    articles = corpus.read(Paths.find().corpus)
    texts = [sentence for article in articles for paragraph in article.paragraphs for sentence in paragraph]
    tokenizer = tokenizer_of(texts)
    segments = torch.from_numpy(segments_of(tokenizer, articles))
    random = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = transformers.BertConfig(
            **{"vocab_size": len(tokenizer), "hidden_size": width, "num_hidden_layers": layers},
            **{"num_attention_heads": heads, "intermediate_size": 4 * width, "max_position_embeddings": LONGEST},
            **{"pad_token_id": tokenizer.pad_token_id, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0},
        )
        model = transformers.BertForMaskedLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=kept[-1] + 1, pct_start=0.1)
    losses: list[float] = []
    for step in range(kept[-1] + 1):
        if step in kept:
            place = folder / f"seed-{seed}" / f"step-{step}"
            if not place.exists():
                _keep(model, tokenizer, place)
            yield step, float(np.mean(losses)) if losses else float("nan"), place
            losses.clear()
        batch = segments[torch.randint(len(segments), (BATCH,), generator=random)]
        batch = batch[:, : int((batch != tokenizer.pad_token_id).sum(1).max())]
        losses.append(_step(model, batch, tokenizer, random))
        optimizer.step()
        rate.step()
        optimizer.zero_grad()


def _step(model, batch: torch.Tensor, tokenizer, random: torch.Generator) -> float:
    """Loss and gradients of [B, T] pieces with some of them masked."""
    chosen = (torch.rand(batch.shape, generator=random) < MASKED) & (batch > tokenizer.mask_token_id)
    fate = torch.rand(batch.shape, generator=random)
    other = torch.randint(len(SPECIAL), len(tokenizer), batch.shape, generator=random)
    given = torch.where(chosen & (fate < 0.8), tokenizer.mask_token_id, batch)
    given = torch.where(chosen & (fate > 0.9), other, given)
    mask = (batch != tokenizer.pad_token_id).long()
    hidden = model.bert(given, attention_mask=mask).last_hidden_state
    loss = torch.nn.functional.cross_entropy(model.cls(hidden[chosen]), batch[chosen])
    loss.backward()
    return loss.item()


def _keep(model, tokenizer, place: Path) -> None:
    with whole_folder(place) as scratch:
        model.bert.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)


def main(arguments: list[str] | None = None) -> int:
    """Train a family from the command line."""
    parser = argparse.ArgumentParser(prog="python -m insidebert.sweep.tiny", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--layers", type=int, default=3)
    options = parser.parse_args(arguments)
    transformers.utils.logging.disable_progress_bar()
    if options.layers < 2 or min(options.seeds) < 0:
        raise InputError("a tiny encoder has at least 2 layers, and seeds count from 0")
    for seed in options.seeds:
        start = time.perf_counter()
        for _, loss, place in train(options.folder, seed, options.layers):
            print(f"{place}: loss {loss:.2f} nats a piece, {time.perf_counter() - start:.0f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
