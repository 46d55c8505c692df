"""What a measurement costs, as a ratio to the bare forward pass over the same sentences, in one process."""

import resource
import sys
from collections.abc import Iterator
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import torch
from transformers import BertConfig, BertModel

from bench import measurements
from bench.baselines import PaddedReader, forward, literal_distances, literal_heads
from bench.timing import peak_of, ratio, time_of
from insidebert.finetune.reader import Reader, Training
from insidebert.measure.attention_gradients import attention_gradients
from insidebert.measure.confusion import TriggerQuestion, confusion_scores
from insidebert.measure.head_accuracy import accuracies, answers
from insidebert.measure.head_distances import jensen_shannon
from insidebert.measure.surface import segment_statistics
from insidebert.measure.word_attention import align, attended_words, word_maps
from insidebert.models import loading
from insidebert.models.attention import attention_batches, run_with_attention
from insidebert.models.encoding import Encoded, encode, hidden_states
from insidebert.models.segments import encode_pairs, paragraph_pairs, token_classes
from insidebert.papers.mcrc.question_sets import name_of, splits_of
from insidebert.papers.open_sesame.sentences import dependency, grammar
from insidebert.probes.attention import AttentionAndWords, HeadProbe, Sentences
from insidebert.probes.position import PositionProbe, control_targets
from insidebert.results.paths import Paths
from insidebert.text import word_vectors
from insidebert.text.attacks import ATTACKS, attack
from insidebert.text.questions import Question
from insidebert.text.stanford import trees_of
from insidebert.text.treebanks import Tree

SENTENCES = 400
SCORED = 800
BEST_OF = 3
FEW = 150
"""Sentences of a literal loop."""

TIMED = 60
"""Questions of a timed epoch; with few, the buckets would be wide and copying the encoder would count."""


