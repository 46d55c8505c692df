"""The paper's conditions by name, and sentences for them."""

from importlib.resources import files
from pathlib import Path

from insidebert.measure.confusion import TriggerQuestion
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
    "reflexive.rc_object.match.mismatch": "R6",
    "reflexive.rc_object.mismatch.match": "R7",
    "reflexive.rc_object.mismatch.mismatch": "R8",
}
"""The paper's labels. It does not say which of R5-R8 is which; here they follow relative clause, then object."""


def grammar(*parts: str) -> Grammar:
    """The lexicon and some of `probing`, `agreement`, `reflexive`."""
    folder = Path(str(files(__package__)))
    return Grammar.read(*(folder / f"{part}.grammar" for part in ("lexicon", *parts)))


def cells(phenomenon: str) -> list[str]:
    """Names of the 20 cells of `agreement` or the 9 of `reflexive`."""
    return [symbol for symbol in grammar(phenomenon).rules if symbol.startswith(f"{phenomenon}.")]


def condition_of(cell: str) -> str:
    """Cell -> condition of Table 2: agreement.pp.sg.pl.inflected -> agreement.pp.mismatch."""
    parts = cell.split(".")
    if parts[0] != "agreement" or parts[1] == "none":
        return cell
    return f"agreement.{parts[1]}.{'match' if parts[2] == parts[3] else 'mismatch'}"


def factors(cell: str) -> dict[str, int]:
    """What the paper's regression knows of a cell; 1 for true.

    Returns:
        agreement: rc, match, inflected. Reflexives: rc, object_match, rc_match.
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
