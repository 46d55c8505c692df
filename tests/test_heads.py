"""Attention between words against the literal loop; heads as classifiers; probes on attention of known meaning."""

from functools import partial

import numpy as np
import pytest
import torch

from bench import baselines as literal_loops
from bench import report
from insidebert.errors import InputError
from insidebert.measure import head_accuracy
from insidebert.measure.word_attention import WordMaps, align, attended_words, word_maps
from insidebert.models import loading
from insidebert.models.encoding import encode
from insidebert.papers.look_at import examples, probes, selection, syntax, word_figures
from insidebert.probes.attention import (
    AttentionAndWords,
    AttentionOnly,
    DistancesAndWords,
    HeadProbe,
    Sentences,
    attachment,
    padded_batches,
    right_branching,
)
from insidebert.probes.structural import StructuralProbe, tree_distances, word_states
from insidebert.results.paths import Paths
from insidebert.text import coreference, stanford, word_vectors
from insidebert.text.antecedents import antecedents, baselines
from insidebert.text.treebanks import Tree
from tests.test_look_at import eager_maps

SENTENCES = [
    ["the", "catastrophe", "slept", "."],
    ["zebras", "can", "sleep"],
    ["go"],
    ["the", "dogs", "that", "the", "cat", "can", "see", "will", "sleep"],
]


def made_tree(parents: list[int], relations: list[str] | None = None, words: list[str] | None = None) -> Tree:
    """Heads from 1, 0 the root."""
    words = tuple(words or [f"w{i}" for i in range(len(parents))])
    relations = tuple(relations or ["root" if parent == 0 else "dep" for parent in parents])
    return Tree(words, ("X",) * len(words), ("X",) * len(words), tuple(p - 1 for p in parents), relations)


def literal_words(maps, owner, words):
    """[layers, heads, W, W + 2] by the definition, a pair at a time."""
    layers, count, _, _ = maps.shape
    found = np.zeros((layers, count, words, words + 2))
    for source in range(words):
        own = [i for i, word in enumerate(owner) if word == source]
        targets = [[j for j, word in enumerate(owner) if word == goal] for goal in range(words)]
        for goal, pieces in enumerate([*targets, [0], [len(owner) - 1]]):
            for layer in range(layers):
                for head in range(count):
                    to = [sum(maps[layer, head, i, j] for j in pieces) for i in own]
                    found[layer, head, source, goal] = np.mean(to)
    return found


def test_word_attention_equals_the_literal_loop_and_its_rows_sum_to_one(any_tiny, tmp_path):
    encoded = encode(any_tiny, SENTENCES, special=True)
    maps = word_maps(any_tiny, encoded)
    attended = attended_words(any_tiny, encoded)
    for row, words in enumerate(SENTENCES):
        literal = literal_words(eager_maps(any_tiny, encoded, row), encoded.words[row], len(words))
        ours = maps[row].astype(float)  # [W, W + 2, layers * heads]
        assert np.allclose(ours.reshape(*ours.shape[:2], 3, 2).transpose(2, 3, 0, 1), literal, atol=6e-4)
        assert np.allclose(ours.sum(1), 1, atol=3e-3)
        between = literal[..., : len(words)].copy()
        between[..., np.arange(len(words)), np.arange(len(words))] = -1
        wanted = np.stack([between.argmax(3), between.argmax(2)])  # [2, layers, heads, W]
        if len(words) > 1:
            assert (attended[row] == wanted.transpose(0, 3, 1, 2)).all()
        else:
            assert (attended[row] == -1).all()
    on_disk = word_maps(any_tiny, encoded, tmp_path / "maps.npy")
    assert (on_disk.values == maps.values).all()


def test_only_allowed_and_earlier_words_are_chosen(tiny):
    encoded = encode(tiny, SENTENCES, special=True)
    allowed = [np.array([i % 2 == 0 for i in range(len(words))]) for words in SENTENCES]
    for earlier in (False, True):
        for found, may in zip(attended_words(tiny, encoded, allowed, earlier), allowed, strict=True):
            for word in range(len(may)):
                candidates = [i for i in range(word if earlier else len(may)) if may[i] and i != word]
                assert set(np.unique(found[:, word])) <= (set(candidates) or {-1})


