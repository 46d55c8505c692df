"""What does BERT Learn from Multiple-Choice Reading Comprehension Datasets? (Si et al., 2019; arXiv:1910.12391)."""

from insidebert.papers import Paper

PAPER = Paper(
    name="mcrc",
    title="What does BERT Learn from Multiple-Choice Reading Comprehension Datasets?",
    short="Si et al. (2019)",
    authors=("Chenglei Si", "Shuohang Wang", "Min-Yen Kan", "Jing Jiang"),
    year=2019,
    citation="https://doi.org/10.48550/arXiv.1910.12391",
    chapter="mcrc.md",
    number=3,
    artifacts="insidebert.papers.mcrc.figures:ARTIFACTS",
    trains=frozenset({"attacks", "unanswerable", "recovered"}),
    check="insidebert.papers.mcrc.checks:check",
    bench="bench.report:mcrc",
    train="insidebert.papers.mcrc.checks:train",
)
