"""Whatever a file holds: its text, trees and documents, or an error that names it; and text in pictures."""

import io
import warnings

import matplotlib.pyplot as plt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from insidebert.errors import InputError
from insidebert.files import remove_leftovers, whole_folder
from insidebert.models.segments import paragraph_pairs
from insidebert.results import fonts, plots
from insidebert.text import coreference, corpus, treebanks, word_vectors
from insidebert.text.files import blocks, read_text
from insidebert.text.grammar import Grammar
from tests.strategies import texts as strategies

often = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_text_is_the_same_however_it_was_saved(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes("\ufeffone\u2028two\r\n \t\r\nthree\rfour\u0085\n\ufefffive".encode())
    assert read_text(path) == "one\u2028two\n\nthree\nfour\u0085\nfive"
    assert list(blocks(read_text(path))) == [(1, ["one\u2028two"]), (3, ["three", "four\u0085", "five"])]


def test_a_file_that_cannot_be_read_is_named_with_its_line(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\ntwo\rcaf\xe9")
    with pytest.raises(InputError, match=r"a.txt, line 3: byte 0xe9 is not UTF-8; .* Latin-1: save it as UTF-8"):
        read_text(path)
    path.write_bytes("one".encode("utf-16"))
    with pytest.raises(InputError, match=r"a.txt, line 1: byte 0xff is not UTF-8; the file is in UTF-16"):
        read_text(path)
    with pytest.raises(InputError, match=r"none.txt cannot be read: No such file"):
        read_text(tmp_path / "none.txt")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_text(tmp_path)


def test_every_reader_of_text_reads_marks_and_line_ends(tmp_path):
    (tmp_path / "animals.txt").write_bytes("\ufeff# Cats\r\nCats sleep.\r\n \r\nThey purr.\r\n".encode())
    (article,) = corpus.read(tmp_path)
    assert (article.title, article.paragraphs) == ("Cats", (("Cats sleep.",), ("They purr.",)))
    (tmp_path / "g").write_bytes("\ufeffS -> cats V\r\nV -> sleep\r\n".encode())
    assert Grammar.read(tmp_path / "g").sample("S", 1, 0)[0].words == ("cats", "sleep")
    (tmp_path / "v.txt").write_bytes("\ufeffcat 1 2\r\ndog 3 4\r\n".encode())
    assert word_vectors.read(str(tmp_path / "v.txt")).of(("cat", "dog")).tolist() == [[1, 2], [3, 4]]
    for name, content, message in (
        ("v.txt", b"cat 1 2\ncaf\xe9 3 4\n", r"v.txt, line 2: byte 0xe9 is not UTF-8"),
        ("v.txt", b"cat 1 nan\n", r"v.txt, line 1: not a word and some numbers"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=message):
            word_vectors.read(str(tmp_path / name))


@often
@given(strategies.file_bytes(st.lists(strategies.texts(), max_size=4).map("\n".join)))
def test_any_bytes_are_a_text_or_an_error(tmp_path, content):
    path = tmp_path / "a.txt"
    path.write_bytes(content)
    try:
        text = read_text(path)
    except InputError as error:
        assert str(path) in str(error)
        with pytest.raises(UnicodeDecodeError):
            content.decode()
    else:
        assert "\r" not in text and not text.startswith("\ufeff")
        path.write_text(text, encoding="utf-8", newline="")
        assert read_text(path) == text


@often
@given(strategies.file_bytes(strategies.conllu_files()), st.sampled_from(["a.conllu", "a.conllx", "a.txt"]))
def test_any_treebank_is_trees_or_an_error(tmp_path, content, name):
    path = tmp_path / name
    path.write_bytes(content)
    try:
        trees, left_out = treebanks.read(path)
    except InputError as error:
        assert str(path) in str(error)
    else:
        assert trees and all(count > 0 for count in left_out.values())
        assert all(treebanks.fault(tree.heads) == "" for tree in trees)


@often
@given(st.lists(strategies.trees(), min_size=1, max_size=3))
def test_trees_that_are_written_are_read_again(tmp_path, written):
    (tmp_path / "a.conllu").write_text("\n".join(strategies.conllu_of(*tree) for tree in written), encoding="utf-8")
    trees, left_out = treebanks.read(tmp_path / "a.conllu")
    assert left_out == {}
    assert [(list(t.words), [h + 1 for h in t.heads], list(t.relations)) for t in trees] == [*map(tuple, written)]
    if all(len(word.split()) == 1 and word == word.strip() for tree in trees for word in tree.words):
        (tmp_path / "a.txt").write_text(strategies.authors_format(trees), encoding="utf-8")
        again, _ = treebanks.read(tmp_path / "a.txt")
        assert [(t.words, t.heads, t.relations) for t in again] == [(t.words, t.heads, t.relations) for t in trees]


@often
@given(strategies.file_bytes(st.one_of(strategies.conll_2012_files(), strategies.conllu_files())))
@pytest.mark.parametrize("name", ["a_conll", "a.conllu"])
def test_any_documents_are_documents_or_an_error(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    try:
        found, _ = coreference.documents(path)
    except InputError as error:
        assert str(path) in str(error)
    else:
        for document in found:
            assert len(document.words) == len(document.tags) == document.ends[-1]
            for mention in document.mentions:
                assert mention.head in mention.words and mention.kind in coreference.KINDS


ODD = "cost $5 or $6^ 狗 นि คَ <b>&amp; 👩\u200d💻\t\u0001"


def drawn(text: str):
    with plt.style.context(plots.STYLE):
        figure, ((ax,),) = plots.new_figure(width=6, height=4)
        ax.set_xticks([0, 1], [text, "plain"])
        ax.set_title(text)
        ax.plot([0, 1], [0, 1e-9], label=text)
        ax.legend()
        plots.caption(figure, "the caption")
        fonts.fit(figure)
    return figure, ax


def svg(figure) -> bytes:
    file = io.BytesIO()
    with plt.style.context(plots.STYLE):  # for the names of its parts
        figure.savefig(file, format="svg", metadata={"Date": None})
    return file.getvalue()


def test_any_text_is_drawn_or_what_lacks_is_said():
    figure, ax = drawn(ODD)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        svg(figure)
    lacking = fonts.families_for(ODD)[1]
    said = figure.get_supxlabel().replace("\n", " ")
    title = ax.get_title(loc="left")
    assert title.startswith("cost $5 or $6^ ") and "<b>&amp;" in title
    assert title.count(fonts.ABSENT) == sum(character in lacking for character in ODD)
    assert said.startswith("the caption") and ("no font on this computer has" in said) == bool(lacking)
    assert ax.get_xticklabels()[0].get_text() == title
    said = figure.get_supxlabel()
    fonts.fit(figure)
    assert (figure.get_supxlabel(), ax.get_title(loc="left")) == (said, title)


def test_a_font_that_has_the_characters_goes_behind_the_own(monkeypatch):
    own = frozenset(map(ord, " abcdefghijklmnopqrstuvwxyz"))
    monkeypatch.setattr(fonts, "_installed", lambda: [("Other", "other.ttf"), ("Chinese", "chinese.ttf")])
    has = {"other.ttf": frozenset(), "chinese.ttf": frozenset(map(ord, "狗"))}
    monkeypatch.setattr(fonts, "_characters", lambda path: has.get(path, own))
    assert fonts.families_for("a 狗 猫") == (["Chinese"], {"猫"})
    assert fonts.families_for("a dog") == ([], set())


def test_a_figure_in_plain_letters_is_drawn_as_before(monkeypatch):
    fitted = svg(drawn("a dog, 50%")[0])
    monkeypatch.setattr(fonts, "fit", lambda figure: None)
    assert svg(drawn("a dog, 50%")[0]) == fitted  # with its power of ten


def test_a_font_file_that_is_none_has_no_characters(tmp_path):
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    assert fonts._characters(str(tmp_path / "broken.ttf")) == frozenset()


def test_running_text_of_other_people(tmp_path):
    (tmp_path / "a.txt").write_bytes(("\ufeff" + "狗和猫在家里。\r\n" * 16 + " \t\r\n" + "a b\r\n" * 50).encode())
    (chinese, english) = paragraph_pairs(tmp_path / "a.txt")  # the line of blanks is the one between documents
    assert [len(part.split()) for part in chinese] == [8, 8]  # seven characters a sentence, fifty a paragraph
    assert [len(part.split()) for part in english] == [50, 50]
    (tmp_path / "b.txt").write_text("one paragraph\n")
    with pytest.raises(InputError, match=r"b.txt has no document of two paragraphs of 50 words; .* blank lines"):
        paragraph_pairs(tmp_path / "b.txt")
    (tmp_path / "c.txt").write_bytes(b"caf\xe9\n")
    with pytest.raises(InputError, match=r"c.txt, line 1: byte 0xe9"):
        paragraph_pairs(tmp_path / "c.txt")


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "new") as scratch:
        (scratch / "half").write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with whole_folder(tmp_path / "new") as slower:
        (slower / "own").write_text("later")
        with whole_folder(tmp_path / "new") as faster:
            (faster / "own").write_text("first")
    assert [(path.name, path.read_text()) for path in (tmp_path / "new").iterdir()] == [("own", "first")]
    left = tmp_path / ".new-999999999-abcdefgh.tmp"
    left.mkdir()
    (left / "half").touch()
    assert remove_leftovers(tmp_path) == [left]
    assert not left.exists()
