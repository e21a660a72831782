"""A version as a function of SQL: batches of features in, what it tells of them out."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.data.features import coded
from ml.declaration.trust import Trust
from ml.errors import PipelineError, UsageError
from ml.evaluation.metrics import Array
from ml.explain import Explainer, reasons
from ml.model import Model
from ml.names import listed
from ml.scoring.stream import FEW_ROWS, columns_told, compiled_for, predictions_of
from ml.versions import registry
from ml.versions.registry import ModelVersion
from ml.versions.reproduce import declared
from orchestration.settings import read_settings


def read_sql(columns: Sequence[Column]) -> list[str]:
    """Return the arguments by which a version is given ``columns``, its features in order.

    The numbers are one list, then come the texts: DuckDB hands over 2,048 rows at a time, and each
    argument costs as much as telling of that many does.
    """
    numbers = [column.feature_sql for column in columns if _is_number(column)]
    others = [column.feature_sql for column in columns if not _is_number(column)]
    return [f"[{', '.join(numbers)}]", *others] if numbers else others


def _is_number(column: Column) -> bool:
    return column.kind in ("number", "boolean")


class Teller:
    """Tells of batches whose columns are what :func:`read_sql` writes for a version."""

    def __init__(self, name: str, model: Model, rows: int, top: int) -> None:
        self._name, self._model, self._top = name, model, top
        self._made = compiled_for(model, rows)
        self._features = model.encoder.features
        counted = [_is_number(feature.column) for feature in self._features]
        self._numbers = [at for at, is_number in enumerate(counted) if is_number]
        self._texts = [at for at, is_number in enumerate(counted) if not is_number]
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
        numbers, texts = self._read(batch)
        told = columns_told(self._model, self._told(numbers, texts))
        return _struct({"prediction": _as_text(told["prediction"]), "score": told["score"]})

    def explain(self, batch: pa.RecordBatch) -> pa.Array:
        """Return prediction, score and the features that made it, as lists of ``top``."""
        numbers, texts = self._read(batch)
        told = self._told(numbers, texts)
        prediction, score = predictions_of(self._model, told)
        classes = self._model.decide(told) if self._model.classes else None
        inputs = self._model.encoder.encode(self._batch(numbers, texts))
        found = list(reasons(self._explainer.explain(inputs, classes), self._top).values())  # type: ignore[union-attr]
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

    def _read(self, batch: pa.RecordBatch) -> tuple[Array, list[pa.Array]]:
        """Return the numbers [features, rows], NaN where one is missing, and the texts.

        Raises PipelineError for an infinite number.
        """
        many = len(self._numbers)
        if not many:
            return np.empty((0, batch.num_rows)), batch.columns
        flat = batch.column(0).flatten().to_numpy(zero_copy_only=False)
        numbers = np.ascontiguousarray(flat.reshape(batch.num_rows, many).T)
        endless = np.isinf(numbers)
        if endless.any():
            name = self._features[self._numbers[int(endless.any(axis=1).argmax())]].name
            raise PipelineError(
                f"feature '{name}' of {self._name} is infinite in a row (a division by "
                "zero?); allowed: finite numbers and null",
                fix="mend it in the SQL of what is scored",
            )
        return numbers, batch.columns[1:]

    def _told(self, numbers: Array, texts: Sequence[pa.Array]) -> Array:
        if self._made is None:
            return self._model.tell(self._model.encoder.encode(self._batch(numbers, texts)))
        from ml.compiled import Values

        columns = [Values(each) for each in numbers]
        for at, text in zip(self._texts, texts, strict=True):
            columns.insert(at, Values.of_arrow(coded(self._features[at], text)))
        return self._made.tell(columns)

    def _batch(self, numbers: Array, texts: Sequence[pa.Array]) -> pa.RecordBatch:
        """Return the features in order, a column each."""
        columns = [pa.array(each) for each in numbers]
        for at, text in zip(self._texts, texts, strict=True):
            columns.insert(at, text)
        return pa.RecordBatch.from_arrays(columns, [each.name for each in self._features])


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
