"""The paper's four phases at a model's own depth."""

from math import floor

PHASES = {"semantic clusters": 2, "entities and attributes": 5, "question and fact": 7, "answer apart": 11}
"""Phase -> the layer of 12 in which the paper shows it."""


def phase_layers(layers: int) -> dict[str, int]:
    """The layer of a model, from 1, that lies as deep as the one in which the paper shows each phase.

    The paper counts layers of 12 from 0, its released script counts the embedding as 0; we follow the script, so that
    layer 11 is the last but one.

    Example:
        >>> list(phase_layers(12).values()), list(phase_layers(6).values()), list(phase_layers(24).values())
        ([2, 5, 7, 11], [1, 3, 4, 6], [4, 10, 14, 22])
    """
    return {phase: min(layers, max(1, floor(layer * layers / 12 + 0.5))) for phase, layer in PHASES.items()}
