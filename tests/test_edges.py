"""Edges: files, bad input, splits, control tasks; rules on hand-made trees, the grammar's sentences, recorded data."""

import json
from collections import Counter
from dataclasses import replace

import pytest

from insidebert.errors import InputError
from insidebert.text import edge_gum, edge_recorded, edge_stories, edge_trees
from insidebert.text.edge_files import read_edges, write_edges
from insidebert.text.edge_recorded import stars
from insidebert.text.edge_sources import ORDER, embedded_tasks, recorded_tasks
from insidebert.text.edges import (
    SAME_SPANS,
    UNSEEN,
    EdgeSentence,
    EdgeTask,
    Target,
    control_of,
    counts_of,
    split,
    task_of,
)
from insidebert.text.treebanks import Tree

WORDS = ("The", "old", "keeper", "of", "seals", "sleeps", ".")


def sentence(*targets, words=WORDS, group="d"):
    return EdgeSentence(words, targets, group)


def one(start, stop, *labels):
    return Target((start, stop), None, labels)


@pytest.fixture(scope="module")
def tasks(pytestconfig):
    return embedded_tasks(pytestconfig.rootpath / "corpus")


def test_files_come_back_as_they_were(tmp_path):
    given = [
        sentence(one(0, 5, "NP"), Target((5, 6), (0, 5), ("ARG0", "agent"))),
        sentence(Target((0, 1), (2, 3), ()), words=("Ça", "x\u2028y", "va"), group="другой"),
    ]
    write_edges(tmp_path / "edges.jsonl", given)
    assert read_edges(tmp_path / "edges.jsonl") == (given, Counter())


def test_jiants_files_are_read(tmp_path):
    path = tmp_path / "jiant.json"
    lines = [
        {"text": "Ann saw Bo .", "info": {"document_id": "wsj/1"}, "targets": [{"span1": [0, 1], "label": "PERSON"}]},
        {"text": "It rains .", "targets": []},
        {"text": "Ann saw Bo .", "targets": [{"span1": [0, 1], "span2": [2, 3], "label": ["a", "b"]}] * 2},
    ]
    path.write_text("\n".join(map(json.dumps, lines)) + "\n\n")
    found, left_out = read_edges(path)
    assert found[0] == sentence(one(0, 1, "PERSON"), words=("Ann", "saw", "Bo", "."), group="wsj/1")
    assert found[1].targets == (Target((0, 1), (2, 3), ("a", "b")),)
    assert left_out == {"sentence without targets": 1, SAME_SPANS: 1}


