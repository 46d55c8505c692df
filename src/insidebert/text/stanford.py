"""English Universal Dependencies v2 -> the basic Stanford Dependencies of Clark et al. (2019, Table 1).

The two schemes differ in what heads what. Stanford's prepositions head their objects, its names and compounds end in
their head, its conjunctions hang on the first conjunct, and `be` heads a place (`was in Rome`). Each rule below is one
such difference; docs/stanford.md lists them with examples.
"""

import re
from dataclasses import replace
from pathlib import Path

from insidebert.errors import InputError
from insidebert.text import treebanks
from insidebert.text.treebanks import Tree

SCHEMES = ("stanford", "ud")

RENAMED = {
    "obj": "dobj",
    "compound": "nn",
    "compound:prt": "prt",
    "nmod:desc": "nn",
    "nmod:poss": "poss",
    "nummod": "num",
    "aux:pass": "auxpass",
    "nsubj:pass": "nsubjpass",
    "csubj:pass": "csubjpass",
    "acl:relcl": "rcmod",
    "det:predet": "predet",
    "cc:preconj": "preconj",
    "fixed": "mwe",
    "obl:tmod": "tmod",
    "nmod:tmod": "tmod",
    "vocative": "discourse",
    "acl": "vmod",
    "case": "prep",
}
"""Relations that change their name alone, after the rules have moved what they move; others lose their subtype."""

NOMINAL = {"det", "amod", "nmod", "nummod", "compound", "flat", "case", "acl", "appos", "fixed", "nmod:poss"}
"""Dependents that stay with a noun when `be` becomes the head of `was in Rome`."""

UNCLEAR = {"list", "dislocated", "reparandum", "orphan"}
"""Relations without a Stanford counterpart."""

TIMES = re.compile(
    "(today|yesterday|tomorrow|tonight|now|then|(mid)?day|night|morning|afternoon|evening|week(end)?|month|year|decade|"
    "century|hour|minute|second|time|moment|spring|summer|fall|autumn|winter|(mon|tues|wednes|thurs|fri|satur|sun)day|"
    "january|february|march|april|may|june|july|august|september|october|november|december)s?"
)
"""Heads of bare noun phrases that say when; the treebanks at hand do not mark them."""

PURE_MARKERS = {"while", "though", "although", "if", "whether", "because", "that", "when", "than"}
"""Subordinators that stay `mark`, also before a gerund."""

NEGATIONS = {"not", "n't", "never", "nt", "n’t"}


PENN = re.compile(
    "CC|CD|DT|EX|FW|IN|JJ[RS]?|LS|MD|NNP?S?|PDT|POS|PRP[$]?|RB[RS]?|RP|SYM|TO|UH|VB[DGNPZ]?|WDT|WP[$]?|WRB|"
    r"[.,:$#()]|``|''|\"|-[LR][RSC]B-|ADD|AFX|GW|HYPH|NFP|XX"
)
"""Tags of the Penn Treebank, and those that treebanks of the web add."""

FUNCTION_TAGS = {"CC", "DT", "IN", "MD", "PRP", "PRP$", "TO", "WDT", "WP"}
FUNCTION_WORDS = re.compile(
    "an?|the|th[eo]se|this|that|all|some|any|no|every|each|another|both|of|in|to|for|on|with|at|by|from|as|into|about|"
    "like|through|after|over|between|out|against|during|without|before|under|around|among|than|if|because|while|since|"
    "so|whether|and|n?or|but|&|i|you|s?he|it|we|they|me|him|her|us|them|my|your|his|its|our|their|himself|herself|"
    "itself|themselves|who|what|which|whom|can|could|will|would|shall|should|may|might|must|ca|wo|'ll|'d"
)
"""Words that are most of what carries these tags in any English text."""


def is_english(trees: list[Tree]) -> bool:
    """Whether a treebank is in English with Penn tags: most words have one, and most function words are English ones.

    Chinese and Vietnamese treebanks have some Penn tags too, which is why the words are looked at.
    """
    words = [(word.lower(), tag) for tree in trees for word, tag in zip(tree.words, tree.xpos, strict=True)]
    known = [FUNCTION_WORDS.fullmatch(word) is not None for word, tag in words if tag in FUNCTION_TAGS]
    penn = sum(PENN.fullmatch(tag) is not None for _, tag in words)
    return 2 * penn > len(words) and 2 * sum(known) >= len(known)


