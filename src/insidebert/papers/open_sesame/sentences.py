"""The paper's conditions by name, and sentences for them: from our grammar or from the authors' files."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from insidebert.measure.confusion import TriggerQuestion
from insidebert.papers.open_sesame.authors_files import FILES, first, read_attention, read_probing
from insidebert.text.grammar import Grammar, Sentence

SHORT_LABELS = {
    "agreement.pp.match": "A1",
    "agreement.pp.mismatch": "A2",
    "agreement.rc.match": "A3",
    "agreement.rc.mismatch": "A4",
    "reflexive.object.match": "R1",
    "reflexive.object.mismatch": "R2",
    "reflexive.rc.match": "R3",
    "reflexive.rc.mismatch": "R4",
    "reflexive.rc_object.match.match": "R5",
    "reflexive.rc_object.mismatch.match": "R6",
    "reflexive.rc_object.match.mismatch": "R7",
    "reflexive.rc_object.mismatch.mismatch": "R8",
}
"""The paper's labels (Table 2); rc_object names the relative clause's noun first, then the object."""


def grammar(*parts: str) -> Grammar:
    """The lexicon and some of `probing`, `agreement`, `reflexive`."""
    folder = Path(str(files(__package__)))
    return Grammar.read(*(folder / f"{part}.grammar" for part in ("lexicon", *parts)))


def cells(phenomenon: str) -> list[str]:
    """Names of the 20 cells of `agreement` or the 9 of `reflexive`."""
    return [symbol for symbol in grammar(phenomenon).rules if symbol.startswith(f"{phenomenon}.")]


def labelled_sentences(split: str, counts: Sequence[int], folder: Path | None = None, seed: int = 0) -> list[Sentence]:
    """Sentences of a probing split, their target labelled.

    Args:
        split: such as `main_auxiliary.plain`.
        counts: of training and development sentences, which come one after the other; or of one generalization set.
        folder: of the authors' files; None for our grammar.
        seed: of the grammar's sample.
    """
    if folder is None:
        return grammar("probing").sample(split, sum(counts), seed)
    parts = zip(FILES[split], counts, strict=False)
    return [sentence for name, count in parts for sentence in first(read_probing, folder / name, count)]


def trigger_questions(phenomenon: str, count: int, folder: Path | None = None) -> list[TriggerQuestion]:
    """`count` sentences of every cell of `agreement` or `reflexive` that has a distractor; without one, no score.

    Args:
        folder: of the authors' files; None for our grammar.
    """
    distracted = [cell for cell in cells(phenomenon) if cell.split(".")[1] != "none"]
    if folder is None:
        source = grammar(phenomenon)
        return [dependency(sentence) for cell in distracted for sentence in source.sample(cell, count, seed=0)]
    return [
        question
        for cell in distracted
        for name in FILES[cell]
        for question in first(read_attention, folder / name, count)
    ]


def condition_of(cell: str) -> str:
    """Cell -> condition of Table 2: agreement.pp.sg.pl.inflected -> agreement.pp.mismatch."""
    parts = cell.split(".")
    if parts[0] != "agreement" or parts[1] == "none":
        return cell
    return f"agreement.{parts[1]}.{'match' if parts[2] == parts[3] else 'mismatch'}"


def factors(cell: str) -> dict[str, int]:
    """What the paper's regression knows of a cell; 1 for true.

    Returns:
        agreement: rc, match, inflected. Reflexives: rc, object_match, rc_match; without an object, object_match is 0
        (the authors' own coding of that case is not known).
    """
    parts = cell.split(".")
    if parts[0] == "agreement":
        return {
            "rc": int(parts[1] == "rc"),
            "match": int(condition_of(cell).endswith(".match")),
            "inflected": int(parts[-1] == "inflected"),
        }
    has_rc, has_object = "rc" in parts[1].split("_"), "object" in parts[1].split("_")
    return {
        "rc": int(has_rc),
        "object_match": int(has_object and parts[-1] == "match"),
        "rc_match": int(has_rc and parts[2] == "match"),
    }


def dependency(sentence: Sentence) -> TriggerQuestion:
    """A sampled sentence as target and triggers, the true trigger first."""
    triggers = sentence.spans("trigger") + sentence.spans("distractor")
    return TriggerQuestion(sentence.words, sentence.target, triggers, sentence.condition)