BAD = {
    "no JSON": ("{", "no JSON"),
    "no targets": ('{"text": "a b"}', "an edge file has objects"),
    "a list": ("[1]", "an edge file has objects"),
    "no words": ('{"text": "", "targets": []}', "no words"),
    "two spaces": ('{"text": "a  b", "targets": []}', "words with one space"),
    "outside": (
        '{"text": "a b", "targets": [{"span1": [1, 3], "label": "x"}]}',
        r"span1: \[1, 3\] lies outside .* 2 words",
    ),
    "other tokens": ('{"text": "a b", "targets": [{"span1": [0, 9], "label": "x"}]}', "another tokenisation"),
    "negative": ('{"text": "a b", "targets": [{"span1": [-1, 1], "label": "x"}]}', "lies outside"),
    "backwards": ('{"text": "a b", "targets": [{"span1": [1, 0], "label": "x"}]}', "lies outside"),
    "empty span": ('{"text": "a b", "targets": [{"span1": [1, 1], "label": "x"}]}', r"one word is \[1, 2\]"),
    "second span": (
        '{"text": "a b", "targets": [{"span1": [0, 1], "span2": [2, 2], "label": "x"}]}',
        "span2: .* is empty",
    ),
    "a number": ('{"text": "a b", "targets": [{"span1": 1, "label": "x"}]}', "no half-open interval"),
    "fractions": ('{"text": "a b", "targets": [{"span1": [0.5, 1], "label": "x"}]}', "no half-open interval"),
    "no span": ('{"text": "a b", "targets": [{"label": "x"}]}', "no span1"),
    "no object": ('{"text": "a b", "targets": [3]}', "is no object"),
    "empty label": ('{"text": "a b", "targets": [{"span1": [0, 1], "label": ""}]}', "a text that is not empty"),
    "no label": ('{"text": "a b", "targets": [{"span1": [0, 1]}]}', "label is None"),
    "label twice": ('{"text": "a b", "targets": [{"span1": [0, 1], "label": ["x", "x"]}]}', "a label stands twice"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_lines_are_named(tmp_path, what):
    line, said = BAD[what]
    path = tmp_path / "edges.jsonl"
    path.write_text('{"text": "a b", "targets": [{"span1": [0, 1], "label": "x"}]}\n' + line + "\n")
    with pytest.raises(InputError, match=rf"edges\.jsonl, line 2.*{said}"):
        read_edges(path)


def test_files_without_targets_are_refused(tmp_path):
    path = tmp_path / "edges.jsonl"
    path.write_text('{"text": "a b", "targets": []}\n')
    with pytest.raises(InputError, match="no sentence with a target"):
        read_edges(path)


def test_tasks_that_are_none_are_refused():
    own = [sentence(one(0, 1, "x"))]
    with pytest.raises(InputError, match="pos: the test part has no target"):
        task_of("pos", {"train": own, "development": own, "test": [sentence()]}, Counter())
    with pytest.raises(InputError, match=r"knows one label, \('x',\)"):
        task_of("pos", {"train": own, "development": own, "test": own}, Counter())
    mixed = [sentence(one(0, 1, "x"), Target((0, 1), (1, 2), ("y",)))]
    with pytest.raises(InputError, match="some targets have one span and some two"):
        task_of("pos", {"train": mixed, "development": own, "test": own}, Counter())
    sometimes = [sentence(one(0, 1, "x"), one(1, 2))]  # one label, and not always: there is something to tell
    assert task_of("spr", dict.fromkeys(("train", "development", "test"), sometimes), Counter()).labels == ("x",)


def test_labels_unseen_in_training_are_counted_and_kept():
    train, later = [sentence(one(0, 1, "x"), one(1, 2, "y"))], [sentence(one(0, 1, "z"), one(1, 2, "x"))]
    task = task_of("pos", {"train": train, "development": later, "test": later}, Counter(odd=0))
    assert task.labels == ("x", "y") and task.scored == ("x", "y", "z")
    assert task.left_out == {UNSEEN: 2}
    assert counts_of(task)["targets test"] == 2


def test_what_is_scored():
    def task(name, *labels):
        return EdgeTask(name, *[(sentence(*[Target((0, 1), (1, 2), (label,)) for label in labels]),)] * 3)

    assert task("coreference", "0", "1").scored == ("1",)
    assert task("relations", "Other", "Cause-Effect(e1,e2)").scored == ("Cause-Effect(e1,e2)",)
    roles = task("roles", "ARG0", "ARGA", "ARG1-DSP", "ARGM-TMP", "R-ARG0", "C-ARG1")
    assert roles.scored == ("ARG0", "ARG1-DSP", "ARGA", "ARGM-TMP")
    assert roles.parts == {"core": ("ARG0", "ARG1-DSP", "ARGA"), "non-core": ("ARGM-TMP",)}
    assert task("pos", "NN", "R-X").scored == ("NN", "R-X") and task("pos", "NN", "DT").parts == {}


def test_context_and_distance():
    assert (one(2, 5, "x").context, one(2, 5, "x").distance) == (3, 0)
    two = Target((6, 7), (1, 3), ("x",))
    assert (two.context, two.distance) == (6, 5)


@pytest.mark.parametrize("seed", range(5))
def test_splits_cut_no_group(seed):
    given = [sentence(group=f"g{i % 9}", words=(str(i),)) for i in range(90)]
    parts = split(given, (0.7, 0.15, 0.15), seed)
    groups = [{s.group for s in part} for part in parts]
    assert sum(map(len, parts)) == 90 and not groups[0] & groups[1] and not (groups[0] | groups[1]) & groups[2]
    assert [len(part) for part in parts] == [70, 10, 10]
    assert [{s.group for s in p} for p in split(given[::-1], (0.7, 0.15, 0.15), seed)] == groups


def test_splits_of_few_groups():
    given = [sentence(group=group) for group in "aaaaaaab"]
    assert [len(part) for part in split(given, (0.5, 0.5))] in ([7, 1], [1, 7])
    assert all(split([sentence(group=g) for g in "abc"], (0.98, 0.01, 0.01)))
    with pytest.raises(InputError, match="2 documents cannot be split in 3 parts"):
        split(given, (0.7, 0.15, 0.15))


def test_a_control_task_depends_on_the_words_alone():
    given = tuple(sentence(one(0, 1, "x"), one(1, 2, "y"), words=(word, "b")) for word in "aacdefgh" * 4)
    control = control_of(EdgeTask("pos", given, given, given[:4]), seed=1)
    drawn = {}
    for own in control.sentences:
        for target in own.targets:
            assert drawn.setdefault(own.words[target.span1[0]], target.labels) == target.labels
    assert set(drawn.values()) == {("x",), ("y",)}
    assert [s.words for s in control.train] == [s.words for s in given]
    again = control_of(EdgeTask("pos", given, given, given[:4]), seed=1)
    assert control == again != control_of(EdgeTask("pos", given, given, given[:4]), seed=2)


def tree(rows, **more):
    """A tree of lines `word tag head relation`."""
    words, tags, heads, relations = zip(*(row.split() for row in rows), strict=True)
    return Tree(words, ("X",) * len(words), tags, tuple(int(h) - 1 for h in heads), relations, **more)


KEEPER = tree(
    [
        "The DT 2 det",
        "keeper NN 4 nsubj",
        "slowly RB 4 advmod",
        "fed VBD 0 root",
        "seals NNS 4 dobj",
        "that WDT 8 nsubjpass",
        "were VBD 8 auxpass",
        "caught VBN 5 rcmod",
        "by IN 8 prep",
        "her PRP 9 pobj",
        ". . 4 punct",
    ]
)


def shown(own, targets):
    return {(*(" ".join(own.words[a:b]) for a, b in t.spans), *t.labels) for t in targets}


def test_phrases_of_a_tree_by_hand():
    lost = Counter()
    assert shown(KEEPER, edge_trees.constituents(KEEPER, lost)) == {
        ("The keeper", "NP"),
        ("seals that were caught by her", "NP"),
        ("that were caught by her", "SBAR"),
        ("were caught by her", "VP"),
        ("by her", "PP"),
        ("slowly fed seals that were caught by her", "VP"),
        ("The keeper slowly fed seals that were caught by her", "S"),
    }
    assert not +lost


def test_roles_of_a_tree_by_hand():
    lost = Counter()
    assert shown(KEEPER, edge_trees.roles(KEEPER, lost)) == {
        ("fed", "The keeper", "actor"),
        ("fed", "slowly", "adverb"),
        ("fed", "seals that were caught by her", "undergoer"),
        ("caught", "that", "undergoer"),
        ("caught", "by her", "actor"),
    }
    alone = tree(["She PRP 2 nsubj", "slept VBD 0 root", "on IN 2 prep", "it PRP 3 pobj"])
    found = shown(alone, edge_trees.roles(alone, lost))
    assert found == {("slept", "She", "sole argument"), ("slept", "on it", "oblique")}


def test_dependencies_and_tags_by_hand():
    own = tree(["Seals NNS 2 nsubj", "sleep VBP 0 root"])
    assert shown(own, edge_trees.dependencies(own)) == {("Seals", "sleep", "nsubj"), ("sleep", "sleep", "root")}
    assert shown(own, edge_trees.tags(own)) == {("Seals", "NNS"), ("sleep", "VBP")}


def test_coreference_by_hand():
    entities = ["(1-proper-1)", None, "(2-nominal-2(1-pronoun-1)", "2)"]
    own = tree(["Ann NNP 2 nsubj", "fed VBD 0 root", "her PRP$ 4 poss", "seal NN 2 dobj"])
    own = replace(
        own, misc=tuple({"Entity": e} if e else {} for e in entities), metadata=(("global.Entity", "eid-kind-head"),)
    )
    assert shown(own, edge_trees.coreference(own, Counter())) == {
        ("Ann", "her", "1"),
        ("Ann", "her seal", "0"),
        ("her", "her seal", "0"),
    }


def test_stretches_with_a_gap_are_counted():
    crossing = tree(["A DT 3 det", "he PRP 4 nsubj", "book NN 4 dobj", "read VBD 0 root"])
    lost = Counter()
    assert ("A he book", "NP") not in shown(crossing, edge_trees.constituents(crossing, lost))
    edge_trees.roles(crossing, lost)
    assert lost["phrase with a gap"] and lost["argument with a gap"] == 1


def test_own_tasks_share_no_document_between_parts(tasks):
    assert list(tasks) == [name for name in ORDER if name != "winograd"]
    for name, task in tasks.items():
        parts = [{s.group for s in part} for part in (task.train, task.development, task.test)]
        assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2]), name
        assert len(task.train) > 500 and len(task.test) > 100
        assert all(0 <= a < b <= len(s.words) for s in task.sentences for t in s.targets for a, b in t.spans)
    trees = [tasks[name] for name in ("pos", "constituents", "dependencies", "roles", "coreference")]
    for part in ("train", "development", "test"):  # the same documents, so tasks can be seen side by side
        words = {s.words for s in getattr(tasks["pos"], part)}
        assert all({s.words for s in getattr(task, part)} <= words for task in trees)


