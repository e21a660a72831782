"""The tables the engine keeps in the warehouse, each column with what it says."""

import re
from collections.abc import Mapping

from duckdb import DuckDBPyConnection

from ml.judgement_tables import JUDGEMENTS, OF_VERSION
from ml.monitoring_tables import MONITORING
from ml.relation import Relation, quote

MODEL_VERSIONS = Relation("ml", "model_versions")
SCORINGS = Relation("ml", "scorings")
TRIALS = Relation("ml", "trials")
LEAK_CHECKS = Relation("ml", "leak_checks")
DECISIONS = Relation("ml", "decisions")
PROBLEM_CARDS = Relation("ml", "problem_cards")
EARLIER_MODELS = Relation("ml", "earlier_models")
LEFT_OUT = Relation("ml", "left_out")
PREDICTIONS_SCHEMA = "predictions"
# Where a challenger's predictions go, which nobody acts on; its tables are made like the others.
SHADOW_SCHEMA = "shadow"

# column: (type, what it says); a test holds docs/ml.md against these.
COLUMNS: Mapping[Relation, Mapping[str, tuple[str, str]]] = {
    MODEL_VERSIONS: {
        "model": ("varchar", "The ML model's name."),
        "version": ("integer", "1, 2, 3 … within the model."),
        "status": ("varchar", "candidate, champion, challenger, retired or rejected."),
        "reason": ("varchar", "Why it has its status, null for a champion by the criteria."),
        "task": ("varchar", "What it tells, such as classification or regression."),
        "estimator": ("varchar", "The preset, the class, the builder or the ONNX file."),
        "params": ("json", "The parameters it has: those declared, and those found by `tune`."),
        "seed": ("bigint", "The seed declared."),
        "spec": ("json", "The whole declaration."),
        "label": ("varchar", "The label's column, null where the task has none."),
        "label_type": ("varchar", "The label's DuckDB type."),
        "classes": ("json", "The label's values as text, in order; the last of two is positive."),
        "features": (
            "json",
            "Each feature in order: name, type, kind, categories, rare, missing, "
            "and for one made by SQL that SQL and what it reads.",
        ),
        "transform": (
            "json",
            "The features made by SQL, name by expression, as scoring has them.",
        ),
        "calibration": ("json", "The curves that calibrate its probabilities, null for none."),
        "threshold": ("double", "The score from which on the positive class is told, or null."),
        "train_relation": ("varchar", "The training set's table."),
        "data_rows": ("bigint", "Rows of the training set."),
        "train_rows": ("bigint", "Rows learnt from."),
        "made_up_rows": ("bigint", "Of these, the rows made up (`train.synthetic`)."),
        "test_rows": ("bigint", "Rows held out."),
        "test_from": ("timestamp", "The first time held out, null where the split is not by time."),
        "data_hash": ("varchar", "The hash of the training set's values, whatever their order."),
        "fingerprint": ("varchar", "The hash of all that decides what a training gives."),
        "libraries": ("json", "The versions of the libraries it was made with."),
        "code_version": ("varchar", "The version of the project's code."),
        "manifest_hash": ("varchar", "The hash of the dbt manifest's nodes."),
        "release": ("varchar", "The release that the run started from."),
        "run_id": ("varchar", "The run that trained it."),
        "artifact": ("blob", "The fitted estimator, by skops, or the ONNX file as it is."),
        "artifact_sha256": ("varchar", "The sha256 of the artifact."),
        "created_at": ("timestamp", "When it was trained (UTC)."),
        "decided_at": ("timestamp", "When its status last changed (UTC)."),
    },
    **JUDGEMENTS,
    **MONITORING,
    DECISIONS: {
        "number": ("bigint", "1, 2, 3 … in the order they were taken."),
        **OF_VERSION,
        "status": ("varchar", "What it became: champion, challenger, retired or rejected."),
        "action": ("varchar", "By what: train, promote, retire or rollback."),
        "reason": ("varchar", "Why."),
        "decided_at": ("timestamp", "When (UTC)."),
        "run_id": ("varchar", "The run that decided it."),
        "by": ("varchar", "`criteria`, or the person who typed the command."),
    },
    PROBLEM_CARDS: {
        "model": ("varchar", "The ML model's name."),
        "card": ("json", "The declaration's `problem`: question, decision, baseline, criteria."),
        "hash": ("varchar", "The hash of the card."),
        "first_run": ("varchar", "The run that met it first."),
        "seen_versions": ("integer", "How many versions had been judged under the card before it."),
        "changed": ("json", "Each key that differs from the card before: `[old, new]`."),
        "recorded_at": ("timestamp", "When it was met (UTC)."),
    },
    SCORINGS: {
        "run_id": ("varchar", "The run that scored."),
        "model": ("varchar", "The ML model's name."),
        "version": ("integer", "The version that told."),
        "release": ("varchar", "The release that the run started from."),
        "code_version": ("varchar", "The version of the project's code."),
        "manifest_hash": ("varchar", "The hash of the dbt manifest's nodes."),
        "score_relation": ("varchar", "The table scored."),
        "features_hash": ("varchar", "The hash of the scored table's values, in any order."),
        "feature_code": ("json", "The hash of the code of each dbt node that made that table."),
        "rows": ("bigint", "Rows scored."),
        "new_rows": ("bigint", "Of them, rows that had no prediction of the version before."),
        "scored_at": ("timestamp", "When it was scored (UTC)."),
    },
    TRIALS: {
        "model": ("varchar", "The ML model's name."),
        "version": ("integer", "The version the search was for."),
        "trial": ("integer", "1, 2, 3 … in the order the settings were drawn."),
        "rung": (
            "integer",
            "1, 2, 3 …: each has more rows and fewer settings than the last.",
        ),
        "params": ("json", "The parameters tried."),
        "rows": ("bigint", "How many rows they were judged on, all folds together."),
        "metric": ("varchar", "The metric searched by."),
        "value": ("double", "Its mean over the folds, null where it is not defined."),
        "seconds": ("double", "How long the folds took."),
    },
    LEAK_CHECKS: {
        **OF_VERSION,
        "feature": ("varchar", "The feature."),
        "signal": (
            "varchar",
            "What of it tells: `value`, `missing` (whether it is there), or `part` (the share of "
            "one class where it has, or has not, some value or none).",
        ),
        "metric": ("varchar", "roc_auc, spearman or share."),
        "value": ("double", "How well it tells by itself."),
        "low": ("double", "The lower end of the 95 % interval, which is judged."),
        "rows": ("bigint", "On how many of the rows learnt from."),
        "class": ("varchar", "The class of `part`, else null."),
        "part": ("varchar", "Which rows `part` is of, such as `is missing`; else null."),
        "allowed": ("varchar", "Why it may, as `train.leak_guard.allow` says; null if not named."),
    },
    LEFT_OUT: {
        **OF_VERSION,
        "run_id": ("varchar", "The run that trained or scored."),
        "relation": ("varchar", "The table whose row it is."),
        "key": ("json", "The key of the row."),
        "feature": ("varchar", "The photo that cannot be read."),
        "reason": ("varchar", "What is wrong with it."),
        "remedy": ("varchar", "What to do."),
        "left_out_at": ("timestamp", "When it was left out (UTC)."),
    },
    EARLIER_MODELS: {
        **OF_VERSION,
        "number": ("integer", "1, 2, 3 … in the order they tell; the last is the version itself."),
        "tells_from": ("timestamp", "The first time it tells as a feature (UTC)."),
        "learnt_until": ("timestamp", "The time of the latest row it has learnt from (UTC)."),
        "rows": ("bigint", "Rows learnt from."),
        "features": ("json", "As in `ml.model_versions`; null for the version itself, as below."),
        "calibration": ("json", "The curves that calibrate its probabilities, null for none."),
        "threshold": ("double", "The score from which on the positive class is told, or null."),
        "artifact": ("blob", "The fitted estimator, by skops."),
        "artifact_sha256": ("varchar", "The sha256 of the artifact."),
    },
}

