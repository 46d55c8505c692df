"""What a notebook's parameters name, read before it starts."""

from insidebert.errors import InputError
from insidebert.papers.look_at.surface import pairs_of
from insidebert.papers.qa_layers.question_sets import STORIES, located, splits_of
from insidebert.results.paths import Paths


def check(parameters: dict, paths: Paths) -> None:
    """Read or make the questions, and see that the plans of training are some."""
    from insidebert.finetune.span_training import SpanTraining  # brings torch along

    SpanTraining(**parameters["PLAN"])
    sizes = [parameters[name] for name in ("TRAIN", "QUESTIONS", "DISTRACTORS")]
    for name, dataset in zip(parameters["DATASETS"], located(parameters["DATASETS"], paths), strict=True):
        try:
            splits_of(dataset, *sizes)
        except (InputError, OSError, UnicodeError) as error:
            kinds = ", ".join(STORIES)
            raise InputError(f"DATASETS, {name}: {error}; it is one of {kinds}, or a file of questions") from None
    if parameters["READER"]:
        _check_reader(parameters)
    if "EDGES" in parameters:
        _check_probes(parameters, paths)
    if "TEXT" in parameters and not pairs_of(paths.data(parameters["TEXT"]), 1):
        raise InputError(f"TEXT, {parameters['TEXT']}: no document of two paragraphs")
    own = [parameters.get(name, "there").strip() for name in ("YOUR_QUESTION", "YOUR_CONTEXT")]
    if not all(own):
        raise InputError("YOUR_QUESTION and YOUR_CONTEXT: give both, each with some text")


def _check_reader(parameters: dict) -> None:
    from insidebert.models.loading import load, resolve
    from insidebert.papers.qa_layers.readers import fine_tuned

    for name in parameters["MODELS"]:
        fine_tuned(load(resolve(name)), parameters["PLAN"], [], parameters["READER"])


def _check_probes(parameters: dict, paths: Paths) -> None:
    from insidebert.papers.edge_probing.plans import plan_of
    from insidebert.papers.edge_probing.tasks import tasks_of

    try:
        tasks = tasks_of(paths.data(parameters["EDGES"]), ("entities", "coreference", "relations"), 1, 1)
    except (InputError, OSError, UnicodeError) as error:
        raise InputError(f"EDGES, {parameters['EDGES']}: {error}") from None
    plan_of(next(iter(tasks.values())), **parameters["PROBE"])