def test_own_tasks_are_the_same_every_time(tasks, pytestconfig):
    assert embedded_tasks(pytestconfig.rootpath / "corpus") == tasks
    assert embedded_tasks(pytestconfig.rootpath / "corpus", seed=1)["spr"] != tasks["spr"]


def test_names_mean_what_their_sentence_says(tasks):
    types = {}
    for own in tasks["entities"].sentences:
        for target in own.targets:
            if target.labels[0] in edge_stories.NAMES:
                assert all(own.words[i][0].isupper() for i in range(*target.span1))
                types.setdefault(own.group, set()).update(target.labels)
        assert own.words[-1] == "." and own.words[0][0].isupper() and "comma" not in own.words
    shared = set(edge_stories.grammar().words_of("Name"))  # the others are surnames
    assert shared <= set(types) and all(len(types[name]) > 1 for name in shared)


def test_properties_are_those_of_the_argument_however_the_sentence_is_built(tasks):
    found = {t.labels for s in tasks["spr"].sentences for t in s.targets}
    assert found == {tuple(sorted((*own, *edge_stories.ALWAYS))) for own in edge_stories.PROPERTIES.values()}
    broken = [s for s in tasks["spr"].sentences if s.group == "cracked"]
    assert {t.span2 < t.span1 for s in broken for t in s.targets if "change_of_state" in t.labels} == {True, False}