def test_sentences_that_cannot_be_aligned_are_counted(tiny):
    aligned = align(tiny, [["the", "cat"], ["the", "​"], ["sleep"] * 80])
    assert aligned.kept.tolist() == [0]
    assert aligned.skipped == {"a word without pieces": 1, f"more than {tiny.limit} pieces": 1}
    with pytest.raises(InputError, match="no sentence fits"):
        align(tiny, [["sleep"] * 80])


def answering(trees, chosen):
    """HeadHits where head 0 of one layer always chooses `chosen`, head 1 always the word itself plus one."""
    attended = []
    for tree, picks in zip(trees, chosen, strict=True):
        own = np.stack([np.array(picks), np.minimum(np.arange(len(tree)) + 1, len(tree) - 1)], axis=1)
        attended.append(np.stack([own, np.full_like(own, -1)])[:, :, None])  # [2, W, 1, 2]
    return head_accuracy.answers(trees, attended)


def test_accuracy_counts_roots_among_all_and_offsets_fairly():
    trees = [made_tree([2, 0, 2], ["det", "root", "dobj"])] * 4
    given = answering(trees, [[1, 0, 1]] * 4)
    best_of = head_accuracy.best_heads(given, [None, "det", "dobj", "nsubj"])
    assert list(best_of) == [None, "det", "dobj"]
    best = best_of[None]
    assert (best.accuracy, best.cases, best.head) == (pytest.approx(2 / 3), 12, (0, 0, 0))
    assert best.offset_accuracy == pytest.approx(1 / 3)
    det = best_of["det"]
    assert (det.accuracy, det.offset, det.offset_accuracy) == (1, 1, 1)
    assert best_of["dobj"].offset == -1


def test_possessors_are_asked_through_their_clitic():
    words = ["Ann", "'s", "dog"]
    trees = [made_tree([3, 1, 0], ["poss", "possessive", "root"], words)]
    # from Ann: 's; from 's: dog
    found = np.array([1, 2, 0])[None, :, None, None].repeat(2, 0)
    assert head_accuracy.answers(trees, [found]).by_head[:, 0].tolist() == [True, False, False]
    # the dog is one word behind the 's, though two behind Ann
    offsets = dict(zip(head_accuracy.OFFSETS, head_accuracy.answers(trees, [found]).by_offset[0].tolist(), strict=True))
    assert offsets == {-3: False, -2: False, -1: False, 1: True, 2: False}
    plain = [made_tree([3, 1, 0], ["nsubj", "possessive", "root"], words)]
    assert head_accuracy.answers(plain, [found]).by_head[:, 0].tolist() == [False, False, False]


def test_held_out_accuracy_sees_through_luck():
    random = np.random.default_rng(0)
    shape, words = (2, 10, 20), 200
    given = head_accuracy.HeadHits(
        np.array(["dobj"] * words),
        np.arange(words),
        random.random((words, 400)) < 0.3,
        np.zeros((words, len(head_accuracy.OFFSETS)), dtype=bool),
        shape,
    )
    best = head_accuracy.best_heads(given, ["dobj"])["dobj"]
    assert best.accuracy > 0.37
    assert best.held_out < 0.36
    assert best.low < 0.3 < best.high
    assert not best.stable


def synthetic(trees: list[Tree], width: int = 4, seed: int = 0) -> Sentences:
    """Attention of three heads: one points at the parent, one and the other are noise; roots attend to [CLS]."""
    random = np.random.default_rng(seed)
    values = []
    for tree in trees:
        w = len(tree)
        maps = random.dirichlet(np.ones(w + 2), size=(3, w))
        maps[0] = 0
        for word, parent in enumerate(tree.heads):
            maps[0, word, parent if parent >= 0 else w] = 1
        values.append(maps.transpose(1, 2, 0).reshape(-1, 3))
    words = np.array([len(tree) for tree in trees])
    sizes = words * (words + 2)
    maps = WordMaps(np.concatenate(values).astype(np.float16), np.cumsum(sizes) - sizes, words)
    vectors = [random.normal(size=(len(t), width)).astype(np.float32) for t in trees]
    for own in vectors:
        own[:, 0] = 1  # something that all words share
    return Sentences(trees, maps, vectors)


def random_trees(count: int, seed: int = 0) -> list[Tree]:
    random = np.random.default_rng(seed)
    trees = []
    for _ in range(count):
        order = random.permutation(random.integers(2, 9))
        parents = [0] * len(order)
        for rank, word in enumerate(order[1:], 1):
            parents[word] = int(order[random.integers(rank)]) + 1
        trees.append(made_tree(parents))
    return trees


