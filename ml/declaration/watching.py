"""``monitor`` and ``retrain``: what is watched once a version scores, and what it leads to."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ml.declaration.duration import Duration, seconds_of
from ml.declaration.part import MaybeColumns, Part

Share = Annotated[float, Field(ge=0, le=1)]
Distance = Annotated[float, Field(ge=0)]
THRESHOLDS = (
    ("psi", "jensen_shannon", "kolmogorov_smirnov", "wasserstein_norm", "total_variation")
    + ("missing", "unseen")
)  # fmt: skip


class Monitor(Part):
    """What is an alarm, and where it is looked for."""

    psi: Distance | None = Field(0.2, description="An alarm above this population stability index.")
    jensen_shannon: Share | None = Field(
        None, description="An alarm above this Jensen-Shannon distance."
    )
    kolmogorov_smirnov: Share | None = Field(
        None, description="An alarm above this Kolmogorov-Smirnov distance; of numbers."
    )
    wasserstein_norm: Distance | None = Field(
        None,
        description="An alarm above this Wasserstein distance, in standard deviations of the "
        "baseline; of numbers.",
    )
    total_variation: Share | None = Field(
        None, description="An alarm above this total variation distance."
    )
    missing: Share | None = Field(
        None, description="An alarm where the share of missing values has grown by more than this."
    )
    unseen: Share | None = Field(
        None,
        description="An alarm where more than this share of the values is no category of the "
        "baseline, or outside of its range.",
    )
    columns: MaybeColumns = Field(
        (), description="The only features watched; all of them unless given."
    )
    segments: MaybeColumns = Field(
        (), description="Columns of the scored table for whose values all is measured apart."
    )
    window: Literal["run", "day", "week", "month"] = Field(
        "run",
        description="What is compared at once: all dates that a run scores, or those of each day, "
        "week or month, the latest ten of them.",
    )
    baseline: Literal["training", "before"] = Field(
        "training",
        description="What an alarm is raised against: the training set, or the window before. "
        "Both are measured.",
    )
    severity: Literal["warn", "error"] = Field(
        "warn", description="Whether an alarm warns, or keeps the run from being released."
    )

    @property
    def thresholds(self) -> Mapping[str, float]:
        """The thresholds there are, by what they are of."""
        found = {name: getattr(self, name) for name in THRESHOLDS}
        return {name: most for name, most in found.items() if most is not None}


class Trigger(Part):
    """What calls for a training; a bare word is short for its name."""

    name: Literal["data_changed", "drift", "performance", "new_labels"] = Field(
        description="`data_changed`: the training set is another; `drift` or `performance`: the "
        "champion's last window raised that alarm; `new_labels`: there are more rows to learn from."
    )
    rows: Annotated[int, Field(ge=1)] | None = Field(
        None, description="Of `new_labels`, how many; `{new_labels: 500}` is short for both."
    )

    @model_validator(mode="before")
    @classmethod
    def _read_short_forms(cls, given: Any) -> Any:
        if isinstance(given, str):
            return {"name": given}
        if isinstance(given, Mapping) and set(given) == {"new_labels"}:
            return {"name": "new_labels", "rows": given["new_labels"]}
        return given

    @property
    def told(self) -> str:
        """The trigger as it is written."""
        return self.name if self.rows is None else f"{self.name}: {self.rows}"


class Retrain(Part):
    """When a run trains."""

    when: Annotated[tuple[Trigger, ...], Field(min_length=1, strict=False)] = Field(
        description="What calls for a training, any of it. A declaration that has changed, and a "
        "model without a champion, always do."
    )
    cooldown: Duration = Field(
        "0 days", description="How long after a training none of these calls for another."
    )

    @property
    def cooldown_seconds(self) -> int:
        """The cool-down in seconds."""
        return seconds_of(self.cooldown)


def watching_rules(monitor: Monitor, retrain: Retrain | None) -> list[str]:
    """Return one line for each rule that ``monitor`` and ``retrain`` break."""
    broken = []
    for at, trigger in enumerate(retrain.when if retrain else ()):
        if (trigger.name == "new_labels") != (trigger.rows is not None):
            given = "has no number of rows" if trigger.rows is None else "has a number of rows"
            broken.append(
                f"retrain.when[{at}] is {trigger.name} and {given}; "
                "allowed: data_changed, drift, performance, {new_labels: 500}"
            )
        if trigger.name == "drift" and not monitor.thresholds:
            broken.append(
                f"retrain.when[{at}] is drift, but monitor has no threshold; allowed: with one or "
                f"more of {', '.join(THRESHOLDS)}"
            )
    return broken
