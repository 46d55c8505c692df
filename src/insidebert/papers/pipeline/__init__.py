"""BERT Rediscovers the Classical NLP Pipeline (Tenney, Das and Pavlick, 2019b; arXiv:1905.05950)."""

from insidebert.papers import Paper

PAPER = Paper(
    name="pipeline",
    title="BERT Rediscovers the Classical NLP Pipeline",
    short="Tenney et al. (2019b)",
    authors=("Ian Tenney", "Dipanjan Das", "Ellie Pavlick"),
    year=2019,
    citation="https://doi.org/10.48550/arXiv.1905.05950",
    chapter="pipeline.md",
    number=6,
    artifacts="insidebert.papers.pipeline.figures:ARTIFACTS",
    trains=frozenset({"layers", "seeds", "code"}),
    check="insidebert.papers.edge_probing.checks:check",
)