@pytest.mark.parametrize("scorer", [lambda: AttentionOnly(3), lambda: AttentionAndWords(3, 4)], ids=["alone", "words"])
def test_a_head_that_points_at_the_parent_gives_a_perfect_parser(scorer):
    data = synthetic(random_trees(120))
    torch.manual_seed(0)
    probe = HeadProbe(scorer(), epochs=8, rate=0.1).fit(data.select(range(80)), data.select(range(80, 100)))
    test = data.select(range(100, 120))
    assert probe.score(test) == 1
    assert all(
        (np.array(tree.heads) == found).all() for tree, found in zip(test.trees, probe.predict(test), strict=True)
    )


def test_distances_learn_a_fixed_offset():
    trees = [made_tree([*range(2, length + 1), 0]) for length in range(2, 7) for _ in range(8)]
    data = Sentences(trees, None, [np.zeros((len(t), 4), dtype=np.float32) for t in trees])
    torch.manual_seed(0)
    assert HeadProbe(DistancesAndWords(4), epochs=5, rate=0.01).fit(data, data).score(data) == 1
    assert attachment(trees, right_branching(trees)).sum(0).tolist() == [sum(map(len, trees))] * 2


def test_scores_do_not_depend_on_the_batch():
    data = synthetic(random_trees(12))
    for scorer in (AttentionOnly(3), AttentionAndWords(3, 4), DistancesAndWords(4)):
        for weight in scorer.parameters():
            torch.nn.init.normal_(weight)
        probe = HeadProbe(scorer, epochs=0).fit(data, data)
        together = probe.predict(data)
        for i, found in enumerate(together):
            assert (found == probe.predict(data.select([i]))[0]).all()


def test_words_with_weights_of_attention_alone_score_alike():
    data = synthetic(random_trees(5))
    ones = Sentences(data.trees, data.maps, [np.full((len(t), 1), 0.5, dtype=np.float32) for t in data.trees])
    alone, words = AttentionOnly(3), AttentionAndWords(3, 1)
    with torch.no_grad():
        for name in ("to_dependent", "to_head", "to_special"):
            torch.nn.init.normal_(getattr(alone, name))
        for part, weights in ((words.down, alone.to_dependent), (words.up, alone.to_head)):
            for linear in part.values():  # two words, each with a vector of one half, share the weight
                linear.weight.copy_(weights[:, None])
        words.to_special.copy_(alone.to_special)
        for batch in padded_batches(ones, 2):
            assert torch.allclose(alone(batch), words(batch), atol=1e-5)


def test_punctuation_is_not_scored():
    tree = made_tree([2, 0, 2], ["det", "root", "punct"])
    assert attachment([tree], [np.array([1, -1, 0])]).tolist() == [[2, 2]]


def test_structural_probe_finds_trees_that_lie_in_the_states():
    trees = random_trees(60, seed=1)
    states = []
    for tree in trees:  # the squared distance of these states is the distance in the tree
        own = torch.zeros(len(tree), 12)
        for word in range(len(tree)):
            place = word
            while tree.heads[place] >= 0:
                own[word, place] = 1
                place = tree.heads[place]
        states.append(torch.stack([torch.randn(len(tree), 12), own]))
    probe = StructuralProbe(rank=12, epochs=12, rate=0.05).fit(states[:40], trees[:40], states[40:50], trees[40:50])
    right, edges = probe.edges(states[50:], trees[50:])[:, 1].sum(0)
    assert probe.layer_ == 1
    assert right / edges > 0.95


def test_tree_distances_by_hand():
    assert tree_distances(made_tree([2, 0, 2, 3])).tolist() == [[0, 1, 2, 3], [1, 0, 1, 2], [2, 1, 0, 1], [3, 2, 1, 0]]


def test_word_states_are_means_of_pieces(tiny):
    encoded = encode(tiny, SENTENCES[:2], special=True)
    states = word_states(tiny, encoded)
    assert [tuple(own.shape) for own in states] == [(4, 4, 8), (4, 3, 8)]
    ids = torch.from_numpy(encoded.ids[0])[None]
    with torch.inference_mode():
        last = tiny.encoder(input_ids=ids).last_hidden_state[0]
    pieces = encoded.pieces_of(0, [1])
    assert len(pieces) > 1
    assert torch.allclose(states[0][-1, 1], last[pieces].mean(0).half(), atol=5e-3)


