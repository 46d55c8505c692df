"""The tasks of edge probing: from our own texts, or from other people's data beside the checkout."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from insidebert.errors import InputError
from insidebert.text import edge_stories, edge_trees
from insidebert.text.edge_recorded import SOURCES
from insidebert.text.edges import EdgeSentence, EdgeTask, split, task_of
from insidebert.text.treebanks import Tree, read

ORDER = ("pos", "constituents", "dependencies", "entities", "roles", "coreference", "spr", "winograd", "relations")
"""The papers' order."""

SHARES = (0.7, 0.15, 0.15)
TOLD = 1200
"""Sentences that the grammar tells for each of its tasks; a cut of them is cheap."""


def embedded_tasks(folder: str | Path, seed: int = 0) -> dict[str, EdgeTask]:
    """Eight tasks from our own texts, in the papers' order; no Winograd-like one.

    Tags, phrases, dependencies, roles and coreference come from the treebank and share their split by article; types
    of entities, proto-roles and relations, of which the trees hold nothing, from a grammar, split by name, verb and
    pair of nouns.

    Args:
        folder: of the corpus, with `treebank` in it.
        seed: of the splits and of the grammar's draws.

    Raises:
        InputError: no treebank there, or one that is too small to split.
    """
    trees, lost = read(Path(folder) / "treebank")
    rules: dict[str, Callable[[Tree, Counter], list]] = {
        "pos": lambda tree, _: edge_trees.tags(tree),
        "constituents": edge_trees.constituents,
        "dependencies": lambda tree, _: edge_trees.dependencies(tree),
        "roles": edge_trees.roles,
        "coreference": edge_trees.coreference,
    }
    tasks = {}
    for name, targets in rules.items():
        left_out = Counter(lost)
        sentences = [edge_trees.sentence_of(tree, targets(tree, left_out), left_out) for tree in trees]
        tasks[name] = parted(name, sentences, left_out, "our treebank", seed)
    stories = {"entities": edge_stories.entities, "spr": edge_stories.proto_roles, "relations": edge_stories.relations}
    for name, told in stories.items():
        tasks[name] = parted(name, told(TOLD, seed), Counter(), "our grammar", seed)
    return {name: tasks[name] for name in ORDER if name in tasks}


def recorded_tasks(folder: str | Path, seed: int = 0) -> dict[str, EdgeTask]:
    """The tasks that a folder of other people's data can give, in the papers' order; see `edge_recorded`.

    Raises:
        InputError: nothing readable in the folder, or a malformed file.
    """
    folder, tasks = Path(folder), {}
    for name in ORDER:
        source = SOURCES[name]
        if all((folder / needed).exists() for needed in source.needed):
            left_out: Counter = Counter()
            train, test = source.read(folder, left_out)
            if test is None:
                tasks[name] = parted(name, train, left_out, source.named, seed)
            else:
                own, development = split(train, (0.85, 0.15), seed)
                parts = {"train": own, "development": development, "test": test}
                tasks[name] = task_of(name, parts, left_out, source.named)
    if not tasks:
        wanted = sorted({needed for source in SOURCES.values() for needed in source.needed})
        raise InputError(f"no data of a task in {folder}; there may be {', '.join(wanted)}")
    return tasks


def parted(name: str, sentences: Sequence[EdgeSentence], left_out: Counter, source: str, seed: int) -> EdgeTask:
    """A task whose three parts are split by group; groups count whether or not they have targets of this task."""
    parts = dict(zip(("train", "development", "test"), split(sentences, SHARES, seed), strict=True))
    return task_of(name, parts, left_out, source)
