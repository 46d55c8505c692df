"""What our measurements are held against: the bare forward pass, and definitions taken literally."""

import numpy as np
import torch

from insidebert.finetune.reader import Reader
from insidebert.measure.head_distances import SMOOTHING
from insidebert.models import loading
from insidebert.models.encoding import Batch, Encoded, batches
from insidebert.text.treebanks import Tree


@torch.inference_mode()
def forward(model: loading.Model, encoded: Encoded) -> None:
    """The yardstick: evaluation mode, default attention, nothing kept."""
    for batch in batches(model, encoded):
        model.encoder(**batch.inputs)


@torch.inference_mode()
def literal_heads(model: loading.Model, trees: list[Tree], encoded: Encoded) -> np.ndarray:
    """The definitions, a sentence, a head and a word at a time, from transformers' own attention maps."""
    before = model.encoder.config._attn_implementation
    model.encoder.set_attn_implementation("eager")
    relations = sorted({relation for tree in trees for relation in tree.relations})
    heads = model.encoder.config.num_attention_heads
    right, cases = np.zeros((len(relations) + 1, 2, model.layers, heads)), np.zeros(len(relations) + 1)
    for row, tree in enumerate(trees):
        (batch,) = batches(model, encoded.select([row]))
        maps = model.encoder(**batch.inputs, output_attentions=True).attentions
        places = [np.flatnonzero(encoded.words[row] == word) for word in range(len(tree))]
        rows = [[0, relations.index(relation) + 1] for relation in tree.relations]
        for own in rows:
            cases[own] += 1
        for layer, head in np.ndindex(model.layers, heads):
            attention = maps[layer][0, head].cpu().numpy()
            to_words = np.stack([attention[:, own].sum(1) for own in places], axis=1)
            between = np.stack([to_words[own].mean(0) for own in places])
            np.fill_diagonal(between, -1)
            for word, relation in enumerate(tree.relations):
                clitic = relation == "poss" and tree.words[word + 1 : word + 2] == ("'s",)
                asked = word + 1 if clitic else word
                for way, chosen in enumerate((between[asked].argmax(), between[:, asked].argmax())):
                    right[rows[word], way, layer, head] += len(tree) > 1 and chosen == tree.heads[word]
    model.encoder.set_attn_implementation(before)
    return right / cases[:, None, None, None]


def literal_distances(maps: np.ndarray) -> np.ndarray:
    """The definition as a double loop over heads, each pair at a time in numpy."""
    smooth = (1 - SMOOTHING) * maps + SMOOTHING / maps.shape[-1]
    heads = smooth.shape[1]
    found = np.zeros((heads, heads))
    for a in range(heads):
        for b in range(heads):
            p, q = smooth[:, a], smooth[:, b]
            m = (p + q) / 2
            found[a, b] = (p * np.log(p / m) + q * np.log(q / m)).sum() / 2
    return found


class PaddedReader(Reader):
    """The plain loop: random questions a step, every sequence as long as the longest that is allowed."""

    def _groups(self, sequences, places):
        order, size = np.random.default_rng(0).permutation(len(places)), self.training.questions
        return [order[i : i + size] for i in range(0, len(order), size)]

    def _scores(self, scorer, batch, segments):
        missing = self.training.pieces - batch.length
        ids, mask, types = (
            None if part is None else torch.nn.functional.pad(part, (0, missing))
            for part in (batch.ids, batch.mask, batch.types)
        )
        segments = [np.pad(own, (0, self.training.pieces - len(own)), constant_values=-1) for own in segments]
        return super()._scores(scorer, Batch(batch.rows, ids, mask, types), segments)
