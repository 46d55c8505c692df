"""Documents with coreference: three readers, the cut, the sieves."""

import numpy as np
import pytest

from insidebert.errors import InputError
from insidebert.results.paths import Paths
from insidebert.text import coreference
from insidebert.text.antecedents import antecedents, baselines
from insidebert.text.coreference import Document, Mention, cut, mentioned
from insidebert.text.treebanks import Tree


def annotated(entities: list[str], heads: list[int], tags: list[str], scheme="GRP-etype-infstat-link") -> Tree:
    words = tuple(f"w{i + 1}" for i in range(len(heads)))
    misc = tuple({"Entity": entity} if entity else {} for entity in entities)
    metadata = (("global.Entity", scheme),)
    return Tree(
        words, words, tuple(tags), tuple(h - 1 for h in heads), ("x",) * len(words), misc, place="t", metadata=metadata
    )


def test_nested_and_one_word_mentions():
    own = annotated(
        ["(1-person-new-coref(2-place-new)", "1)", "", "(1-person-giv)"], [2, 4, 4, 0], ["PRP$", "NN", "VB", "NNP"]
    )
    assert mentioned(own) == [
        Mention((0,), 0, "2", "pronoun"),
        Mention((0, 1), 1, "1", "nominal"),
        Mention((3,), 3, "1", "proper"),
    ]


def test_discontinuous_mentions_are_one():
    own = annotated(["(7[1/2]-person", "7[1/2])", "", "(7[2/2]-person)"], [4, 4, 4, 0], ["DT", "NN", "VB", "NN"])
    assert mentioned(own) == [Mention((0, 1, 3), 3, "7", "nominal")]


def test_same_entity_nested_in_itself():
    own = annotated(["(1-a", "(1-b)", "1)"], [3, 1, 0], ["NN", "NN", "NN"])
    assert [m.words for m in mentioned(own)] == [(1,), (0, 1, 2)]


def test_head_and_kind_fields_are_believed():
    own = annotated(["(1-proper-1", "1)"], [2, 0], ["NN", "NN"], scheme="eid-kind-head")
    assert mentioned(own) == [Mention((0, 1), 0, "1", "proper")]


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        (["(1-a", "", ""], "t: entity 1 opens at word 1 and never closes"),
        (["", "2)", ""], "t: word 2 closes entity 2, which is not open"),
        (["(3[2/2]-a)", "", ""], r"entity 3 has part 2 of 2 without the one before"),
        (["(3[1/2]-a)", "", ""], "entity 3 lacks its last part"),
    ],
)
def test_brackets_that_do_not_fit_are_named(entities, message):
    with pytest.raises(InputError, match=message):
        mentioned(annotated(entities, [0, 1, 1], ["NN"] * 3))


CONLL_2012 = """#begin document (bc/a); part 000
bc/a 0 0 Ann NNP * - - - - * (0)
bc/a 0 1 saw VBD * - - - - * -
bc/a 0 2 the DT * - - - - * (1
bc/a 0 3 dog NN * - - - - * -
bc/a 0 4 of IN * - - - - * -
bc/a 0 5 her PRP$ * - - - - * (2|(0)
bc/a 0 6 sister NN * - - - - * 2)|1)

bc/a 0 0 It PRP * - - - - * (1)
bc/a 0 1 barked VBD * - - - - * -

#end document
"""