def converted(trees: list[Tree]) -> list[Tree]:
    """A treebank in Universal Dependencies under basic Stanford Dependencies.

    Raises:
        InputError: it is not in English, or has no Penn tags.
    """
    if not is_english(trees):
        raise InputError(
            f"{trees[0].place}: the rules from Universal to Stanford Dependencies are for English with Penn tags in "
            "XPOS, and this treebank is not; use relations 'ud'"
        )
    return [to_stanford(tree) for tree in trees]


def to_stanford(tree: Tree) -> Tree:
    """The same words under basic Stanford Dependencies.

    Args:
        tree: UD v2, English, with Penn tags in `xpos`.

    Returns:
        A tree; relations that UD does not tell apart stay close to UD's (`advcl` is never `purpcl`).
    """
    heads, relations = list(tree.heads), list(tree.relations)
    _names(tree, heads, relations)
    _places(tree, heads, relations)
    _conjunctions(heads, relations)
    _prepositions(tree, heads, relations)
    final = [_renamed(tree, heads, relations, word) for word in range(len(tree))]
    return replace(tree, heads=tuple(heads), relations=tuple(final))


def _children(heads: list[int], word: int) -> list[int]:
    return [child for child, head in enumerate(heads) if head == word]


def _names(tree: Tree, heads: list[int], relations: list[str]) -> None:
    """`flat`: the last word of a name heads it, not the first (Jennifer M. Anderson)."""
    for first in range(len(heads)):
        rest = [child for child in _children(heads, first) if relations[child].split(":")[0] == "flat"]
        if not rest:
            continue
        last = max(rest)
        if tree.upos[last] == "NUM":  # Section 7
            for part in rest:
                relations[part] = "num" if tree.upos[part] == "NUM" else "nn"
            continue
        heads[last], relations[last] = heads[first], relations[first]
        for child in _children(heads, first):
            heads[child] = last
        heads[first] = last
        for part in [first, *rest]:
            if part != last:
                relations[part] = "nn"


def _places(tree: Tree, heads: list[int], relations: list[str]) -> None:
    """`was in Rome`, `is there`: be heads the phrase. With other predicates be stays `cop`."""
    for verb in range(len(heads)):
        place = heads[verb]
        if relations[verb] != "cop" or place == -1:
            continue
        children = _children(heads, place)
        prepositional = any(relations[child] == "case" and tree.xpos[child] != "POS" for child in children)
        if not prepositional and tree.upos[place] != "ADV":
            continue
        heads[verb], relations[verb] = heads[place], relations[place]
        for child in children:
            own = relations[child].split(":")[0] in NOMINAL
            bare = relations[child] == "conj" and not any(
                relations[below] in ("case", "cop") or relations[below].startswith("nsubj")
                for below in _children(heads, child)
            )
            near = not prepositional and verb < child and relations[child] in ("advmod", "obl")  # right here
            if child != verb and not own and not bare and not near:
                heads[child] = verb
        heads[place], relations[place] = verb, "obl" if prepositional else "advmod"


def _conjunctions(heads: list[int], relations: list[str]) -> None:
    """`cc` hangs on the first conjunct; UD hangs it on the one that follows."""
    for word, relation in enumerate(relations):
        if relation == "cc" and heads[word] != -1 and relations[heads[word]] == "conj":
            heads[word] = heads[heads[word]]


def _prepositions(tree: Tree, heads: list[int], relations: list[str]) -> None:
    """The preposition takes its object's place, and the object becomes its `pobj` (a clause or adverb its `pcomp`)."""
    over: dict[int, int] = {}  # object -> the preposition that stands where the object stood
    for thing in range(len(heads)):
        chain = [child for child in _children(heads, thing) if _is_preposition(tree, heads, relations, child)]
        if not chain or heads[thing] in chain:
            continue
        head, relation = heads[thing], relations[thing]
        if relation == "conj":
            if head in over and relations[head] == "pobj":  # in Rome and in Paris: the second `in` joins the first
                joined = [child for child in _children(heads, head) if relations[child] == "cc"]
                for child in joined:
                    if head < child < chain[0]:
                        heads[child] = over[head]
                head = over[head]
        elif relation.split(":")[0] in ("obl", "nmod", "advcl", "acl", "ccomp", "xcomp"):
            relation = "prep"
        clause = tree.upos[thing] in ("VERB", "AUX", "ADV") or any(
            relations[child].startswith(("nsubj", "cop")) for child in _children(heads, thing)
        )
        for preposition in chain:
            heads[preposition], relations[preposition] = head, relation
            head, relation = preposition, "prep"
        heads[thing], relations[thing] = chain[-1], "pcomp" if clause else "pobj"
        over[thing] = chain[0]


