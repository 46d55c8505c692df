"""What Does BERT Look At? An Analysis of BERT's Attention (Clark et al., 2019; arXiv:1906.04341)."""

from insidebert.papers import Paper

PAPER = Paper(
    name="look_at",
    title="What Does BERT Look At? An Analysis of BERT's Attention",
    short="Clark et al. (2019)",
    authors=("Kevin Clark", "Urvashi Khandelwal", "Omer Levy", "Christopher D. Manning"),
    year=2019,
    citation="https://doi.org/10.48550/arXiv.1906.04341",
    chapter="look_at.md",
    number=2,
    artifacts="insidebert.papers.look_at.figures:ARTIFACTS",
    trains=frozenset({"probes"}),
    check="insidebert.papers.look_at.checks:check",
    bench="bench.report:look_at",
)