def probes_and_confusion(model_name: str) -> list[str]:
    """Lines of a report: probing and confusion scores against the bare forward pass."""
    model = loading.load(loading.resolve(model_name))
    sampled = grammar("probing").sample("main_auxiliary.plain", SENTENCES, seed=0)
    encoded = encode(model, [s.words for s in sampled], special=False)
    gold = [encoded.pieces_of(i, [s.target])[0] for i, s in enumerate(sampled)]
    targets = np.stack([gold, control_targets(encoded.ids, seed=0)], axis=1)
    bare = partial(forward, model, encoded)

    def probed():
        PositionProbe(epochs=1).fit(hidden_states(model, encoded), targets)

    what = f"{model_name}, {SENTENCES} sentences"
    encoding = ratio(lambda: hidden_states(model, encoded), bare)
    lines = [f"{what}: states of all layers / bare forward: {encoding:.2f}"]
    lines.append(f"{what}: probing all layers, one epoch / bare forward: {ratio(probed, bare):.2f}  (at most 1.3)")

    scored = dependencies(SCORED)
    special = encode(model, [d.words for d in scored], special=True)
    against = ratio(lambda: confusion_scores(model, scored), partial(forward, model, special))
    lines.append(f"confusion scores, {SCORED} sentences / bare forward: {against:.2f}  (at most 1.3)")
    few, many = peak_of(model_name, SCORED // 5), peak_of(model_name, SCORED)
    lines.append(f"peak memory, {SCORED} sentences / {SCORED // 5}, a process each: {many / few:.3f}  (at most 1.1)")
    return lines


def dependencies(count: int) -> list[TriggerQuestion]:
    """Agreement sentences of all cells that have a distractor."""
    source = grammar("agreement")
    cells = [cell for cell in source.rules if cell.startswith(("agreement.pp.", "agreement.rc."))]
    return [dependency(s) for cell in cells for s in source.sample(cell, -(-count // len(cells)), seed=0)][:count]


def surface(model_name: str) -> list[str]:
    """Lines of a report: surface statistics and distances of heads against the bare pass, 128-piece segments."""
    model = loading.load(loading.resolve(model_name))
    pairs = paragraph_pairs(Paths.find().corpus)
    encoded = encode_pairs(model, [pair for pair in pairs if len(" ".join(pair).split()) > 125][:48])
    classes = token_classes(model, encoded)
    bare = partial(forward, model, encoded)
    lines = [f"{model_name}, {len(encoded)} segments of {int(encoded.lengths.mean())} pieces"]
    against = ratio(lambda: segment_statistics(model, encoded, classes), bare)
    lines.append(f"surface statistics, norms among them / bare forward: {against:.2f}  (at most 1.25)")
    against = ratio(lambda: attention_gradients(model, encoded, classes), bare)
    lines.append(f"gradients at the attention / bare forward: {against:.2f}")
    few, many = (peak_of(model_name, count, "surface") for count in (50, 500))
    lines.append(f"peak memory, 500 segments / 50, a process each: {many / few:.3f}  (at most 1.1)")
    own = encoded.select(range(4))
    maps = maps_of(model, own)
    alone = time_of(lambda: [jensen_shannon(m) for m in maps])
    alone = min(alone, time_of(lambda: [jensen_shannon(m) for m in maps]))
    bare_own = min(time_of(partial(forward, model, own)) for _ in range(BEST_OF))
    literal = time_of(lambda: literal_distances(maps[0]))
    heads = maps[0].shape[1]
    lines.append(f"distances of all pairs of {heads} heads, a segment / bare forward: {alone / bare_own:.2f}")
    lines.append(f"the same: literal numpy loop / ours: {literal / (alone / 4):.0f}  (at least 10)")
    return lines


def words(model_name: str, treebank: Path | str) -> list[str]:
    """Lines of a report: heads as classifiers against the bare pass and against the literal loop; a probe's epoch."""
    model = loading.load(loading.resolve(model_name))
    trees, _ = trees_of(treebank, "stanford")
    aligned = align(model, [tree.words for tree in trees])
    trees = [trees[i] for i in aligned.kept]
    lines = [f"{model_name}, {len(trees)} sentences of {np.mean([len(tree) for tree in trees]):.0f} words"]
    against = ratio(lambda: every_head(model, trees, aligned.encoded), partial(forward, model, aligned.encoded))
    lines.append(f"all heads, directions and relations / bare forward: {against:.2f}  (at most 1.4)")
    against = ratio(lambda: word_maps(model, aligned.encoded), partial(forward, model, aligned.encoded))
    lines.append(f"attention between words, every map kept / bare forward: {against:.2f}")
    few, own = trees[:FEW], aligned.encoded.select(range(min(FEW, len(trees))))
    literal = ratio(lambda: literal_heads(model, few, own), lambda: every_head(model, few, own))
    lines.append(f"the same, {len(few)} sentences: literal loop / ours: {literal:.0f}  (at least 10)")
    maps = word_maps(model, aligned.encoded)
    vectors = word_vectors.read(word_vectors.EMBEDDED)
    data = Sentences.of(trees, maps, vectors).select(range(min(1600, len(trees))))
    scorer = AttentionAndWords(maps.values.shape[1], vectors.width)
    few = data.select(range(20))
    seconds = time_of(lambda: HeadProbe(scorer, epochs=1).fit(data, few))
    lines.append(f"an epoch of attention + words, {len(data.trees)} sentences: {seconds:.1f} s  (under 60 s for 1,600)")
    return lines


def reading(model_name: str, dataset: Path | str, count: int, pieces: int) -> Iterator[str]:
    """Lines of a report: fine-tuning against padded random batches, attacks against one evaluation.

    Args:
        dataset: as in `sets.questions_of`.
        count: training questions behind the accuracies; a hard data set wants more than the timings do.
        pieces: longest sequence, and the length of every padded one.
    """
    model = loading.load(loading.resolve(model_name))
    planted = {"options": 3, "keywords": 0.5, "without_passage": 0.2, "longest": 0.3}
    train, development, test = splits_of(dataset, count, 15, 30, planted)
    few = train[:: max(1, len(train) // TIMED)][:TIMED]

    def fitted(kind: type[Reader], own: list[Question], chosen_on: list[Question], **plan) -> Reader:
        return kind(model, Training(pieces=pieces, precision="float32", **plan)).fit(own, chosen_on)

    readers = (partial(fitted, kind, few, development[:2], epochs=1) for kind in (PaddedReader, Reader))
    found = ratio(*readers, known=True)  # nothing is compiled in training
    yield f"{model_name} on {name_of(dataset)}"
    yield (
        f"an epoch of {len(few)} questions, padded to {pieces} pieces in random batches / in length buckets: "
        f"{found:.2f}  (at least 1.5)"
    )
    readers = {kind: fitted(kind, train, development, epochs=3, frozen=4, rate=3e-4) for kind in (Reader, PaddedReader)}
    ours, padded = (readers[kind].score(test) for kind in readers)
    yield f"accuracy after 3 epochs of {len(train)} questions: length buckets {ours:.3f}, padded {padded:.3f}"
    plain = Reader(model, Training(pieces=pieces, precision="float32"))
    found = ratio(lambda: plain.predict_all(attacked(test)), lambda: plain.predict(test))
    yield f"attacking and scoring all {len(ATTACKS)} attacks / one evaluation: {found:.2f}  (at most 8)"
    share = time_of(lambda: attacked(test)) / time_of(lambda: plain.predict(test))
    yield f"attacking alone, shuffling and its degree / one evaluation: {share:.1%}  (under 5%)"


def attacked(questions: list[Question]) -> dict[str, list[Question]]:
    """The questions under every attack."""
    return {name: [attack(question, name, seed=0).question for question in questions] for name in ATTACKS}


def every_head(model: loading.Model, trees: list[Tree], encoded: Encoded) -> np.ndarray:
    """[relations, directions, layers, heads] accuracies, as Table 1 needs them."""
    given = answers(trees, attended_words(model, encoded))
    return accuracies(given, [None, *np.unique(given.relations)])


def shape_of_bert_base() -> list[str]:
    """The distances' cost for 12 x 12 heads: random weights of BERT-base's shape, one segment of 128 pieces."""
    encoder = BertModel(BertConfig(), add_pooling_layer=False).eval()
    ids = torch.randint(1000, 20000, (8, 128))
    with torch.inference_mode():
        bare = min(time_of(lambda: encoder(input_ids=ids)) for _ in range(BEST_OF)) / len(ids)
        layers, _ = run_with_attention(encoder, lambda layer: layer.maps[:1], input_ids=ids)
    maps = torch.cat(layers).flatten(0, 1).transpose(0, 1).contiguous().numpy()
    jensen_shannon(maps)
    ours = min(time_of(lambda: jensen_shannon(maps)) for _ in range(BEST_OF))
    literal = time_of(lambda: literal_distances(maps))
    return [
        f"all pairs of 12 x 12 heads, BERT-base's shape / bare forward: {ours / bare:.2f}  (at most 0.7)",
        f"the same: literal loop / ours: {literal / ours:.0f}  (at least 10); literal / bare: {literal / bare:.1f}",
    ]


def maps_of(model: loading.Model, encoded: Encoded) -> list[np.ndarray]:
    """[queries, heads, keys] attention of each segment."""
    found = []
    for _, layers in attention_batches(model, encoded, lambda _: lambda layer: layer.maps):
        found += list(torch.stack(layers, dim=1).flatten(1, 2).transpose(1, 2).contiguous().cpu().numpy())
    return found


def open_sesame(models: list[str], **_) -> Iterator[str]:
    """What *Open Sesame* costs, line by line."""
    for name in models:
        yield from probes_and_confusion(name)
        yield from measurements.of_paper("open_sesame", name)


def look_at(models: list[str], treebank: Path | str, **_) -> Iterator[str]:
    """What *What Does BERT Look At?* costs, line by line; heads that know syntax on a treebank."""
    for part, name in product((surface, partial(words, treebank=treebank)), models):
        yield from part(name)
    for name in models:
        yield from measurements.of_paper("look_at", name)
    yield from shape_of_bert_base()


def mcrc(models: list[str], dataset: Path | str, count: int, pieces: int, **_) -> Iterator[str]:
    """What Si et al. cost, line by line; arguments as for `reading`."""
    for name in models:
        yield from reading(name, dataset, count, pieces)
        yield from measurements.of_paper("mcrc", name)


def measure(what: str, model_name: str, count: int) -> None:
    """Measure `count` sentences or segments, for a look at the process's memory."""
    model = loading.load(loading.resolve(model_name))
    if what == "confusion":
        confusion_scores(model, dependencies(count))
    else:
        pairs = paragraph_pairs(Paths.find().corpus)
        encoded = encode_pairs(model, [pairs[i % len(pairs)] for i in range(count)])
        segment_statistics(model, encoded, token_classes(model, encoded))


if __name__ == "__main__":
    measure(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
