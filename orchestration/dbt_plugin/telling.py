"""A version as a function of SQL: batches of features in, what it tells of them out."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.data.features import infinite
from ml.declaration.trust import Trust
from ml.errors import PipelineError, UsageError
from ml.explain import Explainer, reasons
from ml.model import Model
from ml.names import listed
from ml.scoring.stream import FEW_ROWS, columns_told, predictions_of, teller
from ml.versions import registry
from ml.versions.registry import ModelVersion
from ml.versions.reproduce import declared
from orchestration.settings import read_settings


class Teller:
    """Tells of batches whose columns are the features of a version, in order."""

    def __init__(self, name: str, model: Model, rows: int, top: int) -> None:
        self._name, self._model, self._top = name, model, top
        self._tell, _ = teller(model, rows)
        self._columns = [feature.column for feature in model.encoder.features]
        self._explainer = Explainer(model) if top else None

    @classmethod
    def load(cls, cursor: DuckDBPyConnection, key: Mapping[str, Any]) -> "Teller":
        """Return the version of ``key`` ready to tell, by compiled code unless rows are few."""
        version = find_version(cursor, key["model"], key["version"], "ml_predict")
        model = registry.load(cursor, version, trusted(version, Path(key["folder"])))
        if model.encoder.reads_images:
            raise UsageError(
                f"{version.name} reads photos, some of which may have no prediction; functions of "
                "SQL tell of every row",
                fix=f"read what it told: {{{{ source('predictions', '{version.model}') }}}}, "
                f"written by: goldloop score {version.model}",
            )
        return cls(version.name, model, FEW_ROWS if key["many"] else 0, key["top"])

    def tell(self, batch: pa.RecordBatch) -> pa.Array:
        """Return prediction and score of each row."""
        told = columns_told(self._model, self._told(batch))
        return _struct({"prediction": _as_text(told["prediction"]), "score": told["score"]})

    def explain(self, batch: pa.RecordBatch) -> pa.Array:
        """Return prediction, score and the features that made it, as lists of ``top``."""
        told = self._told(batch)
        prediction, score = predictions_of(self._model, told)
        classes = self._model.decide(told) if self._model.classes else None
        explained = self._explainer.explain(self._model.encoder.encode(batch), classes)  # type: ignore[union-attr]
        found = list(reasons(explained, self._top).values())
        pairs = zip(found[::2], found[1::2], strict=True)
        by_rank = [_struct({"feature": name, "effect": effect}) for name, effect in pairs]
        rows, top = batch.num_rows, self._top
        flat = pa.concat_arrays(by_rank).take(
            pa.array(np.arange(rows * top).reshape(top, rows).T.ravel())
        )
        lists = pa.ListArray.from_arrays(pa.array(np.arange(rows + 1, dtype=np.int32) * top), flat)
        return _struct(
            {"prediction": prediction.cast(pa.string()), "score": score, "reasons": lists}
        )

    def _told(self, batch: pa.RecordBatch) -> Any:
        endless = infinite(self._columns, batch)
        if endless:
            raise PipelineError(
                f"feature '{endless[0]}' of {self._name} is infinite in a row (a division by "
                "zero?); allowed: finite numbers and null",
                fix="mend it in the SQL of what is scored",
            )
        return self._tell(batch)


def _as_text(values: pa.Array) -> pa.Array:
    """Return ``values`` as text that DuckDB casts back to what they are, lists included."""
    if pa.types.is_nested(values.type):
        return pa.array([None if each is None else str(each) for each in values.to_pylist()])
    return values.cast(pa.string())


def _struct(columns: Mapping[str, pa.Array]) -> pa.Array:
    return pa.StructArray.from_arrays([*columns.values()], [*columns])


def find_version(
    cursor: DuckDBPyConnection, model: str, version: int | None, macro: str
) -> ModelVersion:
    """Return the champion of ``model``, or its ``version``.

    Raises PipelineError for one never trained, UsageError for a version there is none of.
    """
    every = registry.versions(cursor)
    made = [each for each in every if each.model == model]
    if not made:
        known = listed(model, sorted({each.model for each in every})) if every else "none"
        raise PipelineError(
            f"{macro} asks ML model '{model}', which was never trained; trained are: {known}",
            fix=f"correct the name, or train it: dbt build --select {model}, or of an exposure: "
            f"goldloop train {model}",
        )
    if version is None:
        champion = next((each for each in made if each.status == "champion"), None)
        if champion is None:
            last = f"{made[0].name} is {made[0].status} ({made[0].reason})"
            raise PipelineError(
                f"{macro} asks ML model '{model}', of which no version is champion: {last}",
                fix=f"name one (version={made[0].version}), or: goldloop models promote "
                f"{made[0].name}",
            )
        return champion
    named = next((each for each in made if each.version == version), None)
    if named is None:
        there = ", ".join(f"{each.name} ({each.status})" for each in made)
        raise UsageError(
            f"{macro} asks {model}@{version}, which there is not; there are: {there}",
            fix="correct the version in the SQL that calls it",
        )
    return named


def trusted(version: ModelVersion, folder: Path) -> Trust:
    """Return whose code the project in ``folder`` lets ``version`` be made of."""
    return declared(version, *of_project(folder)).trusted


def of_project(folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the project's ``folder``, and what its project file trusts."""
    return folder, read_settings(folder).ml.trust