# What a prediction has, too, where score.as_feature is declared; the first is typed as the label.
FEATURE_COLUMNS: Mapping[str, tuple[str, str]] = {
    "feature_prediction": (
        "",
        "What the last model told that has learnt from earlier rows alone; null before the first.",
    ),
    "feature_score": ("double", "The score that goes with it."),
    "learnt_until": (
        "timestamp",
        "The time of the latest row that model has learnt from, before that of the row (UTC).",
    ),
}

# What every prediction has besides its key; the prediction's own type is the label's.
PREDICTION_COLUMNS: Mapping[str, tuple[str, str]] = {
    "as_of_date": ("date", "The date of the score relation's time column (UTC)."),
    "prediction": ("", "The class told, typed as the label; for a regression a double."),
    "score": (
        "double",
        "P(positive) for two classes, P(the class told) for more, null for a regression.",
    ),
    "model_name": ("varchar", "The ML model's name."),
    "model_version": ("integer", "The version that told it."),
    "run_id": ("varchar", "The run that scored."),
    "scored_at": ("timestamp", "When it was scored (UTC)."),
}


def reason_columns(top: int) -> dict[str, str]:
    """Return the columns that name the ``top`` reasons of a prediction, with their types."""
    types = {}
    for rank in range(1, top + 1):
        types[f"reason_{rank}"] = "VARCHAR"
        types[f"reason_{rank}_effect"] = "DOUBLE"
    return types


