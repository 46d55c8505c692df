"""Treebanks, documents and running texts with a single fault, beside the same without it."""

import codecs
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from insidebert.models.segments import paragraph_pairs
from insidebert.text import coreference, corpus, treebanks, word_vectors
from insidebert.text.files import read_text
from insidebert.text.grammar import Grammar
from insidebert.text.stanford import trees_of
from tests.campaign.cases import Case

WORDS = ["cats", "the", "sleep", "dog's", "狗", "café", "1e5", "NA", "$5", "<b>", "नि", "e\u0301", "a\u2028b", "_"]
Row = list[str]


def tree(rng: Random, language: str = "en") -> list[Row]:
    """A right sentence: a chain from a root, with words of many scripts, and no word alone a placeholder."""
    size = rng.randint(3, 6)
    root, words = rng.randrange(size), [*rng.sample(WORDS[:3], 2), *rng.choices(WORDS, k=size - 2)]
    heads = [0 if i == root else root + 1 for i in range(size)]
    tags = ["NN" if language == "en" else "_"] * size
    return [
        [str(i + 1), w, w, "NOUN", t, "_", str(h), "root" if h == 0 else "obl", "_", "_"]
        for i, (w, t, h) in enumerate(zip(words, tags, heads, strict=True))
    ]


def written(sentences: list[list[Row]]) -> bytes:
    blocks = ["# a comment\n" + "".join("\t".join(row) + "\n" for row in rows) for rows in sentences]
    return "\n".join(blocks).encode()


def words(sentences: list[list[Row]]) -> list[tuple[str, ...]]:
    return [tuple(row[1] for row in rows) for rows in sentences]


def cell(column: int, value: str, number: int = 0) -> Callable[[list[Row]], None]:
    return lambda rows: rows[number].__setitem__(column, value)


LEFT_OUT = {  # what is done to one sentence of several: why it is left out and counted
    "several roots": (lambda rows: [cell(6, "0", i)(rows) for i in range(len(rows))], "several roots"),
    "no root": (lambda rows: [cell(6, str((i + 1) % len(rows) + 1), i)(rows) for i in range(len(rows))], "no root"),
    "words withheld": (lambda rows: [cell(1, "_", i)(rows) for i in range(len(rows))], "words withheld"),
}
REFUSED = {  # what is done to one sentence: what the refusal says
    "a head outside": (cell(6, "99"), "head 99"),
    "a head that is no number": (cell(6, "x"), "line"),
    "a head that is ²": (cell(6, "²"), "line"),
    "a number that is ²": (cell(0, "²"), "line"),
    "numbers out of order": (cell(0, "3"), "line"),
    "an empty word": (cell(1, " "), "line"),
    "columns that lack": (lambda rows: rows[0].__delitem__(slice(5, None)), "5 columns"),
    "columns too many": (lambda rows: rows[0].extend("ab"), "12 columns"),
    "a line that is none": (lambda rows: rows[0].__setitem__(slice(None), ["Hello there"]), "Hello there"),
}
BYTES = {  # how the whole file is written otherwise, and reads the same
    "a byte order mark": lambda b: codecs.BOM_UTF8 + b,
    "line ends of Windows": lambda b: b.replace(b"\n", b"\r\n"),
    "line ends of old Macs": lambda b: b.replace(b"\n", b"\r"),
    "blanks on the empty lines": lambda b: b.replace(b"\n\n", b"\n \t\n"),
    "no last line end": lambda b: b.rstrip(b"\n"),
    "empty lines first": lambda b: b"\n\n" + b,
}
ENCODINGS = {
    "Latin-1": lambda b: b + "# café\n".encode("latin-1"),
    "UTF-16": lambda b: b.decode().encode("utf-16"),
    "cut inside a letter": lambda b: b + "é".encode()[:1],
    "rubbish": lambda b: b"\xff\xfe\xfa" + b,
}