def test_word_vectors(tmp_path):
    (tmp_path / "glove.txt").write_text("the 1 2\ncat 3 4.5\n. . . 7 8\n")
    found = word_vectors.read(str(tmp_path / "glove.txt"))
    assert found.of(("Cat", "dog", ". . .")).tolist() == [[3, 4.5], [0, 0], [7, 8]]
    (tmp_path / "bad.txt").write_text("the 1 2\ncat 3\n")
    with pytest.raises(InputError, match=r"bad.txt, line 2: not a word and 2 numbers"):
        word_vectors.read(str(tmp_path / "bad.txt"))
    with pytest.raises(InputError, match="no word vectors at"):
        word_vectors.read(str(tmp_path / "none.txt"))
    embedded = word_vectors.read(word_vectors.EMBEDDED)
    king, queen, seven = embedded.of(("king", "queen", "seven"))
    assert embedded.width == 50
    assert king @ queen / np.linalg.norm(king) / np.linalg.norm(queen) > king @ seven / np.linalg.norm(
        king
    ) / np.linalg.norm(seven)


def test_schemes(tmp_path):
    own = Paths.find().corpus / "treebank" / "animals.conllu"
    with pytest.raises(InputError, match="no relations 'sd'; there are stanford, ud"):
        stanford.trees_of(own, "sd")
    with pytest.raises(InputError, match="is in Stanford Dependencies already"):
        stanford.trees_of(own, "ud")
    universal = tmp_path / "a.conllu"
    rows = [("in", "ADP", "IN", 2, "case"), ("Rome", "PROPN", "NNP", 0, "root")]
    universal.write_text(
        "\n".join(f"{i}\t{w}\t_\t{u}\t{x}\t_\t{h}\t{r}\t_\t_" for i, (w, u, x, h, r) in enumerate(rows, 1))
    )
    assert stanford.trees_of(universal, "ud")[0][0].relations == ("case", "root")
    assert stanford.trees_of(universal, "stanford")[0][0].relations == ("root", "pobj")


@pytest.fixture(scope="module")
def one_field(tmp_path_factory):
    """The first articles of one field, short enough for the tiny models."""
    text = (Paths.find().corpus / "treebank" / "animals.conllu").read_text().split("\n\n")
    path = tmp_path_factory.mktemp("treebank") / "some.conllu"
    path.write_text("\n\n".join(text[:40]) + "\n")
    return path


@pytest.fixture(scope="module")
def short_sentences(tmp_path_factory):
    """Sentences of one field that fit the tiny models, whose tokenizer spells words out."""
    text = (Paths.find().corpus / "treebank" / "animals.conllu").read_text().split("\n\n")
    path = tmp_path_factory.mktemp("treebank") / "short.conllu"
    path.write_text("\n\n".join(sorted(text, key=len)[1:29]) + "\n\n")  # the first is the end of the file
    return path


def test_the_experiments_give_their_tables(tiny, one_field):
    made = syntax.syntax(tiny, one_field, "stanford", 5)
    assert {"relations", "heads", "contrasts", "sentences"} == set(made)
    assert made["relations"]["relation"].iloc[0] == "all"
    assert "punct" not in set(made["relations"]["relation"])
    assert made["sentences"]["sentences"].sum() == 40
    best = made["relations"].set_index("relation").loc["det"]
    of_head = made["heads"].query("relation == 'det'")["accuracy"]
    assert best["accuracy"] == of_head.max()
    with pytest.raises(InputError, match="train on at least 20"):
        probes.probes(tiny, one_field, "stanford", 500, word_vectors.EMBEDDED, 1, [0])


def test_one_document_cannot_be_halved(tiny, one_field):
    text = one_field.read_text()
    alone = one_field.with_name("one.conllu")
    alone.write_text(text[: text.index("# newdoc", 10)])
    with pytest.raises(InputError, match="has one document; a head is chosen on half of them"):
        selection.selection(tiny, alone)
    with pytest.raises(InputError, match="too few sentences: a head is chosen on one half"):
        head_accuracy.best_heads(answering([made_tree([2, 0])], [[1, 0]]), [None])