def _is_preposition(tree: Tree, heads: list[int], relations: list[str], word: int) -> bool:
    """`case` but for 's; and `mark` before a gerund without a subject (after leaving)."""
    if relations[word] == "case":
        return tree.xpos[word] != "POS"
    own = [relations[child] for child in _children(heads, heads[word])] if heads[word] != -1 else []
    subject = any(relation.startswith(("nsubj", "csubj", "aux", "cop")) for relation in own)
    gerund = relations[word] == "mark" and tree.xpos[word] == "IN" and tree.xpos[heads[word]] == "VBG"
    return gerund and not subject and tree.words[word].lower() not in PURE_MARKERS


def _renamed(tree: Tree, heads: list[int], relations: list[str], word: int) -> str:
    relation, head = relations[word], heads[word]
    plain = relation.split(":")[0]
    if relation == "case" and tree.xpos[word] == "POS":
        return "possessive"
    if relation == "mark" and tree.xpos[word] == "TO":
        return "aux"
    if plain == "advmod" and tree.words[word].lower() in NEGATIONS:
        return "neg"
    if plain == "advmod" and tree.upos[head] == "NUM":
        return "quantmod"
    below = [relations[child] for child in _children(heads, word)]
    if relation == "xcomp" and tree.upos[word] == "ADJ" and not {"cop", "mark"} & set(below):
        return "acomp"
    if relation == "expl" and tree.xpos[word] != "EX":
        return "nsubj"  # it is easy to see
    if plain == "csubj" and head < word:
        return "ccomp"
    if relation in ("obl", "nmod") and tree.xpos[word] in ("IN", "TO", "RP"):
        return "prep"  # believe in
    if plain in ("obl", "nmod") and relation not in RENAMED:
        named_time = TIMES.fullmatch(tree.words[word].lower())
        return "tmod" if named_time else "npadvmod" if plain == "obl" or ":" in relation else "dep"
    if relation == "acl" and any(relations[child] in ("mark", "nsubj") for child in _children(heads, word)):
        return "vmod" if "TO" in {tree.xpos[child] for child in _children(heads, word)} else "ccomp"
    if relation in RENAMED:
        return RENAMED[relation]
    if plain in UNCLEAR:
        return "dep"
    return RENAMED.get(plain, plain)


def is_universal(trees: list[Tree]) -> bool:
    """Whether trees are in Universal Dependencies, by relations that are only there, as `obj` and `case` are."""
    found = {relation for tree in trees for relation in tree.relations}
    return bool(found & {"obj", "obl", "case", "flat", "fixed", "compound", "clf"}) and "pobj" not in found


def trees_of(treebank: Path | str, relations: str) -> tuple[list[Tree], dict[str, int]]:
    """A treebank under one of two schemes.

    Args:
        treebank: as `treebanks.read` takes it.
        relations: `stanford` converts Universal Dependencies and leaves Stanford trees as they are; `ud` keeps UD.

    Returns:
        The trees; and reason -> how many sentences could not be read as trees.

    Raises:
        InputError: another scheme, UD wanted of a treebank in Stanford Dependencies, or Stanford of one not in English.
    """
    if relations not in SCHEMES:
        raise InputError(f"no relations {relations!r}; there are {', '.join(SCHEMES)}")
    trees, left_out = treebanks.read(treebank)
    universal = is_universal(trees)
    if relations == "ud" and not universal:
        raise InputError(f"{treebank} is in Stanford Dependencies already; use relations 'stanford'")
    return converted(trees) if universal and relations == "stanford" else trees, left_out
