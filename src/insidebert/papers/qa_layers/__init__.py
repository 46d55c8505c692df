"""How Does BERT Answer Questions? A Layer-Wise Analysis of Transformer Representations (van Aken et al., 2019)."""

from insidebert.papers import Paper

PAPER = Paper(
    name="qa_layers",
    title="How Does BERT Answer Questions? A Layer-Wise Analysis of Transformer Representations",
    short="van Aken et al. (2019)",
    authors=("Betty van Aken", "Benjamin Winter", "Alexander Löser", "Felix A. Gers"),
    year=2019,
    citation="https://doi.org/10.48550/arXiv.1909.04925",
    chapter="qa_layers.md",
    number=7,
    artifacts="insidebert.papers.qa_layers.figures:ARTIFACTS",
    trains=frozenset({"phases", "samples", "probes", "moved"}),
    check="insidebert.papers.qa_layers.checks:check",
)
