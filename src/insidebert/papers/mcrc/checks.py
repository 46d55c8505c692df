"""What a notebook's parameters name, read before it starts; and the training of a reader by those parameters."""

from insidebert.models.loading import load
from insidebert.papers.mcrc.attacks import fine_tuned
from insidebert.papers.mcrc.plans import training_of
from insidebert.papers.mcrc.question_sets import splits_of
from insidebert.results.paths import Paths


def check(parameters: dict, paths: Paths) -> None:
    """Read or make the questions, and see that the plan of training is one for every model."""
    splits_of(**_questions(parameters, paths))
    for name in parameters["MODELS"]:
        training_of(load(name), parameters["PLAN"] | parameters["RATES"])


def train(model_name: str, paths: Paths, parameters: dict) -> str:
    """Fine-tune a notebook's reader into CHECKPOINT; what came of it, as a line, or nothing in a second process."""
    train_set, development, _ = splits_of(**_questions(parameters, paths))
    plan, checkpoint = parameters["PLAN"] | parameters["RATES"], paths.data(parameters["CHECKPOINT"])
    reader = fine_tuned(load(model_name), train_set, development, plan, parameters["SEEDS"][0], checkpoint)
    kept = f"{model_name}: development accuracy {reader.development:.3f}, kept in {parameters['CHECKPOINT']}"
    return kept if reader.first_process else ""


def _questions(parameters: dict, paths: Paths) -> dict:
    """Arguments of `splits_of`."""
    sizes = {name.lower(): parameters[name] for name in ("TRAIN", "DEVELOPMENT", "TEST")}
    return {"dataset": paths.data(parameters["DATASET"]), "planted": parameters["PLANTED"], **sizes}
