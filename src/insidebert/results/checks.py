"""Everything that can be checked before the first notebook of a run starts."""

from insidebert.errors import InputError
from insidebert.measure.confusion import TriggerQuestion
from insidebert.models import loading
from insidebert.papers import paper_of
from insidebert.results.paths import Paths


def check(planned: dict[str, dict], paths: Paths) -> None:
    """Load every model and read every text, treebank or set of questions once.

    Args:
        planned: notebook -> its parameters, of their types already.

    Raises:
        InputError: all that was found, a line each, with the notebook and the parameter.
    """
    found, models = [], {}
    for notebook, parameters in planned.items():
        for name in parameters.get("MODELS", []):
            if name not in models:
                models[name] = _fault(lambda name=name: loading.load(name))
            if models[name]:
                found.append(f"MODELS, {name}: {models[name]}")
        own = paper_of(notebook)
        if own and own.check:
            fault = _fault(lambda own=own, parameters=parameters: own.load("check")(parameters, paths))
            found += [f"notebook {notebook}: {fault}"] if fault else []
        if {"YOUR_SENTENCE", "TARGET", "TRIGGERS"} <= set(parameters) and not models[parameters["MODELS"][0]]:
            asked = [parameters[name] for name in ("YOUR_SENTENCE", "TARGET", "TRIGGERS")]
            fault = _fault(lambda p=parameters, asked=asked: TriggerQuestion.of(loading.load(p["MODELS"][0]), *asked))
            found += [f"notebook {notebook}: {fault}"] if fault else []
    if found:
        raise InputError("nothing was run:\n" + "\n".join(dict.fromkeys(found)))


def _fault(attempt) -> str:
    """What is wrong with what is tried; empty if nothing."""
    try:
        attempt()
    except (InputError, OSError, UnicodeError) as error:
        return str(error)
    return ""