def is_reason(column: str) -> bool:
    """Whether ``column`` is one of :func:`reason_columns`, of whatever rank."""
    return re.fullmatch(r"reason_\d+(_effect)?", column) is not None


# What a prediction has, too, where score.incremental is declared; a ubigint.
FEATURES_HASH = "features_hash"


def create_tables(conn: DuckDBPyConnection) -> None:
    """Create the registry's tables where they are absent, and the columns they lack."""
    there = _columns_there(conn)
    for relation, columns in COLUMNS.items():
        types = {name: type_ for name, (type_, _) in columns.items()}
        if relation.name not in there:
            create_table(conn, relation, types)
        elif not types.keys() <= there[relation.name]:
            add_columns(conn, relation, types)


def _columns_there(conn: DuckDBPyConnection) -> dict[str, set[str]]:
    """Return the columns of each of the registry's tables that is there, by its name."""
    rows = conn.execute(
        "select table_name, list(column_name) from information_schema.columns "
        "where table_catalog = current_database() and table_schema = ? group by table_name",
        [MODEL_VERSIONS.schema],
    ).fetchall()
    return {name: set(columns) for name, columns in rows}


def create_table(conn: DuckDBPyConnection, relation: Relation, types: Mapping[str, str]) -> None:
    """Create ``relation`` with columns of ``types``, schema and all, where it is absent."""
    columns = ", ".join(f"{quote(name)} {type_}" for name, type_ in types.items())
    conn.execute(f"create schema if not exists {quote(relation.schema)}")
    conn.execute(f"create table if not exists {relation.sql} ({columns})")


def add_columns(conn: DuckDBPyConnection, relation: Relation, types: Mapping[str, str]) -> None:
    """Add to ``relation`` the columns of ``types`` it lacks, null in the rows that are there."""
    for name, type_ in types.items():
        conn.execute(f"alter table {relation.sql} add column if not exists {quote(name)} {type_}")


def exists(conn: DuckDBPyConnection, relation: Relation) -> bool:
    """Whether the warehouse has ``relation``."""
    found = conn.execute(
        "select 1 from information_schema.tables where table_catalog = current_database() "
        "and table_schema = ? and table_name = ?",
        [relation.schema, relation.name],
    ).fetchone()
    return found is not None
