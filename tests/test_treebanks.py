"""Readers of trees, and the conversion from Universal to Stanford Dependencies, rule by rule."""

import hashlib

import pooch
import pytest

from insidebert.errors import InputError
from insidebert.results.paths import Paths
from insidebert.text import treebanks
from insidebert.text.stanford import converted, is_universal, to_stanford
from insidebert.text.treebanks import Tree
from tests.strategies.texts import authors_format

CONLLU = """# newdoc id = d1
# global.Entity = eid-kind-head
1-2\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
1\tdo\tdo\tAUX\tVBP\t_\t3\taux\t_\t_
2\tn't\tnot\tPART\tRB\t_\t3\tadvmod\t_\tSpaceAfter=No
2.1\tghost\t_\t_\t_\t_\t_\t_\t_\t_
3\tgo\tgo\tVERB\tVB\t_\t0\troot\t_\t_

1\tYes\tyes\tINTJ\tUH\t_\t0\troot\t_\t_
"""


def tree(described: str) -> Tree:
    """`word/UPOS/XPOS/head/relation ...`, heads from 1."""
    words, upos, xpos, heads, relations = zip(*(item.split("/") for item in described.split()), strict=True)
    return Tree(words, upos, xpos, tuple(int(head) - 1 for head in heads), relations, ({},) * len(words))


def described(converted: Tree) -> str:
    parts = zip(converted.words, converted.heads, converted.relations, strict=True)
    return " ".join(f"{word}/{head + 1}/{relation}" for word, head, relation in parts)


def test_conllu_leaves_out_what_is_no_word(tmp_path):
    (tmp_path / "a.conllu").write_text(CONLLU)
    (first, second), left_out = treebanks.read(tmp_path / "a.conllu")
    assert left_out == {}
    assert (first.words, first.heads, first.relations) == (("do", "n't", "go"), (2, 2, -1), ("aux", "advmod", "root"))
    assert (first.upos[1], first.xpos[1], first.misc[1]) == ("PART", "RB", {"SpaceAfter": "No"})
    assert first.document == second.document == "d1"
    assert first.metadata == second.metadata == (("global.Entity", "eid-kind-head"),)
    assert treebanks.read(tmp_path) == ([first, second], {})


def test_conllx_and_the_authors_format_are_the_same_trees(tmp_path):
    rows = [("The", "DT", 2, "det"), ("cat", "NN", 3, "nsubj"), ("sleeps", "VBZ", 0, "root")]
    x = "\n".join(f"{i}\t{w}\t_\t{t}\t{t}\ta|b\t{h}\t{r}\t_\t_" for i, (w, t, h, r) in enumerate(rows, 1))
    (tmp_path / "a.conllx").write_text(x + "\n")
    (tmp_path / "dev.txt").write_text("\n".join(f"{w} {h}-{r}" for w, _, h, r in rows) + "\n\nGo 0-root\n")
    ((first,), _) = treebanks.read(tmp_path / "a.conllx")
    (second, third), _ = treebanks.read(tmp_path / "dev.txt")
    for own in (first, second):
        assert (own.words, own.heads, own.relations) == (
            ("The", "cat", "sleeps"),
            (1, 2, -1),
            ("det", "nsubj", "root"),
        )
    assert first.xpos == ("DT", "NN", "VBZ")
    assert third.words == ("Go",)


