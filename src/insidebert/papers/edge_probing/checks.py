"""What a notebook's parameters name, read before it starts."""

from insidebert.errors import InputError
from insidebert.papers.edge_probing.tasks import NAMES, tasks_of
from insidebert.results.paths import Paths


def check(parameters: dict, paths: Paths) -> None:
    """Read the tasks, and see that the plan of training is one."""
    from insidebert.probes.spans import Plan  # brings torch along

    if unknown := set(parameters["TASKS"]) - set(NAMES):
        raise InputError(f"TASKS: no task {min(unknown)!r}; there are {', '.join(NAMES)}")
    try:
        tasks_of(paths.data(parameters["EDGES"]), parameters["TASKS"], parameters["TRAIN"], parameters["TEST"])
    except (InputError, OSError, UnicodeError) as error:
        raise InputError(f"EDGES, {parameters['EDGES']}: {error}") from None
    if "PLAN" in parameters:
        Plan(**{name: value for name, value in parameters["PLAN"].items() if name != "updates"})
