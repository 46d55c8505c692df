"""Of a notebook, the statements that its measurements rest on; the rest draws, shows and explains."""

import ast
from dataclasses import dataclass
from pathlib import Path

from insidebert.results.cache import code_cells

COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Statement:
    """A statement of a notebook.

    Args:
        tree: the statement.
        place: notebook and code cell, counted from 1.
        binds: names that it gives a value to, or changes an item of.
        uses: names that it reads.
        measures: names of the measurements that it asks for, where they are written out.
    """

    tree: ast.stmt
    place: str
    binds: frozenset[str]
    uses: frozenset[str]
    measures: tuple[str, ...]


def measuring(notebook: Path) -> list[Statement]:
    """The statements of a notebook that ask for a measurement, and those that give their names a value.

    Args:
        notebook: the source; its parameters' cell is left out, for they come from outside.

    Raises:
        InputError: not a notebook.
    """
    statements = []
    for number, (code, tags) in enumerate(code_cells(notebook), start=1):
        if "parameters" not in tags:
            plain = "\n".join(line for line in code.splitlines() if not line.startswith(("%", "!")))
            statements += [_statement(tree, f"{notebook.name}, code cell {number}") for tree in ast.parse(plain).body]
    needed, kept = set(), []
    for statement in reversed(statements):
        if statement.measures or statement.binds & needed:
            needed |= statement.uses
            kept.append(statement)
    return kept[::-1]


def _statement(tree: ast.stmt, place: str) -> Statement:
    binds, uses, measures = set(), set(), []
    own = _names_of_comprehensions(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (uses if isinstance(node.ctx, ast.Load) else binds).add(node.id)
        elif isinstance(node, ast.alias):
            binds.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            binds.add(_root(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "measure":
            first = node.args[0] if node.args else None
            measures.append(str(first.value) if isinstance(first, ast.Constant) else "a measurement")
    return Statement(tree, place, frozenset(binds - own - {""}), frozenset(uses - own), tuple(measures))


def _names_of_comprehensions(tree: ast.stmt) -> set[str]:
    """Names that live inside comprehensions alone."""
    targets = {
        name.id
        for node in ast.walk(tree)
        if isinstance(node, COMPREHENSIONS)
        for part in node.generators
        for name in ast.walk(part.target)
        if isinstance(name, ast.Name)
    }
    inside = [name for node in ast.walk(tree) if isinstance(node, COMPREHENSIONS) for name in ast.walk(node)]
    outside = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in inside}
    return targets - outside


def _root(node: ast.AST) -> str:
    """The name that an item or attribute belongs to; empty for none."""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""
