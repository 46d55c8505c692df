"""What is seen in each figure and table, in sentences whose numbers are read from the tidy tables."""

import pandas as pd

from insidebert.papers.qa_layers.layers import phase_layers
from insidebert.papers.qa_layers.probe_tasks import SHORT
from insidebert.results.wording import each_model, percent

THIRD = "question and fact"


@each_model
def two_samples(model: str, questions: pd.DataFrame) -> str:
    """Table 1."""
    said = [f"{row.question} - {row.said}" for row in questions.itertuples() if "right, " in row.sample]
    return f"The reader of {model} answers: {'; '.join(said)}."


@each_model
def scores(model: str, table: pd.DataFrame) -> str:
    """Table 2."""
    found = table[table["measure"] == "F1"]
    said = [f"{percent(row.score)} on {row.dataset} ({row.questions} questions)" for row in found.itertuples()]
    return f"{model} as a reader has an F1 of {' and '.join(said)}."


def variance(points: pd.DataFrame, held: pd.DataFrame, questions: pd.DataFrame, sample: int) -> list[str]:
    """Figures 4 and 5: how much of the variance a picture shows."""
    return _variance(held, sample=sample)


@each_model
def _variance(model: str, held: pd.DataFrame, sample: int) -> str:
    names = [name for name in dict.fromkeys(held["sample"]) if "right, " in name] or [held["sample"].iloc[0]]
    own = held[(held["sample"] == names[min(sample, len(names) - 1)]) & (held["view"] == "each layer")]
    both = own.assign(both=own["first"] + own["second"]).set_index("layer")["both"]
    layers = dict.fromkeys(phase_layers(int(both.index.max())).values())
    said = ", ".join(f"{percent(both[layer])} in layer {layer}" for layer in layers)
    return f"In {model} two components hold {said}; all that lies in the other dimensions is not in the picture."


def wrong_answer(points: pd.DataFrame, held: pd.DataFrame, questions: pd.DataFrame) -> list[str]:
    """Figure 8."""
    return _wrong(questions)


@each_model
def _wrong(model: str, questions: pd.DataFrame) -> str:
    own = questions[questions["sample"] == "wrong"]
    if own.empty:
        return f"The readers of {model} gave no wrong answer to the test questions."
    row = own.iloc[0]
    return f"{row['question']} The reader of {model} says {row['said']}; right is {row['answer']}."


@each_model
def phases(model: str, layers: pd.DataFrame, space: str) -> str:
    """The phases as numbers, of right answers where there are some."""
    own = layers[(layers["space"] == space) & (layers["version"].isin(["fine-tuned", "random weights"]))]
    said = []
    for dataset, part in own.groupby("dataset", sort=False):
        outcome = "right" if (part["outcome"] == "right").any() else "all"
        part = part[part["outcome"] == outcome]
        joined, apart = (_line(part, measure) for measure in ("question + fact", "answer"))
        pure, chance = (_line(part, measure) for measure in ("sentences", "sentences by chance"))
        third = phase_layers(int(joined.index.max()))[THIRD]
        said.append(
            f"on {dataset} question and fact are most of a group in layer {joined.idxmax()} (silhouette "
            f"{joined.max():.2f}), and the answer stands farthest apart in layer {apart.idxmax()} "
            f"({apart.max():.2f} of the mean distance); clusters of layer {third} are {percent(pure[third])} pure by "
            f"sentence, by chance {percent(chance[third])}"
        )
    return f"In the readers of {model}, {'; '.join(said)}."


@each_model
def similarity(model: str, layers: pd.DataFrame) -> str:
    """Similarity to the pre-trained model."""
    own = layers[(layers["measure"] == "similarity to pre-trained") & (layers["space"] == "raw")]
    said = []
    for dataset, part in own[own["outcome"] == "all"].groupby("dataset", sort=False):
        line = _line(part, "similarity to pre-trained")
        said.append(f"{line.iloc[1]:.2f} in layer 1 and {line.iloc[-1]:.2f} in layer {line.index[-1]} on {dataset}")
    return f"The similarity of {model} before and after fine-tuning is {'; '.join(said)}."


def probes(scores: pd.DataFrame, which: int) -> list[str]:
    """Figures 2 and 3, of one model."""
    sentences = _probes(scores)
    return [sentences[min(which, len(sentences) - 1)]]


@each_model
def _probes(model: str, scores: pd.DataFrame) -> str:
    own = scores[(scores["score"] == "macro F1") & (scores["version"] != "fine-tuned")]
    said = []
    for (task, about), part in own.groupby(["task", "about"], sort=False):
        top = part.loc[part["f1"].idxmax()]
        where = f"{SHORT[task]} of {about}" if about else SHORT[task]
        said.append(f"{where} in layer {top['layer']} ({percent(top['f1'])}, majority {percent(top['majority'])})")
    return f"Before fine-tuning, {model} is best at {'; '.join(said)}: macro F1."


@each_model
def heat_maps(model: str, scores: pd.DataFrame) -> str:
    """Figure 6."""
    own = scores[(scores["score"] == "macro F1") & (scores["version"] != "pre-trained")]
    said = []
    for dataset, part in own.groupby("dataset", sort=False):
        tops = part.loc[part.groupby("task", sort=False)["f1"].idxmax()].set_index("task")["layer"]
        peaks = ", ".join(f"{SHORT[task]} {tops[task]}" for task in SHORT if task in tops)
        said.append(f"{dataset or 'random weights'}: {peaks}")
    return f"Best layers of the readers of {model}: {'; '.join(said)}."


@each_model
def differences(model: str, table: pd.DataFrame) -> str:
    """Fine-tuned minus pre-trained."""
    own = table[(table["score"] == "macro F1") & (table["layer"] > 0)]
    means = own.groupby(["dataset", "task"], sort=False)["difference"].mean() * 100
    said = [f"{SHORT[task]} {value:+.1f} ({dataset})" for (dataset, task), value in means.items()]
    return f"Mean change over the layers of {model}, in points of macro F1: {', '.join(said)}."


@each_model
def attention(model: str, layers: pd.DataFrame) -> str:
    """What fine-tuning changes in attention."""
    own = layers[layers["version"] == "difference"]
    top = own.loc[own["value"].abs().groupby([own["dataset"], own["statistic"]], sort=False).idxmax()]
    said = [f"{row.statistic} {row.value:+.3f} in layer {row.layer} ({row.dataset})" for row in top.itertuples()]
    return f"Largest changes in {model}: {', '.join(said)}."


def _line(rows: pd.DataFrame, measure: str) -> pd.Series:
    return rows[rows["measure"] == measure].set_index("layer")["value"].sort_index()
