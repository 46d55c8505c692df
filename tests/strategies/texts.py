"""Hypothesis strategies: inputs as people and broken programs make them, section by section."""

from hypothesis import strategies as st

# texts

SCRIPTS = "aeZ09 .,-'’$<&>[]#_\t狗猫निदเีكَé\u0301\u00ad\u200d\u2028\u0085\ufeff👩💻"
"""Letters of several scripts, marks inside words, markup, formulas, and what `splitlines` takes for a line end."""


def texts(longest: int = 40) -> st.SearchStrategy[str]:
    """Lines of text in any script, without line ends."""
    some = st.text(st.sampled_from(SCRIPTS), max_size=longest)
    anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=longest)
    return st.one_of(some, anything)


def file_bytes(text: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """A text as a file may hold it: marks, line ends, other encodings, cut off, or with bytes that are no text."""
    encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "latin-1"])
    ends = st.sampled_from(["\n", "\r\n", "\r"])
    whole = st.builds(lambda t, e, end: t.replace("\n", end).encode(e, "replace"), text, encodings, ends)
    cut = st.builds(lambda content, share: content[: round(share * len(content))], whole, st.floats(0, 1))
    spoilt = st.builds(lambda content, more: content + more, whole, st.binary(max_size=3))
    return st.one_of(whole, cut, spoilt)


# conllu

FIELD = st.text(st.sampled_from("abNOUN_.|=-:0123狗é\u2028"), min_size=1, max_size=6)


@st.composite
def trees(draw, longest: int = 6):
    """(words, heads from 0 for the root, relations) of a tree."""
    size = draw(st.integers(1, longest))
    order = draw(st.permutations(range(1, size + 1)))
    heads = [0] * size
    for place, word in enumerate(order[1:], 1):
        heads[word - 1] = order[draw(st.integers(0, place - 1))]
    words = draw(st.lists(FIELD.filter(lambda form: form.strip() and form != "_"), min_size=size, max_size=size))
    relations = draw(st.lists(st.sampled_from(["nsubj", "obj", "a:b"]), min_size=size, max_size=size))
    return words, heads, relations


def conllu_of(words: list[str], heads: list[int], relations: list[str], xpos: str = "_") -> str:
    rows = zip(words, heads, relations, strict=True)
    return "".join(f"{i}\t{w}\t_\tX\t{xpos}\t_\t{h}\t{r}\t_\t_\n" for i, (w, h, r) in enumerate(rows, 1))


def authors_format(trees: list) -> str:
    """Trees in the format of the paper's released code."""
    blocks = [zip(tree.words, tree.heads, tree.relations, strict=True) for tree in trees]
    return "\n\n".join("\n".join(f"{w} {h + 1}-{r}" for w, h, r in block) for block in blocks) + "\n"


@st.composite
def conllu_files(draw) -> str:
    """Blocks of lines that are nearly CoNLL-U: right trees, broken heads, columns and numbers, comments, brackets."""
    number = st.one_of(st.integers(-1, 5).map(str), st.sampled_from(["1-2", "1.1", "²", "x", "_", ""]))
    misc = st.one_of(st.just("_"), FIELD, st.sampled_from(["Entity=(1-a", "Entity=1)", "Entity=(2)", "Entity=("]))
    row = st.tuples(number, FIELD, FIELD, FIELD, FIELD, FIELD, number, FIELD, FIELD, misc).map("\t".join)
    broken = st.lists(st.one_of(row, texts(), st.just("# newdoc id = d"), st.just("# sent_id = 1")), max_size=4)
    right = trees().map(lambda tree: conllu_of(*tree).rstrip("\n").split("\n"))
    blocks = draw(st.lists(st.one_of(right, broken), max_size=4))
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


# conll2012


@st.composite
def conll_2012_files(draw) -> str:
    """Documents that are nearly CoNLL-2012: brackets, columns, beginnings and ends that may not fit."""
    bracket = st.sampled_from(["-", "-", "(1)", "(1", "1)", "(2|(1)", "2)", "()", "x", "(1)|"])
    word = st.builds(lambda w, b: f"d 0 0 {w} NN * - - - - * {b}", st.sampled_from(["a", "[WORD]", "狗"]), bracket)
    line = st.one_of(word, word, st.sampled_from(["", " ", "#begin document (d); part 000", "#end document"]), texts())
    lines = draw(st.lists(line, max_size=8))
    framed = draw(st.booleans())
    return "\n".join(["#begin document (d); part 000", *lines, "#end document"] if framed else lines) + "\n"
