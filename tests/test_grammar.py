"""The grammar engine, the paper's grammars, the corpus, and the authors' files."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from insidebert.errors import InputError
from insidebert.papers.open_sesame import authors_files
from insidebert.papers.open_sesame.probes import TASKS
from insidebert.papers.open_sesame.sentences import SHORT_LABELS, cells, condition_of, dependency, factors, grammar
from insidebert.results.paths import Paths
from insidebert.text import corpus
from insidebert.text.grammar import Grammar

SAMPLE = Path(__file__).parent / "data" / "open_sesame"
SMALL = """
vary n: sg pl
s.{n} -> NP.{n}:subject VI:target     # a comment
NP.{n} -> the Noun.{n}
Noun.sg -> 3 cat | dog
Noun.pl -> cats | Noun.sg +'s dogs
VI -> sleep | run
"""


def test_sampling_by_hand():
    small = Grammar(SMALL)
    found = {s.words: s for s in small.sample("s.pl", 6, seed=0)}
    assert set(found) == {
        ("the", *n, v) for n in [("cats",), ("cat's", "dogs"), ("dog's", "dogs")] for v in ("sleep", "run")
    }
    sentence = found["the", "cat's", "dogs", "run"]
    assert sentence.tags == ("NP", "Noun", "Noun", "VI")
    assert sentence.roles == (("subject", (0, 1, 2)), ("target", (3,)))
    assert sentence.target == 3


def test_weights_and_seeds():
    coin = Grammar("coin -> 3 heads N | tails N\n" + "N -> " + " | ".join(f"n{i}x" for i in range(3000)))
    draws = Counter(s.words[0] for s in coin.sample("coin", 1000, seed=0))
    assert 700 < draws["heads"] < 800
    assert coin.sample("coin", 5, seed=1) == coin.sample("coin", 5, seed=1) != coin.sample("coin", 5, seed=2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a -> Missing b", "Missing is used but no rule"),
        ("just words", "line 1: neither a rule"),
        ("a -> b |", "line 1: an alternative of a is empty"),
    ],
)
def test_broken_grammars(text, message):
    with pytest.raises(InputError, match=message):
        Grammar(text)


def test_a_condition_that_does_not_exist_or_is_too_small():
    with pytest.raises(InputError, match=r"no condition 's\.dual'"):
        Grammar(SMALL).sample("s.dual", 1, seed=0)
    with pytest.raises(InputError, match="only 4 distinct sentences, 5 are wanted"):
        Grammar(SMALL).sample("s.sg", 5, seed=0)


def test_all_cells_exist_by_name():
    assert set(cells("agreement")) == set(authors_files.AGREEMENT)
    assert set(cells("reflexive")) == set(authors_files.REFLEXIVE)
    assert (len(cells("agreement")), len(cells("reflexive"))) == (20, 9)
    named = {condition_of(cell) for p in ("agreement", "reflexive") for cell in cells(p)} - {"reflexive.none"}
    assert {name for name in named if ".none." not in name} == set(SHORT_LABELS)


@pytest.mark.parametrize("cell", [*authors_files.AGREEMENT, *authors_files.REFLEXIVE])
def test_every_cell_is_what_its_name_says(cell):
    source = grammar(cell.split(".")[0])
    people = {g: set(source.words_of(f"Human.{g}")) for g in ("masc", "fem")} if cell.startswith("reflexive") else {}
    for sentence in source.sample(cell, 40, seed=1):
        words, found = sentence.words, dependency(sentence)
        assert len(sentence.tags) == len(words)
        target, heads = words[found.target], [words[phrase[-1]] for phrase in found.triggers]
        parts = cell.split(".")
        if parts[0] == "agreement":
            number = {w: n for n in ("sg", "pl") for w in source.words_of(f"Noun.{n}")}
            assert [number[w] for w in heads] == parts[2:-1]
            assert ("that" in words or "who" in words) == (parts[1] == "rc")
            inflected = {"sg": "does", "pl": "do"}[parts[2]]
            assert target == inflected if parts[-1] == "inflected" else target in source.words_of("Modal")
        else:
            own = "masc" if target == "himself" else "fem"
            expected = {"match": own, "mismatch": {"masc": "fem", "fem": "masc"}[own]}
            assert heads[0] in people[own]
            assert all(h in people[expected[kind]] for h, kind in zip(heads[1:], parts[2:], strict=True))
            assert ("by" in words) == ("object" in parts[1])
            assert ("that" in words or "who" in words) == ("rc" in parts[1].split("_"))


def test_shortcuts_work_in_training_and_fail_in_generalization():
    source = grammar("probing")

    def first(sentence, tag):
        return next(i for i, t in enumerate(sentence.tags) if t in tag)

    nouns = ("Noun", "FarmNoun", "SeaNoun", "HiveNoun", "HomeNoun", "WorkNoun")
    for task, tag in (("main_auxiliary", ("Modal",)), ("subject_noun", nouns)):
        plain, others = TASKS[task]
        assert all(s.target == first(s, tag) for s in source.sample(plain, 300, seed=2))
        assert not any(s.target == first(s, tag) for other in others for s in source.sample(other, 300, seed=2))


@pytest.mark.parametrize("task", TASKS)
def test_no_sentence_is_in_two_splits(task):
    plain, others = TASKS[task]
    sampled = [s.words for split in (plain, *others) for s in grammar("probing").sample(split, 2000, seed=0)]
    assert len(set(sampled)) == len(sampled) == 2000 * (1 + len(others))


def test_factors_of_cells():
    assert factors("agreement.pp.sg.pl.inflected") == {"rc": 0, "match": 0, "inflected": 1}
    assert factors("agreement.rc.pl.pl.modal") == {"rc": 1, "match": 1, "inflected": 0}
    assert factors("reflexive.rc_object.mismatch.match") == {"rc": 1, "object_match": 1, "rc_match": 0}
    assert factors("reflexive.object.mismatch") == {"rc": 0, "object_match": 0, "rc_match": 0}
    assert factors("reflexive.rc.match") == {"rc": 1, "object_match": 0, "rc_match": 1}


@pytest.mark.integration
def test_every_word_of_the_lexicon_is_one_piece_cased_and_uncased():
    from insidebert.models import embedded

    source = grammar("probing", "agreement", "reflexive")
    words = {w for rules in source.rules.values() for _, items in rules for w, _ in items if w not in source.rules}
    words = {w for w in words if not w.startswith("+")}
    for name in ("distilbert-cased", "minilm-l6"):
        vocabulary = json.loads((embedded.folder_of(name) / "tokenizer.json").read_text())["model"]["vocab"]
        assert words <= set(vocabulary), sorted(words - set(vocabulary))


def test_the_corpus_is_what_it_says():
    articles = corpus.read(Paths.find().corpus)
    paragraphs = [p for a in articles for p in a.paragraphs]
    sentences = [s for p in paragraphs for s in p]
    assert len(articles) >= 300
    assert all(len(a.paragraphs) == 2 for a in articles)
    assert len(sentences) >= 1200
    assert len(set(sentences)) == len(sentences)
    lengths = np.array([sum(len(s.split()) for s in p) for p in paragraphs])
    assert lengths.min() >= 50
    assert lengths.max() <= 90
    assert all(s[-1] in ".?!\"')" for s in sentences)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("words first\n# A\nx.", "line 1: text before"),
        ("# A\n\n# B\nx.", "'A' has no text"),
        ("# A\nx.\n\n# A\ny.", "'A' stands in"),
    ],
)
def test_broken_corpus_files(tmp_path, text, message):
    (tmp_path / "file.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        corpus.read(tmp_path)


def test_a_folder_without_text_is_named(tmp_path):
    with pytest.raises(InputError, match="no articles in"):
        corpus.read(tmp_path)


def test_authors_reflexives_agree_with_our_names_for_their_cells():
    source = grammar("reflexive")
    masculine, feminine = set(source.words_of("Human.masc")), set(source.words_of("Human.fem"))
    for cell in (5, 6, 7, 8):
        _, _, rc, obj = authors_files.REFLEXIVE[cell].split(".")
        for d in authors_files.read_attention(SAMPLE / f"refl.{cell}"):
            antecedent, *others = [d.words[phrase[-1]] in masculine for phrase in d.triggers]
            assert all(d.words[phrase[-1]] in masculine | feminine for phrase in d.triggers)
            assert [other == antecedent for other in others] == [rc == "match", obj == "match"]


def test_targets_of_the_authors_format_are_auxiliaries():
    auxiliaries = {"can", "will", "would", "could"}
    read = authors_files.read_probing(SAMPLE / "aux.gen")
    assert len(read) == 12
    assert all(sentence.words[sentence.target] in auxiliaries for sentence in read)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("the cat can sleep", "line 2: 1 columns where 4 belong"),
        ("the cat can sleep\tx\t0 1\t", "line 2: 'x' is not a list of indices"),
        ("the cat can sleep\t2 3\t0 1\t", "line 2: one target index belongs here, not 2"),
        ("the cat can sleep\t9\t0 1\t", "line 2: an index of '9' lies outside"),
        ("the cat can sleep\t2\t\t", "line 2: the true trigger has no words"),
    ],
)
def test_malformed_lines_are_named_by_file_and_line(tmp_path, line, message):
    path = tmp_path / "agr.4"
    path.write_text(f"the cat near the dog can sleep\t5\t0 1\t3 4\n{line}\n")
    with pytest.raises(InputError, match=f"agr.4, {message}"):
        authors_files.read_attention(path)


def test_an_empty_file_is_named(tmp_path):
    (tmp_path / "aux.train").write_text("")
    with pytest.raises(InputError, match=r"aux\.train is empty"):
        authors_files.read_probing(tmp_path / "aux.train")


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ("s.{m} -> cat", r"line 2: \{m\} is no variable; declare it above"),
        ("s -> NP.{n}", r"line 2: \{n\} stands on the right alone"),
        ("s.{n -> cat", "line 2: a brace without its other half"),
        ("s.{n} -> {} cat", r"line 2: \{\} stands on the right alone"),
        ("s -> cat | +'s dog", r"line 2: an alternative of s begins with \+'s, which glues to a word before"),
        ("s -> 0 cat", "line 2: an alternative of s has weight 0"),
    ],
)
def test_a_rule_that_cannot_be_read_is_named_by_line(rule, message):
    with pytest.raises(InputError, match=message):
        Grammar(f"vary n: sg pl\n{rule}")


def test_a_symbol_that_never_ends_is_named():
    with pytest.raises(InputError, match="s never ends: its rules lead back to it"):
        Grammar("s -> the s").sample("s", 1, seed=0)
