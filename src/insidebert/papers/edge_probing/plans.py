"""Training by updates, as the papers count, whatever the size of a task."""

from insidebert.probes.spans import Plan
from insidebert.text.edges import EdgeTask


def plan_of(task: EdgeTask, updates: int, **plan) -> Plan:
    """A plan whose epochs make about so many updates on the task's training part, at least one pass.

    Args:
        plan: other fields of `Plan`; `batch` counts sentences.
    """
    batches = -(-len(task.train) // Plan(**plan).batch)
    return Plan(epochs=max(1, round(updates / batches)), **plan)