def trees(rng: Random, folder: Path) -> Iterator[Case]:
    def read(name: str, content: bytes, **own) -> Case:
        path = folder / f"{len(list(folder.iterdir()))}.conllu"
        path.write_bytes(content)
        names = own.pop("names", None)
        names = names and [path.name if part == "file" else part for part in names]
        return Case("treebanks", name, lambda: treebanks.read(path), names=names, **own)

    for _ in range(3):
        whole = [tree(rng) for _ in range(4)]
        others = words(whole[:1] + whole[2:])
        for name, (change, reason) in LEFT_OUT.items():
            bad = [[row[:] for row in rows] for rows in whole]
            change(bad[1])
            yield read(
                name,
                written(bad),
                right=lambda found, r=reason, o=others: [t.words for t in found[0]] == o and found[1] == {r: 1},
            )
        for name, (change, said) in REFUSED.items():
            bad = [[row[:] for row in rows] for rows in whole]
            change(bad[1])
            yield read(name, written(bad), names=["file", "line", said])
        for name, change in BYTES.items():
            yield read(
                name,
                change(written(whole)),
                right=lambda found, w=whole: [t.words for t in found[0]] == words(w) and found[1] == {},
            )
        for name, change in ENCODINGS.items():
            yield read(name, change(written(whole)), names=["file", "UTF-8", "line"])
    cut = written(whole)[: rng.randrange(30, len(written(whole)[:-4]))]
    yield read(
        "cut off",
        cut,
        names=["file"],
        right=lambda found: (  # the last sentence may end early, and be a tree
            [t.words for t in found[0][:-1]] == words(whole)[: len(found[0]) - 1]
            and found[0][-1].words[:-1] == words(whole)[len(found[0]) - 1][: len(found[0][-1]) - 1]
        ),
    )
    yield read("nothing", b"", names=["file", "no sentence"])
    yield read(
        "only withheld words", written([[[*r[:1], "_", *r[2:]] for r in whole[0]]]), names=["withheld", "README"]
    )
    yield read("CoNLL-2012", b"#begin document (a); part 000\n#end document\n", names=["CoNLL-2012", "DOCUMENTS"])
    for language in ("zh", "cs"):
        path = folder / f"{language}.conllu"
        path.write_bytes(written([tree(rng, language) for _ in range(5)]))
        yield Case(
            "treebanks", "not English, by the rules for English", lambda p=path: trees_of(p, "stanford"), names=["ud"]
        )
        yield Case(
            "treebanks", "not English, by ud", lambda p=path: trees_of(p, "ud"), lambda found: len(found[0]) == 5
        )
    for name in ("none.conllu", "none", "a.pdf"):
        yield Case("treebanks", f"no file {name}", lambda n=name: treebanks.read(folder / n), names=[name])


def conll_2012(name: str, rows: str) -> str:
    lines = "".join(
        f"{name} 0 {i} {w} {t} * - - - - * {b}\n" for i, (w, t, b) in enumerate(map(str.split, rows.split(",")))
    )
    return f"#begin document ({name}); part 000\n{lines}\n#end document\n"


DOCUMENT = "Anna NNP (1), sleeps VBZ -, . . -, She PRP (1), dreams VBZ -"


