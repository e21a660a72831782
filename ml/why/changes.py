"""What changed between two scorings besides the model: the code of the features, their inputs."""

from collections.abc import Mapping

import duckdb
from duckdb import DuckDBPyConnection

from ml.columns import Source, describe
from ml.data.checks import content_hash
from ml.relation import Relation
from ml.why.told import Told

# What a run writes down of itself differs although nothing else does.
_OF_THE_RUN = frozenset(("run_id", "scored_at"))


def changed_code(newest: Told, earlier: Told) -> list[str] | None:
    """Return the dbt nodes whose code differs; None where either scoring was not recorded."""
    if newest.scoring is None or earlier.scoring is None:
        return None
    now, then = newest.scoring.code, earlier.scoring.code
    return sorted(each for each in {*now, *then} if now.get(each) != then.get(each))


def changed_inputs(newest: Told, earlier: Told, inputs: Mapping[str, Relation]) -> list[str] | None:
    """Return the tables that differ between the two warehouses; None in one warehouse."""
    if newest.conn is earlier.conn or not inputs:
        return None
    return sorted(
        name
        for name, relation in inputs.items()
        if _content(newest.conn, relation) != _content(earlier.conn, relation)
    )


def _content(conn: DuckDBPyConnection, relation: Relation) -> str | None:
    try:
        columns = describe(conn, relation)
    except (duckdb.CatalogException, duckdb.BinderException):
        return None
    kept = [column for name, column in columns.items() if name not in _OF_THE_RUN]
    return content_hash(conn, Source(relation.name, relation, columns), kept)