def test_relations_are_told_in_both_directions(tasks):
    labels = tasks["relations"].labels
    assert len(labels) == 19 and "Other" in labels
    for own in tasks["relations"].sentences:
        (target,) = own.targets
        assert target.span1[1] <= target.span2[0]


def test_stars_by_hand_and_broken():
    assert stars(("(S(NP*)", "(VP*", "*))"), "x") == [("NP", 0, 1), ("VP", 1, 3), ("S", 0, 3)]
    with pytest.raises(InputError, match=r"f, line 3: word 2 closes"):
        stars(("*", "*)"), "f, line 3")
    with pytest.raises(InputError, match=r"f, line 3: \(NP opens at word 1 and never closes"):
        stars(("(NP*", "*"), "f, line 3")


PROPBANK = """#begin document (a/b); part 000
#sent_id = 1
web 0 0 Seals NNS (TOP(S(NP*) - - (ARG1*)
web 0 1 sleep VBP (VP(VP*)) sleep sleep.01 (V*)
web 0 2 . . *)) - - *

#end document
"""


def test_propbank_by_hand(tmp_path):
    path = tmp_path / "x.gold_conll"
    path.write_text(PROPBANK)
    (own,) = edge_recorded.propbank(path)
    assert own.words == ("Seals", "sleep", ".") and own.document == "a/b"
    lost = Counter()
    assert [t.labels for t in edge_recorded._roles(own, lost)] == [("ARG1",)]
    phrases = {(t.span1, t.labels[0]) for t in edge_recorded._phrases(own, lost)}
    assert phrases == {((0, 1), "NP"), ((1, 2), "VP"), ((0, 3), "S")}
    path.write_text(PROPBANK.replace(" - - *\n\n", " - -\n\n"))
    with pytest.raises(InputError, match=r"x\.gold_conll, line 5: 8 columns"):
        list(edge_recorded.propbank(path))


