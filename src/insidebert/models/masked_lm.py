"""Masked-language-model heads: a checkpoint's own, or a small one trained here for an encoder that has none.

`python -m insidebert.models.masked_lm --model distilbert-cased corpus more.txt` trains one and writes it
beside this module.
"""

import argparse
import json
import math
import shlex
from contextlib import nullcontext
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from torch.nn.functional import cross_entropy, gelu, layer_norm
from tqdm.auto import tqdm

from insidebert.errors import InputError
from insidebert.files import write_json, write_whole
from insidebert.models import loading
from insidebert.models.encoding import Batch, Encoded, batches, encode
from insidebert.models.families import family_of
from insidebert.text import corpus
from insidebert.text.files import read_text

FOLDER = Path(str(files("insidebert.models") / "masked_heads"))


class MaskedHead(nn.Module):
    """Last hidden state -> vocabulary logits: dense, GELU, LayerNorm, and a decoder tied to the word embeddings.

    Args:
        embeddings: [vocabulary, width], not trained.
    """

    def __init__(self, embeddings: torch.Tensor):
        super().__init__()
        vocabulary, width = embeddings.shape
        self.dense = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(vocabulary))
        self.register_buffer("embeddings", embeddings.detach(), persistent=False)
        self.to(embeddings.device)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """[..., width] -> [..., vocabulary]."""
        hidden = layer_norm(gelu(self.dense(states)), self.norm.normalized_shape, self.norm.weight, self.norm.bias)
        return hidden @ self.embeddings.T + self.bias


def load_mlm_head(model: loading.Model) -> nn.Module:
    """The masked-language-model head for a model: last hidden state -> vocabulary logits.

    A head shipped with this package is used if it was trained on exactly these weights; else the checkpoint's own.

    Raises:
        InputError: there is neither; the message says how to train one.
    """
    for card in FOLDER.glob("*.json"):
        if json.loads(card.read_text(encoding="utf-8"))["encoder_sha256"] == model.source.sha256:
            head = MaskedHead(model.encoder.get_input_embeddings().weight)
            head.load_state_dict({k: v.float() for k, v in load_file(card.with_suffix(".safetensors")).items()})
            return head.eval().requires_grad_(False)
    whole, missing = loading.load_with_head(model.source, "MaskedLM")
    if missing:
        raise InputError(
            f"model {model.source.label} has no masked-language-model head and none is shipped for it; "
            f"`python -m insidebert.models.masked_lm --model {shlex.quote(model.source.name)} corpus` trains one"
        )
    whole.requires_grad_(False)
    parts = [getattr(whole, part) for part in family_of(model.encoder).head]
    return (parts[0] if len(parts) == 1 else nn.Sequential(*parts)).to(model.encoder.device)


def masked(model: loading.Model, batch: Batch, share: float, random: np.random.Generator) -> tuple[torch.Tensor, ...]:
    """Pieces with some replaced by the mask, and where.

    Args:
        share: of the real pieces that are not special; at least one a segment.

    Returns:
        ids [B, T]; masked [B, T] bool.
    """
    special = torch.tensor(model.tokenizer.all_special_ids)
    candidates = (batch.mask.bool() & ~torch.isin(batch.ids.cpu(), special).to(batch.ids.device)).cpu().numpy()
    chosen = candidates & (random.random(candidates.shape) < share)
    for i in np.flatnonzero(~chosen.any(1)):
        chosen[i, random.choice(np.flatnonzero(candidates[i]))] = True
    chosen = torch.from_numpy(chosen).to(batch.ids.device)
    return batch.ids.masked_fill(chosen, model.tokenizer.mask_token_id), chosen