def test_selection_counts_by_hand(tiny, one_field):
    made = selection.selection(tiny, one_field)
    methods = made["methods"].set_index(["method", "candidates", "mentions"])
    parts, _, _ = selection.parts_of(tiny, coreference.documents(one_field)[0])
    right = cases = 0
    for part in parts:
        guesses = baselines(part)["nearest"]
        for i, before in antecedents(part).items():
            right += guesses[i] in before
            cases += 1
    nearest = methods.loc[("nearest", "earlier mentions", "all")]
    assert (nearest["cases"], nearest["accuracy"]) == (cases, pytest.approx(right / cases))
    by_kind = made["methods"].query("method == 'nearest' and mentions != 'all'")
    assert by_kind["cases"].sum() == cases
    for candidates in selection.CANDIDATES:
        best = methods.loc[("best head", candidates, "all")]
        assert best["accuracy"] == made["heads"].query("candidates == @candidates")["accuracy"].max()
        assert best["held_out"] <= best["accuracy"]


def test_every_row_of_table_3(tiny, tiny_folder, short_sentences, monkeypatch):
    monkeypatch.setattr(probes, "StructuralProbe", partial(StructuralProbe, epochs=1))
    made = probes.probes(tiny, short_sentences, "stanford", 20, word_vectors.EMBEDDED, 1, [0])
    scores = made["scores"].set_index("probe")["score"]
    assert scores.index.tolist() == [*word_figures.PRINTED["table-3"]]
    assert made["sentences"].set_index("what")["sentences"].iloc[:2].to_dict() == {
        "training": 20,
        "test": len(align(tiny, [tree.words for tree in stanford.trees_of(short_sentences, "stanford")[0]]).kept) - 20,
    }
    assert made["weights"].groupby(["layer", "direction"]).size().eq(2).all()  # two heads a layer, looked at both ways
    random = loading.load(loading.resolve(f"random:{tiny_folder('bert')}"))
    twin = probes.probes(random, short_sentences, "stanford", 20, word_vectors.EMBEDDED, 1, [0])
    drawn = twin["scores"].set_index("probe")["score"]
    assert drawn["distances + words"] == scores["distances + words"]
    assert drawn["attention + words"] == scores["random layers' attention + words"]  # the trained model's twin
    gain = (
        twin["contrasts"]
        .set_index("contrast")
        .at["attention + words minus random layers' attention + words", "estimate"]
    )
    assert gain != 0  # a random model's twin is another draw


def test_all_heads_of_a_sentence_of_your_own(tiny):
    pieces, maps = examples.own_sentence(tiny, "the cat can sleep")
    assert maps.shape == (3, 2, 6, 6)
    assert np.allclose(maps.sum(-1), 1, atol=1e-5)
    assert pieces == ["[CLS]", "the", "cat", "can", "sleep", "[SEP]"]


@pytest.mark.integration
def test_the_best_heads_of_the_default_model():
    model = loading.load(loading.resolve("distilbert-cased"))
    made = syntax.syntax(model, Paths.find().corpus / "treebank" / "animals.conllu", "stanford", 20)
    accuracy = made["relations"].set_index("relation")["accuracy"]
    least = {"det": 0.80, "dobj": 0.60, "amod": 0.70, "poss": 0.70, "auxpass": 0.80}
    assert {name: accuracy[name] >= bound for name, bound in least.items()} == dict.fromkeys(least, True)


@pytest.mark.integration
def test_antecedents_of_an_embedded_model():
    model = loading.load(loading.resolve("minilm-l6"))
    made = selection.selection(model, Paths.find().corpus / "treebank" / "animals.conllu")
    heads_of = made["methods"].query("method == 'best head' and mentions == 'all'").set_index("candidates")
    assert heads_of["accuracy"].max() == made["heads"]["accuracy"].max()
    assert 0.5 < heads_of.loc["earlier mentions", "held_out"] < 1
    assert made["documents"].set_index("what").at["sentences left out", "count"] == 0


def test_the_literal_loop_of_the_bench_agrees(tiny, one_field):
    trees, _ = stanford.trees_of(one_field, "stanford")
    encoded = align(tiny, [tree.words for tree in trees])
    trees = [trees[i] for i in encoded.kept]
    literal, ours = (score(tiny, trees, encoded.encoded) for score in (literal_loops.literal_heads, report.every_head))
    assert np.allclose(literal, ours, atol=1e-6)