def test_semeval_and_gap_by_hand(tmp_path):
    folder = tmp_path / "semeval2010_task8"
    folder.mkdir()
    path = folder / "TRAIN_FILE.TXT"
    path.write_text('1\t"The <e1>sea bird</e1>\'s <e2>nest</e2>."\r\nOther\r\nComment:\r\n\r\n')
    (own,), rest = edge_recorded._semeval(tmp_path, Counter())
    assert rest is None and own.words == ("The", "sea", "bird", "'", "s", "nest", ".")
    assert own.targets == (Target((1, 3), (5, 6), ("Other",)),)
    path.write_text('1\t"The <e1>sea</e1> nest."\nOther\n')
    with pytest.raises(InputError, match="line 1: no number, tab and quoted sentence"):
        edge_recorded._semeval(tmp_path, Counter())
    gap = tmp_path / "gap.tsv"
    head = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL\n"
    gap.write_text(head + "1\tAnn Lee met Bo. She left.\tShe\t16\tAnn Lee\t0\tTRUE\tBo\t12\tFALSE\tu\n")
    (own,) = edge_recorded._gap_file(gap, Counter())
    assert shown(own, own.targets) == {("She", "Ann Lee", "1"), ("She", "Bo", "0")}
    gap.write_text(head + "1\tAnn met Bo.\tShe\t160\tAnn\t0\tTRUE\tBo\t8\tFALSE\tu\n")
    with pytest.raises(InputError, match=r"gap\.tsv, line 2: Pronoun 'She' is not at offset 160"):
        list(edge_recorded._gap_file(gap, Counter()))


def test_ontogum_brackets_by_hand():
    lost = Counter()
    found = edge_gum._brackets(["(1(2)", "_", "1)", "(3", "9)"], lost)
    assert found == {(0, 1): "2", (0, 3): "1"}
    assert lost == {"mention that crosses sentences": 2}


def test_recorded_tasks(shared):
    found = recorded_tasks(shared)
    assert list(found) == list(ORDER)
    counted = {name: counts_of(task) for name, task in found.items()}
    assert sum(counted["pos"][f"targets {part}"] for part in ("train", "development")) == 52487
    dependencies = counted["dependencies"]
    assert dependencies["sentences train"] + dependencies["sentences development"] == 3142
    assert dependencies["sentences test"] == 2001 and dependencies["targets test"] == 25147
    assert counted["spr"]["targets test"] == 751 and counted["winograd"]["targets test"] == 908
    assert sum(counted["relations"][f"targets {part}"] for part in ("train", "development", "test")) == 8000
    roles = found["roles"]
    assert {"ARG0", "ARG1", "ARG2"} <= set(roles.parts["core"]) and "R-ARG0" not in roles.scored
    assert set(found["entities"].labels) >= {"person", "place", "abstract"}
    for name, task in found.items():
        assert not {s.group for s in task.train} & {s.group for s in task.test}, name


def test_folders_without_data_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"no data of a task in .*there may be coref"):
        recorded_tasks(tmp_path)
    with pytest.raises(InputError, match="treebank: a treebank ends in"):
        embedded_tasks(tmp_path)
