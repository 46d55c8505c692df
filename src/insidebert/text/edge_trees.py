"""Edges from our own treebank: tags, phrases, dependencies, roles and coreference, by stated rules.

Trees are basic Stanford Dependencies with coreference (corpus/treebank/README.md). What a tree does not hold is not
made up: types of entities, proto-role properties and relations of nominals are told by a grammar (`edge_stories`).
"""

from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

from insidebert.text.coreference import mentioned
from insidebert.text.edges import EdgeSentence, Target, merged
from insidebert.text.treebanks import Tree, read

PHRASES = {"N": "NP", "PRP": "NP", "WP": "NP", "DT": "NP", "EX": "NP", "IN": "PP", "TO": "PP"}
PHRASES |= {"JJ": "ADJP", "RB": "ADVP", "WRB": "ADVP", "CD": "QP"}
"""Start of a head's Penn tag -> label of the phrase."""

CLAUSAL = {"nsubj", "nsubjpass", "csubj", "csubjpass", "aux", "auxpass", "cop", "mark", "expl", "advcl", "parataxis"}
"""Dependents that belong to a clause, not to the noun or adjective that is its predicate."""

SUBJECTS = {"nsubj", "nsubjpass", "csubj", "csubjpass", "expl"}
CORE = {"dobj": "undergoer", "nsubjpass": "undergoer", "csubjpass": "undergoer", "iobj": "recipient"}
CORE |= dict.fromkeys(("ccomp", "xcomp", "acomp"), "complement")
MODIFIERS = {"prep": "oblique", "advmod": "adverb", "advcl": "clause", "neg": "negation", "npadvmod": "measure"}
MODIFIERS |= {"prt": "particle"}


def tags(tree: Tree) -> list[Target]:
    """The Penn tag of every word."""
    return [Target((i, i + 1), None, (tag,)) for i, tag in enumerate(tree.xpos) if tag]


def dependencies(tree: Tree) -> list[Target]:
    """Every word, its head and the relation; the root is its own head, as in Tenney et al. (2019a)."""
    heads = [i if head < 0 else head for i, head in enumerate(tree.heads)]
    relations = enumerate(zip(heads, tree.relations, strict=True))
    return [Target((i, i + 1), (head, head + 1), (relation,)) for i, (head, relation) in relations]


def constituents(tree: Tree, left_out: Counter) -> list[Target]:
    """Phrases of at least two words, from the stretches of words below a head.

    A noun's, preposition's, adjective's, adverb's or number's phrase (NP, PP, ADJP, ADVP, QP) is all that hangs on it
    but its clausal dependents, if it is a predicate. A verb, or a predicate with a subject or a copula, heads a VP:
    itself, what stands right of its subject and mark (none, if a subject follows); an S: with its subject; an SBAR:
    with its mark or, in a relative clause, its wh-word. Punctuation at the edges is cut off. Stretches with a gap are
    left out and counted.
    """
    below = _below(tree)
    targets = []
    for head, tag in enumerate(tree.xpos):
        children = [i for i, own in enumerate(tree.heads) if own == head]
        named = {tree.relations[i] for i in children}
        clause = tag.startswith(("V", "MD")) or bool(named & (SUBJECTS | {"cop"}))
        phrase = next((label for start, label in PHRASES.items() if tag.startswith(start)), None)
        if phrase:
            kept = [i for i in children if not clause or tree.relations[i] not in CLAUSAL]
            targets += _phrase(tree, phrase, {head}.union(*(below[i] for i in kept)), left_out)
        if clause:
            targets += _clause(tree, head, children, below, left_out)
    return targets


def _clause(tree: Tree, head: int, children: list[int], below: list[set], left_out: Counter) -> list[Target]:
    own = [i for i in children if tree.relations[i] not in ("cc", "conj") or i < head]
    whole = {head}.union(*(below[i] for i in own))
    marks = {i for i in own if tree.relations[i] == "mark" or tree.xpos[min(below[i])].startswith("W")}
    subjects = [i for i in own if tree.relations[i] in SUBJECTS]
    inner = whole - set().union(*(below[i] for i in marks))
    ahead = max([max(below[i]) for i in subjects if i < head], default=-1)
    verbal = {word for word in inner if word > ahead} if all(i < head for i in subjects) else set()
    found = _phrase(tree, "VP", verbal, left_out)
    found += _phrase(tree, "S", inner, left_out) if any(i not in marks for i in subjects) else []
    return found + (_phrase(tree, "SBAR", whole, left_out) if marks else [])


