"""Everything that can be checked before the first notebook of a run starts."""

from collections.abc import Callable

from insidebert.errors import InputError
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
                models[name] = _fault(_load, name)
            if models[name]:
                found.append(f"MODELS, {name}: {models[name]}")
        faults, own = [], paper_of(notebook)
        if own and own.check:
            faults.append(_fault(own.load("check"), parameters, paths))
        if {"YOUR_SENTENCE", "TARGET", "TRIGGERS"} <= set(parameters) and not models[parameters["MODELS"][0]]:
            faults.append(_fault(_ask, parameters))
        found += [f"notebook {notebook}: {fault}" for fault in faults if fault and fault not in models.values()]
    if found:
        raise InputError("nothing was run:\n" + "\n".join(dict.fromkeys(found)))


def _load(name: str):
    from insidebert.models import loading  # brings torch along, which notebooks without models do without

    return loading.load(name)


def _ask(parameters: dict) -> None:
    from insidebert.measure.confusion import TriggerQuestion

    asked = (parameters[name] for name in ("YOUR_SENTENCE", "TARGET", "TRIGGERS"))
    TriggerQuestion.of(_load(parameters["MODELS"][0]), *asked)


def _fault(attempt: Callable, *arguments) -> str:
    """What is wrong with what is tried; empty if nothing."""
    try:
        attempt(*arguments)
    except (InputError, OSError, UnicodeError) as error:
        return str(error)
    return ""
