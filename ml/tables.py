"""The tables the engine keeps in the warehouse, each column with what it says."""

from collections.abc import Mapping

from duckdb import DuckDBPyConnection

from ml.relation import Relation, quote

MODEL_VERSIONS = Relation("ml", "model_versions")
EVALUATIONS = Relation("ml", "evaluations")
TRIALS = Relation("ml", "trials")
PREDICTIONS_SCHEMA = "predictions"

# column: (type, what it says); a test holds docs/ml.md against these.
COLUMNS: Mapping[Relation, Mapping[str, tuple[str, str]]] = {
    MODEL_VERSIONS: {
        "model": ("varchar", "The ML model's name."),
        "version": ("integer", "1, 2, 3 … within the model."),
        "status": ("varchar", "candidate, champion, retired or rejected."),
        "reason": ("varchar", "Why it was rejected or retired, null otherwise."),
        "task": ("varchar", "classification or regression."),
        "estimator": ("varchar", "The preset, the class or the builder."),
        "params": ("json", "The parameters it has: those declared, and those found by `tune`."),
        "seed": ("bigint", "The seed declared."),
        "spec": ("json", "The whole declaration."),
        "label": ("varchar", "The label's column."),
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
        "test_rows": ("bigint", "Rows held out."),
        "test_from": ("timestamp", "The first time held out, null where the split is not by time."),
        "data_hash": ("varchar", "The hash of the training set's values, whatever their order."),
        "fingerprint": ("varchar", "The hash of all that decides what a training gives."),
        "libraries": ("json", "The versions of the libraries it was made with."),
        "code_version": ("varchar", "The version of the project's code."),
        "manifest_hash": ("varchar", "The hash of the dbt manifest's nodes."),
        "release": ("varchar", "The release that the run started from."),
        "run_id": ("varchar", "The run that trained it."),
        "artifact": ("blob", "The fitted estimator, by skops."),
        "artifact_sha256": ("varchar", "The sha256 of the artifact."),
        "created_at": ("timestamp", "When it was trained (UTC)."),
        "decided_at": ("timestamp", "When its status last changed (UTC)."),
    },
    EVALUATIONS: {
        "model": ("varchar", "The ML model's name."),
        "version": ("integer", "Its version."),
        "data": (
            "varchar",
            "test, train, baseline (the baseline on the test rows), or validation (out of fold).",
        ),
        "segment": ("varchar", "The part of the rows; `all` for all of them, `fold=1` for a fold."),
        "metric": ("varchar", "The metric's name."),
        "value": ("double", "Its value, null where it is not defined."),
        "low": ("double", "The lower bound of the 95 % interval, on test rows."),
        "high": ("double", "The upper bound of the 95 % interval, on test rows."),
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


def create_tables(conn: DuckDBPyConnection) -> None:
    """Create the registry's tables where they are absent, and the columns they lack."""
    for relation, columns in COLUMNS.items():
        types = {name: type_ for name, (type_, _) in columns.items()}
        create_table(conn, relation, types)
        add_columns(conn, relation, types)


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