def _phrase(tree: Tree, label: str, words: set[int], left_out: Counter) -> list[Target]:
    first, last = min(words, default=0), max(words, default=0)
    while first < last and tree.relations[first] == "punct":
        first += 1
    while first < last and tree.relations[last] == "punct":
        last -= 1
    gaps = [i for i in range(first, last + 1) if i not in words and tree.relations[i] != "punct"]
    left_out["phrase with a gap"] += bool(gaps)
    return [Target((first, last + 1), None, (label,))] if first < last and not gaps else []


def _below(tree: Tree) -> list[set[int]]:
    """Per word, itself and all that hangs on it."""
    below = [{i} for i in range(len(tree))]
    for i in range(len(tree)):
        head = tree.heads[i]
        while head >= 0:
            below[head].add(i)
            head = tree.heads[head]
    return below


def roles(tree: Tree, left_out: Counter) -> list[Target]:
    """A verb, the stretch of one of its dependents, and its grammatical role.

    Core: actor (subject of an active verb with an object; `by` of a passive), undergoer (object, passive subject), sole
    argument (subject of a verb without an object), recipient (indirect object), complement (clause or adjective).
    Others: oblique (another preposition), adverb, clause, negation, measure, particle. No dictionary of verbs is
    asked, so an actor need not act.
    """
    below, targets = _below(tree), []
    for verb, tag in enumerate(tree.xpos):
        if tag.startswith("V") and tree.relations[verb] not in ("aux", "auxpass", "cop"):
            children = [i for i, head in enumerate(tree.heads) if head == verb]
            named = {tree.relations[i] for i in children}
            for i in children:
                label = _role(tree, i, named)
                first, last = min(below[i]), max(below[i])
                if label and last - first + 1 > len(below[i]):
                    left_out["argument with a gap"] += 1
                elif label:
                    targets.append(Target((verb, verb + 1), (first, last + 1), (label,)))
    return targets


def _role(tree: Tree, word: int, named: set[str]) -> str | None:
    relation = tree.relations[word]
    if relation in ("nsubj", "csubj"):
        return "actor" if "dobj" in named else "sole argument"
    if relation == "prep" and tree.words[word].lower() == "by" and "auxpass" in named:
        return "actor"
    return CORE.get(relation) or MODIFIERS.get(relation)


def coreference(tree: Tree, left_out: Counter) -> list[Target]:
    """Every pair of mentions of a sentence: `1` if they are one entity's, else `0`; earlier mention first."""
    found = {}
    for mention in mentioned(tree):
        first, last = mention.words[0], mention.words[-1]
        if last - first + 1 > len(mention.words):
            left_out["mention with a gap"] += 1
        elif found.setdefault((first, last + 1), mention.entity) != mention.entity:
            left_out["mention of two entities"] += 1
    return pairs(found)


def pairs(mentions: dict[tuple[int, int], str]) -> list[Target]:
    """Targets of every pair of mentions (span -> entity) of a sentence."""
    return [
        Target(one, other, (str(int(mentions[one] == mentions[other])),))
        for one, other in combinations(sorted(mentions), 2)
    ]


def sentence_of(tree: Tree, targets: list[Target], left_out: Counter) -> EdgeSentence:
    """A tree's words with targets; the document is the group."""
    return EdgeSentence(tree.words, merged(targets, left_out), tree.document)


def read_all(path: Path, targets: Callable[[Tree], list[Target]], left_out: Counter) -> list[EdgeSentence]:
    """Sentences of a treebank with the targets that a rule gives."""
    trees, lost = read(path)
    left_out.update(lost)
    return [sentence_of(tree, targets(tree), left_out) for tree in trees]
