"""The tables that keep account of made-up rows: the sets, their reports, whom they were made from.

A test holds docs/synthetic.md against these.
"""

from collections.abc import Mapping

from duckdb import DuckDBPyConnection

from ml.relation import Relation
from ml.tables import add_columns, create_table

SETS = Relation("ml", "synthetic_sets")
REPORTS = Relation("ml", "synthetic_reports")
SEEN = Relation("ml", "synthetic_seen")

COLUMNS: Mapping[Relation, Mapping[str, tuple[str, str]]] = {
    SETS: {
        "set": ("varchar", "The table's name in its schema."),
        "version": ("integer", "1, 2, 3 … within the set."),
        "relation": ("varchar", "The table the rows stand in."),
        "train_relation": ("varchar", "The training set they imitate."),
        "key": ("json", "The columns that name a row, and the time, in order."),
        "rows": ("bigint", "Rows made."),
        "learnt_rows": ("bigint", "Real rows they were made from."),
        "held_rows": ("bigint", "Real rows held out, by which they were judged."),
        "leaf": ("bigint", "Among how many real rows a value was drawn at the least."),
        "seed": ("bigint", "The seed declared."),
        "columns": ("json", "The columns made, in the order they were drawn."),
        "left_out": ("json", "The columns that stay empty, each with why."),
        "rare": ("bigint", "Texts too rare to be told, put as common ones."),
        "copies": ("boolean", "Whether it copies real people: then nothing learns from it."),
        "reason": ("varchar", "What says so, null for a good one."),
        "fingerprint": ("varchar", "The hash of all that decides what comes out."),
        "content": ("varchar", "The hash of the rows made, in any order."),
        "run_id": ("varchar", "The run that made it."),
        "release": ("varchar", "The release that the run started from."),
        "code_version": ("varchar", "The version of the project's code."),
        "manifest_hash": ("varchar", "The hash of the dbt manifest's nodes."),
        "created_at": ("timestamp", "When it was made (UTC)."),
    },
    REPORTS: {
        "set": ("varchar", "The table's name in its schema."),
        "version": ("integer", "Its version."),
        "part": ("varchar", "fidelity, usefulness or privacy."),
        "metric": ("varchar", "What is measured."),
        "column_name": ("varchar", "The column, or the first of a pair; null for all."),
        "other_column": ("varchar", "The second column of a pair."),
        "value": ("double", "The made-up rows beside those learnt from."),
        "low": ("double", "The lower bound of its 95 % interval, where it has one."),
        "high": ("double", "The upper bound of its 95 % interval."),
        "real": ("double", "The same of real rows: held out, or learnt from."),
        "real_low": ("double", "The lower bound of its 95 % interval, where it has one."),
        "real_high": ("double", "The upper bound of its 95 % interval."),
        "rows": ("bigint", "The rows it was measured on."),
    },
    SEEN: {
        "set": ("varchar", "The table's name in its schema; its last version alone is kept."),
        "row": ("ubigint", "The hash of key and time of a real row that rows were made from."),
    },
}


def create_tables(conn: DuckDBPyConnection) -> None:
    """Create the tables where they are absent, and the columns they lack."""
    for relation, columns in COLUMNS.items():
        types = {name: type_ for name, (type_, _) in columns.items()}
        create_table(conn, relation, types)
        add_columns(conn, relation, types)