def test_conll_2012(tmp_path):
    (tmp_path / "a.gold_conll").write_text(CONLL_2012)
    ((document,), left_out) = coreference.documents(tmp_path)
    assert left_out == {}
    assert document.ends == (7, 9)
    found = [(m.entity, m.words, document.words[m.head], m.kind) for m in document.mentions]
    assert found == [  # the sister is mentioned once, so she is no mention
        ("0", (0,), "Ann", "proper"),
        ("1", (2, 3, 4, 5, 6), "dog", "nominal"),
        ("0", (5,), "her", "pronoun"),
        ("1", (7,), "It", "pronoun"),
    ]
    (tmp_path / "b_conll").write_text(CONLL_2012.replace("2)|1)", "2)"))
    with pytest.raises(InputError, match="b_conll, line 9: entity 1 opens and never closes in its sentence"):
        coreference.documents(tmp_path / "b_conll")
    (tmp_path / "c_conll").write_text(CONLL_2012.replace("(1)", "9)"))
    with pytest.raises(InputError, match="c_conll, line 10: entity 9 closes and is not open"):
        coreference.documents(tmp_path / "c_conll")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (" (2|(0)", " 2|(0)", "line 7: '2' opens no mention and closes none"),
        ("bc/a 0 0 It PRP * - - - - * (1)", "bc/a 0 0 It (1)", "line 10: 5 columns; CoNLL-2012 has at least 12"),
        ("#end document\n", "", "line 13: the last document has no #end document"),
        (
            "#begin document (bc/a); part 000\n",
            "",
            "line 1: a word outside a document; .* '#begin document'",
        ),
        ("\nbc/a 0 0 It", "#begin document (bc/b); part 000\nbc/a 0 0 It", "line 9: #begin and #end document do not"),
    ],
)
def test_malformed_conll_2012_is_named_by_file_and_line(tmp_path, old, new, message):
    assert old in CONLL_2012
    (tmp_path / "a_conll").write_text(CONLL_2012.replace(old, new))
    with pytest.raises(InputError, match=f"a_conll, {message}"):
        coreference.documents(tmp_path / "a_conll")


def test_blanks_on_an_empty_line_end_a_sentence_and_conll_is_known_by_its_first_line(tmp_path):
    (tmp_path / "a.conll").write_bytes(b"\xef\xbb\xbf" + CONLL_2012.replace("\n\n", "\r\n \t\r\n").encode())
    ((own,), _) = coreference.documents(tmp_path / "a.conll")
    assert own.ends == (7, 9)


def test_each_document_is_read_once_gold_and_later_versions_first(tmp_path):
    for version in ("v4_auto", "v4_gold", "v9_gold"):
        text = CONLL_2012.replace("Ann", version)
        other = CONLL_2012.replace("(bc/a)", "(bc/b)") if version == "v4_auto" else ""
        hidden = CONLL_2012.replace("(bc/a)", "(bc/c)")
        for word in ("Ann", "saw", "the", "dog", "of", "her", "sister"):
            hidden = hidden.replace(f" {word} ", " [WORD] ")
        (tmp_path / f"a.{version}_conll").write_text(text + other + (hidden if version == "v9_gold" else ""))
    found, left_out = coreference.documents(tmp_path)
    assert [(d.name, d.words[0]) for d in found] == [("(bc/a); part 000", "v9_gold"), ("(bc/b); part 000", "Ann")]
    assert left_out == {"another version of a document": 2, "words withheld": 1}


def test_kinds_of_mentions_without_penn_tags(sample):
    ((english,), _), ((german,), _) = (coreference.documents(sample / f"{n}.conllu") for n in ("english", "german"))
    kinds = [(english.words[m.head], m.kind) for m in english.mentions]
    assert kinds == [
        *(("Ann", "proper"), ("letter", "nominal"), ("her", "pronoun"), ("brother", "nominal")),
        *(("He", "pronoun"), ("it", "pronoun"), ("she", "pronoun")),
    ]
    kinds = [(german.words[m.head], m.kind) for m in german.mentions]
    assert kinds == [("Anna", "proper"), ("Buch", "nominal"), ("Sie", "pronoun"), ("Buch", "nominal")]


@pytest.mark.parametrize(("head", "words"), [("0", 2), ("3", 2), ("x", 2), ("²", 2)])
def test_a_head_outside_its_mention_is_refused(head, words):
    with pytest.raises(InputError, match=f"t: entity 1 has head {head}, of {words} words"):
        mentioned(annotated([f"(1-{head}", "1)"], [2, 0], ["NN", "NN"], scheme="eid-head"))


def test_mentions_that_cannot_be_told_are_refused():
    with pytest.raises(InputError, match=r"t: Entity=\(1-a\)x of word 1 is no row of brackets"):
        mentioned(annotated(["(1-a)x"], [0], ["NN"]))
    with pytest.raises(InputError, match="t: word 1 has no tag, so entity 1 has no kind; tag it in UPOS"):
        mentioned(annotated(["(1-a)"], [0], [""]))


