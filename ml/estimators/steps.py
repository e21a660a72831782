"""The steps of a pipeline, and of pipelines within it."""

from typing import Any

from sklearn.pipeline import Pipeline


def last_step(estimator: Any) -> Any:
    """Return the step that learns the label: ``estimator`` itself where it is no pipeline."""
    return last_step(estimator.steps[-1][1]) if isinstance(estimator, Pipeline) else estimator


def names_to_last_step(estimator: Any) -> list[str]:
    """Return the names of the steps that lead to :func:`last_step`."""
    if not isinstance(estimator, Pipeline):
        return []
    name, step = estimator.steps[-1]
    return [name, *names_to_last_step(step)]
