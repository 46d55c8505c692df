"""The paper's layers of 12, as zero-based layers of a model of any depth."""


def early(layers: int) -> list[int]:
    """The first sixth: layers 1-2 of 12, 1 of 6."""
    return list(range(max(1, layers // 6)))


def middle_to_late(layers: int) -> list[int]:
    """Layers 6-10 of 12, 3-5 of 6."""
    return [layer - 1 for layer in range(1, layers + 1) if 6 * layers <= 12 * layer <= 10 * layers]


def late(layers: int) -> list[int]:
    """The last sixth: layers 11-12 of 12, 6 of 6."""
    return list(range(layers - max(1, layers // 6), layers))


def from_fifth(layers: int) -> list[int]:
    """Layers 5-12 of 12, 3-6 of 6."""
    return [layer - 1 for layer in range(1, layers + 1) if 12 * layer >= 5 * layers]
