"""What a sandbox changes: the tables built in it, beside the same tables of its base."""

import tempfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from duckdb import DuckDBPyConnection

from dataops.differences import Difference, compare
from dataops.sandbox.base import BASE, attach, relations_of
from dataops.sandbox.folder import Sandbox
from dataops.sandbox.state import SANDBOX
from ml.relation import Relation, quote
from ml.tables import COLUMNS, MODEL_VERSIONS


def compare_with_base(
    sandbox: Sandbox,
    built: Collection[Relation],
    *,
    keys: Mapping[Relation, Sequence[str]],
    masked: Mapping[Relation, Collection[str]],
) -> Difference:
    """Return what differs between the base and the relations of ``built`` that the sandbox has.

    The ML models are compared when any was trained or scored there. Sampling and masking hold for
    both sides, so that what differs is what the change did.
    """
    with tempfile.TemporaryDirectory(prefix="goldloop-sandbox-") as folder:
        old, new = Path(folder, "old.duckdb"), Path(folder, "new.duckdb")
        with sandbox.connect() as connection:
            wanted = _compared(connection, built)
            _export(connection, BASE, old, wanted)
            _export(connection, SANDBOX, new, wanted)
        return compare(old, new, keys=keys, relations=wanted, masked=masked)


def _compared(connection: DuckDBPyConnection, built: Collection[Relation]) -> set[Relation]:
    there = relations_of(connection, SANDBOX)
    models = set(COLUMNS) if there.get(MODEL_VERSIONS) == "BASE TABLE" else set()
    return {relation for relation in built if relation in there} | models


def _export(
    connection: DuckDBPyConnection, catalog: str, file: Path, relations: Collection[Relation]
) -> None:
    """Copy ``relations`` into ``file``: views cannot be read without the files they name."""
    attach(connection, file, "exported", read_only=False)
    for relation in relations_of(connection, catalog):
        if relation in relations:
            # The fitted estimators are large and never compared.
            columns = "* exclude (artifact)" if relation == MODEL_VERSIONS else "*"
            connection.execute(f"create schema if not exists exported.{quote(relation.schema)}")
            connection.execute(
                f"create table exported.{relation.sql} as "
                f"select {columns} from {quote(catalog)}.{relation.sql}"
            )
    connection.execute("detach exported")