def train(
    model: loading.Model, training: Encoded, validation: Encoded, epochs: int, seed: int = 0, bfloat16: bool = False
) -> tuple[MaskedHead, dict]:
    """Train a head on the frozen encoder; 20% of the pieces are masked, anew in every epoch.

    Args:
        bfloat16: run the encoder in it while training, faster on some processors; the head is trained, and what is
            held out is scored, in float32 all the same.

    Returns:
        The head, and its card: steps, validation loss (nats) and top-1 accuracy, and those of a unigram model.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = MaskedHead(model.encoder.get_input_embeddings().weight)
    adam = torch.optim.AdamW(head.parameters(), lr=1e-3, weight_decay=0.01)
    random = np.random.default_rng(seed)
    count = sum(1 for _ in batches(model, training))
    schedule = torch.optim.lr_scheduler.OneCycleLR(adam, 2e-3, total_steps=epochs * count, pct_start=0.1)
    for epoch in range(epochs):
        order = list(batches(model, training))
        random.shuffle(order)
        for batch in tqdm(order, desc=f"epoch {epoch + 1}", unit="batch"):
            states, gold = _masked_states(model, batch, random, bfloat16)
            loss = cross_entropy(head(states), gold)
            adam.zero_grad()
            loss.backward()
            adam.step()
            schedule.step()
    return head.eval(), {"steps": epochs * count} | evaluate(model, head, training, validation)


@torch.no_grad()
def evaluate(model: loading.Model, head: nn.Module, training: Encoded, validation: Encoded, seed: int = 1) -> dict:
    """Validation loss (nats) and top-1 accuracy of a head, beside a unigram model of the training pieces."""
    counts = np.bincount(np.concatenate(training.ids), minlength=len(model.tokenizer)) + 1.0
    unigram = torch.from_numpy(np.log(counts / counts.sum())).float()
    random, losses, right, plain, plain_right = np.random.default_rng(seed), [], [], [], []
    for batch in batches(model, validation):
        states, gold = _masked_states(model, batch, random)
        logits, gold = head(states).cpu(), gold.cpu()
        losses.append(cross_entropy(logits, gold, reduction="none"))
        right.append(logits.argmax(-1) == gold)
        plain.append(-unigram[gold])
        plain_right.append(gold == unigram.argmax())
    mean = {name: torch.cat(parts).float().mean().item() for name, parts in
            (("loss", losses), ("top1", right), ("unigram_loss", plain), ("unigram_top1", plain_right))}  # fmt: skip
    return {f"validation_{name}": round(value, 4) for name, value in mean.items()} | {
        "validation_pieces": int(sum(map(len, losses)))
    }


def _masked_states(
    model: loading.Model, batch: Batch, random: np.random.Generator, bfloat16: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    ids, chosen = masked(model, batch, 0.2, random)
    faster = torch.autocast(ids.device.type, torch.bfloat16) if bfloat16 else nullcontext()
    with torch.no_grad(), faster:
        states = model.encoder(**batch.inputs | {"input_ids": ids}).last_hidden_state
    return states[chosen].float(), batch.ids[chosen]


def _sentences(path: Path) -> list[str]:
    if path.is_dir():
        return [" ".join(paragraph) for article in corpus.read(path) for paragraph in article.paragraphs]
    return [line.strip() for line in read_text(path).split("\n") if line.strip()]


def main() -> None:
    """Train a head from the command line and write it with its card."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--bfloat16", action="store_true", help="run the encoder in bfloat16 while training")
    parser.add_argument("text", nargs="+", type=Path, help="corpus folders, or files of one sentence a line")
    options = parser.parse_args()
    model = loading.load(loading.resolve(options.model))
    sentences = [s.split() for path in options.text for s in _sentences(path)]
    encoded = encode(model, [s for s in sentences if len(s) <= 128], special=True)
    order = np.random.default_rng(0).permutation(len(encoded))
    cut = math.ceil(len(order) * 0.9)
    training, validation = encoded.select(order[:cut]), encoded.select(order[cut:])
    head, card = train(model, training, validation, options.epochs, bfloat16=options.bfloat16)
    name = FOLDER / model.source.label
    weights = {k: v.half().contiguous() for k, v in head.state_dict().items()}
    write_whole(name.with_suffix(".safetensors"), lambda scratch: save_file(weights, scratch))
    card |= {"pieces": int(training.lengths.sum()), "epochs": options.epochs, "data": [p.name for p in options.text]}
    card |= {"model": model.source.label, "encoder_sha256": model.source.sha256}
    card |= {"sha256": loading.sha256_of(name.with_suffix(".safetensors"))}
    write_json(name.with_suffix(".json"), card)
    print(json.dumps(card, indent=2))


if __name__ == "__main__":
    main()
