"""An ML model as declared: the exposure's ``config.meta.ml``, parsed, typed and frozen."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from ml.declaration.estimator import Estimator, Tune
from ml.declaration.measures import Task
from ml.declaration.part import Part
from ml.declaration.problem import Criterion, Problem
from ml.declaration.refusals import explain, refusal
from ml.declaration.rules import broken_rules
from ml.declaration.tasks import task_of
from ml.declaration.training import Train
from ml.declaration.trust import Trust, own_classes, untrusted
from ml.declaration.using import Evaluate, Score
from ml.declaration.watching import Monitor, Retrain

__all__ = ["Criterion", "Declaration", "ModelSpec", "Problem", "parse_spec"]


class Declaration(Part):
    """What stands under ``config.meta.ml``."""

    problem: Problem = Field(description="The question, the decision, and when it is good enough.")
    train: Train = Field(description="The training set.")
    estimator: Estimator = Field(description="What is fitted.")
    tune: Tune | None = Field(None, description="A search for the estimator's parameters.")
    evaluate: Evaluate = Field(Evaluate(), description="What is reported of each version.")
    score: Score = Field(description="What is scored.")
    monitor: Monitor = Field(Monitor(), description="What is watched of what is scored.")
    retrain: Retrain | None = Field(
        None,
        description="When a run trains; whenever data, declaration, seed or libraries have changed "
        "unless given.",
    )

    @property
    def task(self) -> Task:
        """What is learnt: what the preset can do and the metrics of ``problem.success`` judge."""
        return task_of(self.estimator.preset, [each.metric for each in self.problem.success])


class ModelSpec(Declaration):
    """A declaration with the name of its exposure and the file it stands in.

    ``folder`` is the project's and ``trust`` is what its project file lets in beside
    scikit-learn and its own code; neither is kept with a version.
    """

    name: str
    file: str
    folder: Path | None = Field(None, exclude=True)
    trust: tuple[str, ...] = Field((), exclude=True)

    @property
    def trusted(self) -> Trust:
        """Whose code this model may be made of."""
        return Trust(self.trust, self.folder, own_classes(self.estimator, self.folder))


def parse_spec(
    name: str,
    meta: Mapping[str, Any],
    *,
    file: str,
    folder: Path | None = None,
    trust: tuple[str, ...] = (),
) -> ModelSpec:
    """Return the declaration of model ``name`` that stands in ``file`` as ``meta``.

    ``folder`` is where the project's own code is, ``trust`` names the classes and builders of
    others that it lets in.

    Raises UsageError naming each key or value that is not allowed, with what is.
    """
    try:
        declared = Declaration.model_validate(dict(meta))
    except ValidationError as error:
        raise refusal(name, file, explain(error, Declaration)) from None
    broken = [*broken_rules(declared), *untrusted(declared.estimator, Trust(trust, folder))]
    if broken:
        raise refusal(name, file, broken)
    parts = {part: getattr(declared, part) for part in Declaration.model_fields}
    return ModelSpec(name=name, file=file, folder=folder, trust=trust, **parts)
