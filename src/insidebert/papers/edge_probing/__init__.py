"""What do you learn from context? (Tenney et al., 2019a; arXiv:1905.06316), called edge probing."""

from insidebert.papers import Paper

PAPER = Paper(
    name="edge_probing",
    title="What do you learn from context? Probing for sentence structure in contextualized word representations",
    short="Tenney et al. (2019a)",
    authors=(
        *("Ian Tenney", "Patrick Xia", "Berlin Chen", "Alex Wang", "Adam Poliak", "R. Thomas McCoy", "Najoung Kim"),
        *("Benjamin Van Durme", "Samuel R. Bowman", "Dipanjan Das", "Ellie Pavlick"),
    ),
    year=2019,
    citation="https://doi.org/10.48550/arXiv.1905.06316",
    chapter="edge_probing.md",
    number=5,
    artifacts="insidebert.papers.edge_probing.figures:ARTIFACTS",
    trains=frozenset({"encoders", "control", "code"}),
    check="insidebert.papers.edge_probing.checks:check",
    bench="bench.spans:edge_probing",
)
