"""What the macros ask before they write SQL: which version tells, and what of a row it reads."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from duckdb import DuckDBPyConnection

from ml.data.features import Encoder, Feature
from ml.data.transform import check_inputs, feature_column
from ml.declaration.tasks import RULES
from ml.errors import UsageError
from ml.relation import Relation
from ml.scoring.predictions import labelled_columns
from ml.scoring.stream import FEW_ROWS
from ml.task_columns import TASK_COLUMNS
from ml.versions.registry import ModelVersion
from orchestration.assets.sql_trained import ASKED_BY
from orchestration.dbt_plugin.forecasting import forecast
from orchestration.dbt_plugin.given import check_names, check_task, source_given
from orchestration.dbt_plugin.moving import drifted, skewed
from orchestration.dbt_plugin.recommending import recommend
from orchestration.dbt_plugin.telling import find_version, read_sql

# The moments whose SQL depends on the session's zone, and the names of that of training.
ZONED, UTC = "TIMESTAMP WITH TIME ZONE", ("UTC", "Etc/UTC")


def predict(cursor: DuckDBPyConnection, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parts of the SQL by which a version tells of each row of a relation.

    Raises PipelineError for a model never trained and for a relation that lacks a feature,
    UsageError where a column of the relation is named as one that is added, for a model of another
    task than the macro is of, and for a session in another zone than the one learnt in.
    """
    version = find_version(cursor, asked["model"], asked["version"], asked["macro"])
    features = Encoder.from_json(version.features).features
    _check_by_rows(version, asked)
    check_task(version, asked)
    _check_zone(version, features, asked)
    source = source_given(cursor, asked["relation"], asked["dry"])
    if source is not None:
        check_inputs(source, features, version.name)
        check_names(source.columns, source.relation, asked)
        columns = [feature_column(feature, source.columns) for feature in features]
    else:
        # A CTE is known to DuckDB alone, which names a column that it lacks.
        columns = [feature.column for feature in features]
    key = {
        "database": asked["database"],
        "model": version.model,
        "version": version.version,
        "many": source is None or _is_many(cursor, source.relation),
        "folder": asked["folder"],
        "top": asked["top"],
        "by": "rows",
    }
    return {
        "key": json.dumps(key),
        "features": read_sql(columns),
        "type": _type_told(version),
        "model": version.model,
        "version": version.version,
    }


def _check_by_rows(version: ModelVersion, asked: Mapping[str, Any]) -> None:
    if not RULES[version.task].features:
        raise UsageError(
            f"{asked['macro']} asks {version.name}, a {version.task}, which tells of no row by its "
            "features; allowed: models that learn from features",
            fix=f"ask it by {ASKED_BY[version.task]} in the SQL that calls {asked['macro']}",
        )


def _check_zone(
    version: ModelVersion, features: Sequence[Feature], asked: Mapping[str, Any]
) -> None:
    """Refuse another zone than that of training where a feature is made of a moment in a zone."""
    for feature in features:
        moments = [name for name, type_ in feature.reads if type_ == ZONED]
        if feature.sql is not None and moments and asked["zone"] not in UTC:
            raise UsageError(
                f"{asked['macro']} works out feature '{feature.name}' of {version.name} from "
                f"{moments[0]}, which is {ZONED}, in the zone of dbt's session, "
                f"{asked['zone']}; it was learnt in UTC; allowed: {' or '.join(UTC)}",
                fix="add to the target in profiles.yml: settings: {TimeZone: UTC}",
            )


def _type_told(version: ModelVersion) -> str:
    """Return the type of the prediction: the label's, or that of a task without one."""
    if version.task in TASK_COLUMNS:
        return TASK_COLUMNS[version.task]["prediction"][0]
    return labelled_columns(version)["prediction"]


def _is_many(cursor: DuckDBPyConnection, relation: Relation) -> bool:
    """Whether a table has so many rows that compiled code is done sooner; a view is not counted."""
    found = cursor.execute(
        "select estimated_size from duckdb_tables() where database_name = current_database() "
        "and schema_name = ? and table_name = ?",
        [relation.schema, relation.name],
    ).fetchone()
    return found is None or int(found[0]) >= FEW_ROWS


ANSWERS = {
    "predict": predict,
    "forecast": forecast,
    "recommend": recommend,
    "drift": drifted,
    "skew": skewed,
}
