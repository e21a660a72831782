"""Exports of a version: written out, tried, and given back only when they tell the same."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from duckdb import DuckDBPyConnection

from ml.anatomy import dissect
from ml.anatomy.steps import Opaque
from ml.columns import Column, Source
from ml.data.transform import check_inputs, feature_column
from ml.errors import PipelineError, UsageError
from ml.export.parity import Parity, Told, Trial, compare, try_model
from ml.export.planted import AT, TRIED, plant
from ml.export.sql import Scored, select_sql
from ml.model import Model
from ml.relation import Relation, quote
from ml.scoring.predictions import Target, labelled_columns
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA
from ml.versions import registry
from ml.versions.registry import ModelVersion

SQL_TOLERANCE = 1e-12
# ONNX Runtime adds up the trees in an order of its own.
ONNX_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Export:
    """What is to be written, and what came of trying it."""

    content: bytes
    parity: Parity
    tolerance: float


def export_sql(
    conn: DuckDBPyConnection, spec: ModelSpec, version: ModelVersion, source: Source
) -> Export:
    """Return the SELECT by which ``version`` scores ``source``, having tried it in DuckDB.

    It gives the key, ``as_of_date``, ``prediction`` and ``score``. Raises UsageError for an
    estimator that cannot be written as SQL, PipelineError with the rows that differ when the
    SELECT tells another score than the model for any row tried.
    """
    model = registry.load(conn, version, spec.trusted)
    check_inputs(source, model.encoder.features, version.name)
    columns = [feature_column(each, source.columns) for each in model.encoder.features]
    target = _target(spec, version, source)
    names = [*(quote(column.name) for column in target.key), "as_of_date"]
    kept = dict(zip(names, target.key_sql, strict=True))
    content = select_sql(
        model, Scored(source.relation.sql, columns, kept, target.written["prediction"])
    )
    trial = prepare(conn, model, source, columns)
    attempt = select_sql(model, Scored(TRIED, columns, {AT: AT}, target.written["prediction"]))
    parity = compare(trial, lambda: _run(conn, attempt, version), SQL_TOLERANCE)
    parity.require(version.name, SQL_TOLERANCE)
    return Export((_heading(version, source) + content).encode(), parity, SQL_TOLERANCE)


def export_onnx(
    conn: DuckDBPyConnection, spec: ModelSpec, version: ModelVersion, source: Source
) -> Export:
    """Return ``version`` as an ONNX model, having tried it in ONNX Runtime.

    Raises as :func:`export_sql` does, and UsageError where the extra ``onnx`` is not installed.
    """
    try:
        from ml.export.onnx import onnx_model
        from ml.export.onnx_run import run
    except ImportError as error:
        raise UsageError(
            f"an export to ONNX needs {error.name}, which is not installed",
            fix="type: pip install 'goldloop[onnx]', or: --to sql",
        ) from None
    model = registry.load(conn, version, spec.trusted)
    check_inputs(source, model.encoder.features, version.name)
    columns = [feature_column(each, source.columns) for each in model.encoder.features]
    content = onnx_model(model, _facts(version, model))
    trial = prepare(conn, model, source, columns)
    parity = compare(trial, lambda: run(content, model, trial.features), ONNX_TOLERANCE)
    parity.require(version.name, ONNX_TOLERANCE)
    return Export(content, parity, ONNX_TOLERANCE)


def _facts(version: ModelVersion, model: Model) -> dict[str, str]:
    made_by_sql = {each.name: each.sql for each in model.encoder.features if each.sql}
    return {
        "model": version.name,
        "train_relation": version.train_relation,
        "data_hash": version.data_hash,
        "release": version.release or "",
        "code_version": version.code_version or "",
        "run_id": version.run_id,
        "transform": json.dumps(made_by_sql, ensure_ascii=False),
    }


def _target(spec: ModelSpec, version: ModelVersion, source: Source) -> Target:
    key = [source.column(name, "score.key", spec.file) for name in spec.score.key]
    time = source.time(spec.score.time, "score.time", spec.file)
    relation = Relation(PREDICTIONS_SCHEMA, spec.name)
    written = labelled_columns(version)
    return Target(relation, source.relation, tuple(key), time, version, written)


def prepare(
    conn: DuckDBPyConnection, model: Model, source: Source, columns: Sequence[Column]
) -> Trial:
    """Plant the rows an export of ``model`` is tried on, and let the model tell them."""
    try:
        anatomy = dissect(model)
    except Opaque as opaque:
        raise UsageError(f"{opaque} cannot be exported", fix="choose another estimator") from None
    plant(conn, source, model.encoder.features, anatomy)
    return try_model(conn, model, columns)


def _run(conn: DuckDBPyConnection, attempt: str, version: ModelVersion) -> Told:
    try:
        found = conn.execute(
            f"select cast(prediction as varchar), coalesce(score, try_cast(prediction as double)) "
            f"from ({attempt}) order by {AT}"
        ).fetchall()
    except duckdb.Error as error:
        raise PipelineError(
            f"the SQL of {version.name} does not run: {str(error).splitlines()[0]}; nothing was "
            "written",
            fix=f"use goldloop score {version.model}",
        ) from None
    return [row[0] for row in found], np.array([row[1] for row in found], dtype=np.float64)


def _heading(version: ModelVersion, source: Source) -> str:
    lines = [
        f"{version.name} ({version.estimator}), made {version.created_at:%Y-%m-%d %H:%M:%S} UTC",
        f"learnt from {version.train_relation}, data {version.data_hash}",
        f"release {version.release}, code {version.code_version}, run {version.run_id}",
        f"scores {source.relation}: another table of the same columns may take its place",
    ]
    return "".join(f"-- {' '.join(line.split())}\n" for line in lines)


FORMATS: dict[str, Callable[[DuckDBPyConnection, ModelSpec, ModelVersion, Source], Export]] = {
    "sql": export_sql,
    "onnx": export_onnx,
}
