"""Feedback: a model that reads what it is itself about to write."""

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

import dagster as dg

from ml.errors import UsageError


def refuse_feedback(assets: Iterable[dg.AssetsDefinition]) -> None:
    """Raise :class:`UsageError` naming the circle if an asset depends on itself through others.

    dbt cannot see it: the circle closes between a source of predictions and the ML model.
    """
    graph = {
        spec.key: {dep.asset_key for dep in spec.deps} for each in assets for spec in each.specs
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = " -> ".join(key.to_user_string() for key in error.args[1])
        raise UsageError(
            f"the graph goes in a circle: {circle}",
            fix="let one of these read another table, then: dbt parse",
        ) from error
