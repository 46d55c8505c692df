"""The paper's figures and tables, and what is seen in each."""

from functools import partial

from insidebert.papers.open_sesame import confusion_figures, probe_figures, seen
from insidebert.results.artifacts import Artifact


def _accuracy_figure(label: str, slug: str, task: str, split: str, title: str) -> Artifact:
    return Artifact(
        slug,
        label,
        f"{title}: generalization accuracy by layer",
        (f"{task}-accuracy",),
        partial(probe_figures.generalization, label, split, title),
        seen=partial(seen.generalization, split),
    )


ARTIFACTS = (
    Artifact(
        "table-1",
        "Table 1",
        "Example sentences per probing task and split",
        ("examples-sentences",),
        probe_figures.example_sentences,
    ),
    _accuracy_figure("Figure 1", "figure-1", "main_auxiliary", "main_auxiliary.relative", "Main auxiliary"),
    _accuracy_figure("Figure 2", "figure-2", "subject_noun", "subject_noun.compound", "Subject noun, compounds"),
    _accuracy_figure("Figure 3", "figure-3", "subject_noun", "subject_noun.possessive", "Subject noun, possessives"),
    Artifact(
        "figure-4",
        "Figure 4",
        "n-th token: accuracy by layer for n = 2..9",
        ("nth_token-accuracy",),
        probe_figures.nth_token,
        seen=seen.nth_token,
    ),
    Artifact(
        "table-2",
        "Table 2",
        "Representative sentences per condition and mean confusion score",
        ("agreement-conditions", "reflexive-conditions"),
        confusion_figures.representative_sentences,
        seen=seen.conditions,
    ),
    Artifact(
        "figure-5",
        "Figure 5",
        "Reflexives: confusion by layer and condition",
        ("reflexive-layers",),
        confusion_figures.reflexives,
        seen=seen.reflexives,
    ),
    Artifact(
        "figure-5-agreement",
        "Figure 5 (agreement)",
        "Subject-verb agreement: confusion by layer and condition",
        ("agreement-layers", "agreement-differences"),
        confusion_figures.agreement,
        seen=seen.agreement,
    ),
    Artifact(
        "table-3",
        "Table 3",
        "Regression of confusion on layer and condition, reflexives",
        ("reflexive-regression",),
        confusion_figures.regression,
        seen=seen.regression,
    ),
    Artifact(
        "table-3-agreement",
        "Table 3 (agreement)",
        "Regression of confusion on layer and condition, agreement",
        ("agreement-regression",),
        confusion_figures.regression,
        seen=seen.regression,
    ),
    Artifact(
        "selectivity",
        "Selectivity",
        "Probes against their control task on the generalization sets",
        ("main_auxiliary-accuracy", "subject_noun-accuracy"),
        probe_figures.selectivity,
        ours=True,
        seen=seen.selectivity,
    ),
)
