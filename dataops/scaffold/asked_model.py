"""What is asked for of a new ML model, every name looked up; what its kind tells."""

from dataclasses import dataclass

from dataops.scaffold.asked import Column
from ml.declaration.measures import Task
from ml.tables import PREDICTIONS_SCHEMA
from ml.task_columns import prediction_columns

# A kind that tells several rows of one key numbers them by this column.
NUMBERED: dict[Task, str] = {"recommendation": "rank", "forecast": "step"}
_FIRST, _LAST = ("model_name", "run_id", "model_version", "score"), ("as_of_date", "scored_at")


@dataclass(frozen=True)
class AskedModel:
    """An ML model to write; ``key`` names what is told of, and is of ``score_on``.

    ``label`` is None where the task has none; ``item`` and ``rating`` are of a recommendation,
    ``every`` and ``horizon`` of a forecast.
    """

    name: str
    task: Task
    preset: str
    metric: str
    train_on: str
    score_on: str
    key: tuple[Column, ...]
    time: Column
    score_time: Column
    question: str
    decision: str
    owner: str
    email: str | None = None
    label: Column | None = None
    item: Column | None = None
    rating: Column | None = None
    every: str | None = None
    horizon: int | None = None

    @property
    def door(self) -> str:
        """The bronze model that reads the predictions."""
        return f"brz_{PREDICTIONS_SCHEMA}__{self.name}"

    @property
    def columns(self) -> list[Column]:
        """What a prediction has, in the order of the door."""
        told = self.label.type if self.label and self.task == "classification" else "double"
        made = {
            name: Column(name, kind or told, says.replace("`", ""))
            for name, (kind, says) in prediction_columns(self.task).items()
        }
        names = [*(name for name in _FIRST if name in made),
                 *(name for name in made if name not in (*_FIRST, *_LAST)), *_LAST]  # fmt: skip
        return [*self.key, *sorted((made[name] for name in names), key=_place)]

    @property
    def spoken_of(self) -> list[str]:
        """The columns that name what one scoring tells of."""
        return [*(column.name for column in self.key), "as_of_date"]

    @property
    def grain(self) -> list[str]:
        """The columns that name a prediction of one version."""
        number = NUMBERED.get(self.task)
        return [*self.spoken_of, *([number] if number else [])]

    @property
    def told(self) -> str:
        """The column with the number that is told."""
        return "prediction" if self.task == "forecast" else "score"


def _place(column: Column) -> int:
    """Return where a column stands by its type: text, numbers, booleans, dates, timestamps."""
    kinds = {"text": 0, "boolean": 2, "time": 3 if column.is_date else 4}
    return kinds.get(column.known.kind or "", 1)