def test_real_files_of_other_people(reports):
    found, left_out = coreference.documents(reports / "gold-and-auto" / "onto")
    assert (len(found), left_out) == (1, {"another version of a document": 2})
    ((german,), _) = coreference.documents(reports / "pronouns-by-penn-tag" / "de.conllu")
    assert [m.kind for m in german.mentions] == ["proper", "pronoun"]
    assert len(coreference.documents(reports / "byte-order-mark" / "bom_conll")[0]) == 1
    with pytest.raises(InputError, match="latin-1_conll, line 2: byte 0xe9 is not UTF-8"):
        coreference.documents(reports / "text-files" / "latin-1_conll")


def document(text: str, tags: str, mentions: list[tuple]) -> Document:
    """Mentions as (words, head, entity, kind)."""
    words = tuple(text.split())
    return Document("d", words, tuple(tags.split()), (len(words),), tuple(Mention(*mention) for mention in mentions))


STORY = document(
    "The queen met the dogs and her brother . The queen fed them . He slept",
    "DT NN VBD DT NNS CC PRP$ NN . DT NN VBD PRP . PRP VBD",
    [
        ((0, 1), 1, "queen", "nominal"),
        ((3, 4), 4, "dogs", "nominal"),
        ((6,), 6, "queen", "pronoun"),
        ((6, 7), 7, "brother", "nominal"),
        ((9, 10), 10, "queen", "nominal"),
        ((12,), 12, "dogs", "pronoun"),
        ((14,), 14, "brother", "pronoun"),
    ],
)


def test_antecedents_are_all_earlier_mentions_of_the_entity():
    assert antecedents(STORY) == {2: {0}, 4: {0, 2}, 5: {1}, 6: {3}}


def test_the_sieves_fire_in_order():
    picks = baselines(STORY)
    assert picks["nearest"] == {i: i - 1 for i in range(1, 7)}
    assert picks["head match"] == {4: 0}
    # her: no text or head alike; the dogs are plural, the queen is female. them: the dogs are plural.
    # He: not the queen, nor the dogs; her brother is male and singular
    assert {i: picks["rule-based"][i] for i in (2, 4, 5, 6)} == {2: 0, 4: 0, 5: 1, 6: 3}


def test_the_last_sieve_takes_the_nearest():
    own = document("rain fell on them", "NN VBD IN PRP", [((0,), 0, "a", "nominal"), ((3,), 3, "a", "pronoun")])
    assert baselines(own)["rule-based"] == {1: 0}
    assert baselines(own)["head match"] == {}


def test_documents_are_cut_between_sentences():
    mentions = tuple(Mention((place,), place, "e", "pronoun") for place in (0, 2, 4, 6))
    own = Document("d", tuple("abcdefgh"), ("PRP",) * 8, (2, 4, 6, 8), mentions)
    parts, skipped = cut(own, np.array([1, 1, 1, 1, 5, 5, 1, 1]), 4)
    assert [part.words for part in parts] == [tuple("abcd"), tuple("gh")]
    assert skipped == 1
    assert [[m.head for m in part.mentions] for part in parts] == [[0, 2], []]  # an entity needs two in its part
    assert parts[0].ends == (2, 4)


def test_text_without_coreference_is_refused(tmp_path):
    (tmp_path / "a.conllu").write_text("1\tGo\tgo\tVERB\tVB\t_\t0\troot\t_\t_\n")
    with pytest.raises(InputError, match="has no coreference"):
        coreference.documents(tmp_path / "a.conllu")


def test_gum_is_read_whole(shared):
    found, _ = coreference.documents(shared / "coref" / "en_gum-ud-dev.conllu")
    assert len(found) > 20
    assert {m.kind for d in found for m in d.mentions} == set(coreference.KINDS)
    assert all(m.words[0] <= m.head <= m.words[-1] for d in found for m in d.mentions)


def test_our_own_treebank_has_coreference():
    found, _ = coreference.documents(Paths.find().corpus / "treebank")
    mentions = [m for d in found for m in d.mentions]
    assert len(mentions) >= 500
    assert {m.kind for m in mentions} == set(coreference.KINDS)