def test_documents_without_an_id_stay_apart(tmp_path):
    words = "1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n\n"
    (tmp_path / "a.conllu").write_text(words + "# newdoc\n" + words + words + "# newdoc\n" + words)
    (tmp_path / "b.conllu").write_text(words)
    names = [own.document for own in treebanks.read(tmp_path)[0]]
    assert len(set(names)) == 4
    assert names[1] == names[2]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2\tcat\tcat\tNOUN\tNN", r"bad.conllu, line 2: "),
        ("2\tcat\tcat\tNOUN\tNN\t_\tx\tnsubj\t_\t_", r"bad.conllu, line 2: "),
        ("2\tcat\tcat\tNOUN\tNN\t_\t_\tnsubj\t_\t_", r"bad.conllu, line 2: word 2 has no head"),
        ("3\tcat\tcat\tNOUN\tNN\t_\t1\tnsubj\t_\t_", r"bad.conllu, line 2: word 3 has no head, no form or is not 2"),
        ("2\t\tcat\tNOUN\tNN\t_\t1\tnsubj\t_\t_", r"bad.conllu, line 2: word 2 has no head, no form"),
        ("²\tcat\tcat\tNOUN\tNN\t_\t1\tnsubj\t_\t_", r"bad.conllu, line 2: '²' is no number of a word"),
        ("2\tcat\tcat\tNOUN\tNN\t_\t7\tnsubj\t_\t_", r"bad.conllu, line 2: word 2 has head 7, of 2 words"),
    ],
)
def test_malformed_conllu_is_named_by_file_and_line(tmp_path, line, message):
    path = tmp_path / "bad.conllu"
    path.write_text("1\tsleeps\tsleep\tVERB\tVBZ\t_\t0\troot\t_\t_\n" + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        treebanks.read(path)


def test_malformed_lines_of_the_other_formats_are_named(tmp_path):
    (tmp_path / "a.txt").write_text("go 0-root\na 3-x\n")
    with pytest.raises(InputError, match=r"a.txt, line 2: the word has head 3, of 2 words"):
        treebanks.read(tmp_path / "a.txt")
    (tmp_path / "2012.conll").write_text("#begin document (a); part 000\na 0 0 Go VB * - - - - * -\n#end document\n")
    with pytest.raises(InputError, match=r"2012.conll, line 1: CoNLL-2012 has no dependency trees"):
        treebanks.read(tmp_path / "2012.conll")
    (tmp_path / "b.txt").write_text("go 0-root\nhere advmod\n")
    with pytest.raises(InputError, match=r"b.txt, line 2: 'here advmod' is not a word, a space and <head>-<relation>"):
        treebanks.read(tmp_path / "b.txt")
    for name, message in (("c.xml", "ends in"), ("none.conllu", "no treebank at"), ("empty", "no treebank in")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(InputError, match=message):
            treebanks.read(tmp_path / name)


GOOD = "1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n2\thome\thome\tADV\tRB\t_\t1\tadvmod\t_\t_\n"
UNUSABLE = {
    "several roots": GOOD.replace("\t1\tadvmod", "\t0\troot"),
    "no root": GOOD.replace("\t0\troot", "\t2\tx"),
    "a cycle": GOOD.replace("\t1\tadvmod", "\t2\tadvmod"),
    "words withheld": GOOD.replace("Go", "_").replace("\thome", "\t_"),
    "a copy": "# sent_id = 1\n" + GOOD,
}


@pytest.mark.parametrize("reason", UNUSABLE)
def test_a_sentence_that_cannot_be_used_is_left_out_and_counted(tmp_path, reason):
    first = "# sent_id = 1\n" + GOOD
    (tmp_path / "a.conllu").write_text(f"{first}\n{UNUSABLE[reason]}\n{UNUSABLE[reason]}\n{GOOD}")
    trees, left_out = treebanks.read(tmp_path / "a.conllu")
    assert left_out == {reason: 2}
    assert [own.words for own in trees] == [("Go", "home")] * 2
    (tmp_path / "b.conllu").write_text(UNUSABLE["words withheld"])
    with pytest.raises(InputError, match=r"b.conllu holds no sentence .* left out: words withheld 1; .*README"):
        treebanks.read(tmp_path / "b.conllu")


def test_a_document_in_two_files_is_read_once_and_two_documents_of_one_name_stay_apart(tmp_path):
    for name, words in (("a", GOOD), ("b", GOOD), ("c", GOOD.replace("Go", "Come"))):
        (tmp_path / f"{name}.conllu").write_text(f"# newdoc id = d\n# sent_id = d-1\n{words}")
    trees, left_out = treebanks.read(tmp_path)
    assert [(own.words[0], own.document) for own in trees] == [("Go", "d"), ("Come", f"d of {tmp_path / 'c.conllu'}")]
    assert left_out == {"a copy": 1}


@pytest.mark.parametrize("change", ["mark", "windows", "mac", "blanks"])
@pytest.mark.parametrize("name", ["a.conllu", "a.conllx", "a.txt"])
def test_any_line_ends_and_a_byte_order_mark_change_nothing(tmp_path, change, name):
    text = "Go 0-root\n\nCome 0-root\nhome 1-x\n" if name == "a.txt" else f"{GOOD}\n{GOOD.replace('Go', 'Come')}"
    (tmp_path / name).write_bytes(text.encode())
    plain, _ = treebanks.read(tmp_path / name)
    changed = {
        "mark": "\ufeff" + text,
        "windows": text.replace("\n", "\r\n"),
        "mac": text.replace("\n", "\r"),
        "blanks": text.replace("\n\n", "\n \t\n"),
    }[change]
    (tmp_path / name).write_bytes(changed.encode())
    assert treebanks.read(tmp_path / name)[0] == plain
    assert len(plain) == 2


def test_the_authors_format_holds_the_same_trees(tmp_path, sample):
    trees, _ = treebanks.read(sample / "english.conllu")
    (tmp_path / "a.txt").write_text(authors_format(trees))
    again, _ = treebanks.read(tmp_path / "a.txt")
    assert [(t.words, t.heads, t.relations) for t in again] == [(t.words, t.heads, t.relations) for t in trees]


def test_other_languages_are_not_converted_by_the_rules_for_english(sample):
    english, _ = treebanks.read(sample / "english.conllu")
    assert [own.words for own in converted(english)] == [own.words for own in english]
    for language in ("german", "chinese"):  # both have some tags of the Penn Treebank
        trees, _ = treebanks.read(sample / f"{language}.conllu")
        assert is_universal(trees)
        with pytest.raises(InputError, match=f"{language}.conllu, line .* are for English .* use relations 'ud'"):
            converted(trees)


def test_real_files_of_other_people(reports):
    for name in ("bom1.conllu", "bom2.conllu", "bom.txt"):
        ((own, *_), left_out) = treebanks.read(reports / "byte-order-mark" / name)
        assert (own.words[0], left_out) == ("Cats", {})
    assert treebanks.read(reports / "several-roots" / "tworoots.conll")[1] == {"several roots": 1}
    with pytest.raises(InputError, match="words withheld 10"):
        treebanks.read(reports / "no-words" / "words-withheld.conllu")
    for name in ("zh.conllu", "cs.conllu"):
        with pytest.raises(InputError, match="use relations 'ud'"):
            converted(treebanks.read(reports / "not-english" / name)[0])


def test_a_download_is_checked(tmp_path, monkeypatch):
    monkeypatch.setattr(treebanks, "download_cache", lambda: tmp_path / "cache")
    released = tmp_path / "UD_Toy-Set" / "r2.1"
    released.mkdir(parents=True)
    (released / "toy-dev.conllu").write_text(CONLLU)
    monkeypatch.setattr(treebanks, "RELEASES", tmp_path.as_uri())
    monkeypatch.setattr(
        pooch,
        "retrieve",
        lambda url, known, file, folder: _fetched(tmp_path / url.removeprefix(tmp_path.as_uri() + "/"), known),
    )
    good = hashlib.sha256(CONLLU.encode()).hexdigest()
    name = "UD_Toy-Set/toy-dev.conllu@r2.1"
    (tmp_path / "cache" / "treebanks" / "UD_Toy-Set-r2.1").mkdir(parents=True)
    assert len(treebanks.read(f"{name}#sha256={good}")[0]) == 2
    assert len(treebanks.read(name)[0]) == 2
    with pytest.raises(InputError, match="could not be downloaded: does not match"):
        treebanks.read(f"{name}#sha256={'0' * 64}")
    (released / "toy-dev.conllu").write_text(CONLLU + "\n# changed\n")
    with pytest.raises(InputError, match="does not match"):  # the first download's checksum was kept
        treebanks.read(name)
    with pytest.raises(InputError, match="is not like UD_English-EWT"):
        treebanks.fetch("UD_English")


def _fetched(path, known):
    if known and pooch.file_hash(path) != known:
        raise ValueError("does not match")
    return path


RULES = {
    "a preposition without its object": (
        "believe/VERB/VB/0/root in/ADP/IN/1/obl",
        "believe/0/root in/1/prep",
    ),
    "expletives": (
        "It/PRON/PRP/3/expl is/AUX/VBZ/3/cop hard/ADJ/JJ/0/root to/PART/TO/5/mark win/VERB/VB/3/csubj "
        "there/PRON/EX/5/expl",
        "It/3/nsubj is/3/cop hard/0/root to/5/aux win/3/ccomp there/5/expl",
    ),
    "bare noun phrases": (
        "walked/VERB/VBD/0/root miles/NOUN/NNS/1/obl:unmarked last/ADJ/JJ/4/amod week/NOUN/NN/1/obl:unmarked",
        "walked/0/root miles/1/npadvmod last/4/amod week/1/tmod",
    ),
    "numbers that a name ends in": (
        "Section/NOUN/NN/0/root 7/NUM/CD/1/flat about/ADV/RB/4/advmod nine/NUM/CD/5/nummod lines/NOUN/NNS/1/appos",
        "Section/0/root 7/1/num about/4/quantmod nine/5/num lines/1/appos",
    ),
    "adjectives and titles": (
        "President/PROPN/NNP/2/nmod:desc Bush/PROPN/NNP/3/nsubj seemed/VERB/VBD/0/root happy/ADJ/JJ/3/xcomp",
        "President/2/nn Bush/3/nsubj seemed/0/root happy/3/acomp",
    ),
    "clauses on nouns": (
        "fact/NOUN/NN/0/root that/SCONJ/IN/4/mark he/PRON/PRP/4/nsubj left/VERB/VBD/1/acl",
        "fact/0/root that/4/mark he/4/nsubj left/1/ccomp",
    ),
    "an adverb below a preposition": (
        "until/ADP/IN/2/case recently/ADV/RB/3/obl lived/VERB/VBD/0/root",
        "until/3/prep recently/1/pcomp lived/0/root",
    ),
    "a subordinator before a gerund": (
        "while/SCONJ/IN/2/mark eating/VERB/VBG/3/advcl left/VERB/VBD/0/root",
        "while/2/mark eating/3/advcl left/0/root",
    ),
    "what belongs to the place stays there": (
        "They/PRON/PRP/4/nsubj are/AUX/VBP/4/cop among/ADP/IN/4/case men/NOUN/NNS/0/root who/PRON/WP/6/nsubj "
        "read/VERB/VBP/4/acl:relcl",
        "They/2/nsubj are/0/root among/2/prep men/3/pobj who/6/nsubj read/4/rcmod",
    ),
    "preposition and object": (
        "She/PRON/PRP/2/nsubj lived/VERB/VBD/0/root in/ADP/IN/5/case old/ADJ/JJ/5/amod Rome/PROPN/NNP/2/obl",
        "She/2/nsubj lived/0/root in/2/prep old/5/amod Rome/3/pobj",
    ),
    "of a noun": (
        "king/NOUN/NN/0/root of/ADP/IN/3/case Rome/PROPN/NNP/1/nmod",
        "king/0/root of/1/prep Rome/2/pobj",
    ),
    "two prepositions": (
        "came/VERB/VBD/0/root from/ADP/IN/5/case behind/ADP/IN/5/case the/DET/DT/5/det door/NOUN/NN/1/obl",
        "came/0/root from/1/prep behind/2/prep the/5/det door/3/pobj",
    ),
    "both conjuncts with a preposition": (
        "in/ADP/IN/2/case Rome/PROPN/NNP/0/root and/CCONJ/CC/5/cc in/ADP/IN/5/case Paris/PROPN/NNP/2/conj",
        "in/0/root Rome/1/pobj and/1/cc in/1/conj Paris/4/pobj",
    ),
    "conjunction hangs on the first": (
        "cats/NOUN/NNS/0/root and/CCONJ/CC/3/cc dogs/NOUN/NNS/1/conj",
        "cats/0/root and/1/cc dogs/1/conj",
    ),
    "possessor": (
        "Ann/PROPN/NNP/3/nmod:poss 's/PART/POS/1/case dog/NOUN/NN/0/root",
        "Ann/3/poss 's/1/possessive dog/0/root",
    ),
    "names end in their head": (
        "Jane/PROPN/NNP/4/nsubj M./PROPN/NNP/1/flat Doe/PROPN/NNP/1/flat left/VERB/VBD/0/root",
        "Jane/3/nn M./3/nn Doe/4/nsubj left/0/root",
    ),
    "be with a noun": (
        "She/PRON/PRP/4/nsubj is/AUX/VBZ/4/cop a/DET/DT/4/det nurse/NOUN/NN/0/root",
        "She/4/nsubj is/4/cop a/4/det nurse/0/root",
    ),
    "be with a place": (
        "She/PRON/PRP/4/nsubj was/AUX/VBD/4/cop in/ADP/IN/4/case Rome/PROPN/NNP/0/root ././././punct".replace(
            "././././punct", "./PUNCT/./4/punct"
        ),
        "She/2/nsubj was/0/root in/2/prep Rome/3/pobj ./2/punct",
    ),
    "be with an adverb": (
        "She/PRON/PRP/3/nsubj is/AUX/VBZ/3/cop there/ADV/RB/0/root",
        "She/2/nsubj is/0/root there/2/advmod",
    ),
    "passive": (
        "It/PRON/PRP/3/nsubj:pass was/AUX/VBD/3/aux:pass eaten/VERB/VBN/0/root by/ADP/IN/5/case "
        "cats/NOUN/NNS/3/obl:agent",
        "It/3/nsubjpass was/3/auxpass eaten/0/root by/3/prep cats/4/pobj",
    ),
    "infinitive, object, particle, negation": (
        "try/VERB/VB/0/root not/PART/RB/4/advmod to/PART/TO/4/mark give/VERB/VB/1/xcomp up/ADP/RP/4/compound:prt "
        "hope/NOUN/NN/4/obj",
        "try/0/root not/4/neg to/4/aux give/1/xcomp up/4/prt hope/4/dobj",
    ),
    "clauses keep their marker": (
        "say/VERB/VBP/0/root that/SCONJ/IN/4/mark he/PRON/PRP/4/nsubj left/VERB/VBD/1/ccomp",
        "say/0/root that/4/mark he/4/nsubj left/1/ccomp",
    ),
    "gerunds after a preposition": (
        "left/VERB/VBD/0/root after/SCONJ/IN/3/mark eating/VERB/VBG/1/advcl bread/NOUN/NN/3/obj",
        "left/0/root after/1/prep eating/2/pcomp bread/3/dobj",
    ),
    "relative clauses and participles": (
        "men/NOUN/NNS/0/root who/PRON/WP/3/nsubj read/VERB/VBP/1/acl:relcl books/NOUN/NNS/3/obj written/VERB/VBN/4/acl",
        "men/0/root who/3/nsubj read/1/rcmod books/3/dobj written/4/vmod",
    ),
    "compounds, numbers, times": (
        "two/NUM/CD/3/nummod police/NOUN/NN/3/compound cars/NOUN/NNS/4/nsubj came/VERB/VBD/0/root "
        "today/NOUN/NN/4/obl:tmod",
        "two/3/num police/3/nn cars/4/nsubj came/0/root today/4/tmod",
    ),
}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_of_the_conversion(rule):
    universal, stanford = RULES[rule]
    assert described(to_stanford(tree(universal))) == stanford


def test_no_cycle_and_no_lost_word_on_all_of_ewt(shared):
    trees, _ = treebanks.read(shared / "treebank" / "en_ewt-ud-dev.conllu")
    assert len(trees) == 2001
    assert is_universal(trees)
    made = converted(trees)  # a Tree with two roots or a cycle cannot be made
    assert [own.words for own in made] == [own.words for own in trees]
    relations = {relation for own in made for relation in own.relations}
    assert not relations & {"case", "obj", "obl", "nmod", "flat", "compound", "aux:pass", "nmod:poss", "acl"}
    assert not is_universal(made)
    assert {"tmod", "npadvmod", "acomp", "rcmod", "vmod", "pcomp", "prt", "possessive"} <= relations
    bare = [own.xpos[i] for own in made for i, r in enumerate(own.relations) if r == "npadvmod"]
    assert not {"IN", "TO", "RP"} & set(bare)
    pobj = [(own.relations[own.heads[i]]) for own in made for i, r in enumerate(own.relations) if r == "pobj"]
    assert sum(above in ("prep", "conj", "root") for above in pobj) / len(pobj) > 0.97


def test_our_own_treebank_is_large_enough_and_in_stanford_dependencies():
    trees, _ = treebanks.read(Paths.find().corpus / "treebank")
    assert len(trees) >= 1000
    assert not is_universal(trees)
    text = {line for file in Paths.find().corpus.glob("*.txt") for line in file.read_text().splitlines()}
    spaced = [
        "".join(w + ("" if m.get("SpaceAfter") == "No" else " ") for w, m in zip(own.words, own.misc, strict=True))
        for own in trees
    ]
    assert all(sentence.strip() in text for sentence in spaced)  # the treebank and the corpus stay in step
