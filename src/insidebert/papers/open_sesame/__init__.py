"""Open Sesame: Getting Inside BERT's Linguistic Knowledge (Lin, Tan and Frank, 2019; arXiv:1906.01698)."""

from insidebert.papers import Paper

PAPER = Paper(
    name="open_sesame",
    title="Open Sesame: Getting Inside BERT's Linguistic Knowledge",
    short="Lin et al. (2019)",
    authors=("Yongjie Lin", "Yi Chern Tan", "Robert Frank"),
    year=2019,
    citation="https://doi.org/10.48550/arXiv.1906.01698",
    chapter="open_sesame.md",
    number=1,
    artifacts="insidebert.papers.open_sesame.figures:ARTIFACTS",
    trains=frozenset({"main_auxiliary", "subject_noun", "nth_token"}),
    check="insidebert.papers.open_sesame.checks:check",
    bench="bench.report:open_sesame",
)