def documents(rng: Random, folder: Path) -> Iterator[Case]:
    def read(name: str, content: bytes | str, right=None, names=None, file="a_conll") -> Case:
        own = folder / str(len(list(folder.iterdir())))
        own.mkdir()
        (own / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        return Case("documents", name, lambda: coreference.documents(own / file), right, names)

    whole = conll_2012("d", DOCUMENT)

    def same(found) -> bool:
        return [m.kind for m in found[0][0].mentions] == ["proper", "pronoun"] and len(found[0]) == 1

    for name, change in BYTES.items():
        if name != "blanks on the empty lines":
            yield read(name, change(whole.encode()), same)
    yield read("blanks on the empty lines", whole.replace("\n\n", "\n  \n"), same)
    for name, change in ENCODINGS.items():
        yield read(name, change(whole.encode()), names=["a_conll", "UTF-8"])
    for name, (old, new, *said) in {
        "opens and never closes": ("(1)\n", "(1\n", "a_conll", "never closes"),
        "closes and is not open": ("(1)\n", "1)\n", "a_conll", "not open"),
        "opens nothing": ("(1)\n", "()\n", "a_conll", "line"),
        "a bracket that is none": ("(1)\n", "x\n", "a_conll", "line"),
        "no coreference": ("(1)\n", "-\n", "a_conll", "no coreference"),
        "no end": ("#end document\n", "", "a_conll", "#end document"),
        "no beginning": ("#begin document (d); part 000\n", "", "a_conll", "#begin document"),
        "columns that lack": (" 0 1 sleeps VBZ *", "", "a_conll", "columns"),
    }.items():
        assert old in whole
        yield read(name, whole.replace(old, new), names=said)
    yield read("CoNLL-2012 that is called .conll", whole, same, file="a.conll")
    several = folder / "several"
    several.mkdir()
    for version in ("v4_auto", "v4_gold", "v9_gold"):
        (several / f"d.{version}_conll").write_text(whole, encoding="utf-8")
    yield Case(
        "documents",
        "gold, automatic, another version",
        lambda: coreference.documents(several),
        lambda found: same(found) and found[1] == {"another version of a document": 2},
    )
    german = [
        ["1", "Anna", "_", "PROPN", "NE", "_", "2", "nsubj", "_", "Entity=(e1)"],
        ["2", "schläft", "_", "VERB", "VVFIN", "_", "0", "root", "_", "_"],
        ["3", "sie", "_", "PRON", "PPER", "_", "2", "nsubj", "_", "Entity=(e1)"],
    ]
    yield read("German", written([german]), same, file="de.conllu")
    for head in ("0", "9", "-1", "²", "x"):
        rows = [row[:] for row in german]
        rows[0][9] = f"Entity=(e1-{head})"
        content = b"# global.Entity = eid-head\n" + written([rows])
        yield read(f"head {head}", content, names=["a.conllu", head], file="a.conllu")
    for bracket in ("(e1", "e2)", "(e1[2/2])", "((", ")("):
        rows = [row[:] for row in german]
        rows[0][9] = f"Entity={bracket}"
        yield read(f"bracket {bracket}", written([rows]), names=["a.conllu"], file="a.conllu")


def texts(rng: Random, folder: Path) -> Iterator[Case]:
    paragraph = " ".join(["word"] * 55)
    running = f"{paragraph}\n{paragraph}\n\n{paragraph}\n{paragraph}\n".encode()
    article = b"# Cats\nCats sleep.\n\nThey purr.\n# Dogs\nDogs run.\n"
    rules = b"S -> cats V\nV -> sleep\n"
    vectors = b"cat 1 2\ndog 3 4\n"
    readers = {
        "running text": (running, paragraph_pairs, lambda pairs: [len(p[0].split()) for p in pairs] == [55, 55]),
        "corpus": (article, lambda p: corpus.read(p.parent), lambda a: [x.title for x in a] == ["Cats", "Dogs"]),
        "grammar": (rules, lambda p: Grammar.read(p).sample("S", 1, 0)[0].words, ("cats", "sleep").__eq__),
        "vectors": (
            vectors,
            lambda p: word_vectors.read(str(p)).of(("cat", "dog")),
            lambda v: v.tolist() == [[1, 2], [3, 4]],
        ),
        "text": (b"a\n\nb", read_text, "a\n\nb".__eq__),
    }
    for kind, (content, reader, right) in readers.items():
        for name, change in {
            **BYTES,
            **ENCODINGS,
            "nothing": lambda b: b"",
            "NUL": lambda b: b.replace(b" ", b"\0"),
        }.items():
            if (kind, name) in (("text", "nothing"), ("text", "empty lines first"), ("text", "NUL")):
                continue
            own = folder / f"{kind}-{name}"
            own.mkdir()
            path = own / "a.txt"
            path.write_bytes(change(content))
            told = name in ENCODINGS or name in ("nothing", "NUL")
            told |= (kind, name) == ("vectors", "line ends of old Macs")  # it is read line by line, for its size
            yield Case(
                "texts",
                f"{kind}, {name}",
                lambda r=reader, p=path: r(p),
                right if (name == "NUL" and kind == "corpus") or not told else None,
                (own.name,) if told else None,
            )
    chinese = folder / "chinese.txt"
    chinese.write_text("狗和猫在家里睡觉。\n" * 16 + "\n" + "狗和猫在家里睡觉。\n" * 16, encoding="utf-8")
    yield Case("texts", "Chinese", lambda: paragraph_pairs(chinese), lambda pairs: len(pairs) == 2)
