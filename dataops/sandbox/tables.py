"""What stands in a sandbox's own file: its sources, the ML tables it writes, relations lent."""

import contextlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from dataops.manifest import REFERABLE, Manifest, learnt_from
from dataops.sandbox.base import BASE, RELEASE, attach, relations_of
from dataops.sandbox.state import SANDBOX
from ml.relation import Relation, quote
from ml.tables import COLUMNS

# What tells of the runs and of the versions is never drawn by rows: it has its own meaning whole.
WHOLE_SCHEMAS = frozenset({"ml", "ops"})


def shown(manifests: Sequence[Manifest]) -> tuple[set[Relation], set[Relation]]:
    """Return the relations that any of ``manifests`` declares, and those that stay whole."""
    relations, whole = set(), set()
    for manifest in manifests:
        for node in manifest.raw["nodes"].values():
            if node["resource_type"] in REFERABLE:
                relation = Relation(node["schema"], node["alias"])
                relations.add(relation)
                relations |= {each for each in (learnt_from(node),) if each}
                if node["resource_type"] == "seed" or relation.schema in WHOLE_SCHEMAS:
                    whole.add(relation)
        sources = set(source_relations(manifest))
        relations |= sources
        whole |= {each for each in sources if each.schema in WHOLE_SCHEMAS}
    return relations, whole | set(COLUMNS)


def source_relations(manifest: Manifest) -> Iterator[Relation]:
    """Yield the relation of every dbt source."""
    for source in manifest.sources:
        yield Relation(source["schema"], source["identifier"])


def show_sources(file: Path, base: Path, release: Path, manifests: Sequence[Manifest]) -> None:
    """Write ``file`` with a view over the base per source: `source()` reads dbt's own target."""
    with duckdb.connect(str(file)) as connection:
        attach(connection, base, BASE)
        attach(connection, release, RELEASE)
        wanted = {each for manifest in manifests for each in source_relations(manifest)}
        for relation in relations_of(connection, BASE):
            if relation in wanted:
                lend(connection, relation)


def lend(connection: DuckDBPyConnection, relation: Relation) -> None:
    """Create a view of ``relation`` in the sandbox over the base."""
    connection.execute(f"create schema if not exists {quote(relation.schema)}")
    connection.execute(f"create view {relation.sql} as select * from {quote(BASE)}.{relation.sql}")


@contextlib.contextmanager
def borrowed(connection: DuckDBPyConnection, relations: Collection[Relation]) -> Iterator[None]:
    """Let each of ``relations`` that the sandbox has not built be read from the base meanwhile."""
    there, base = relations_of(connection, SANDBOX), relations_of(connection, BASE)
    lent = {each for each in relations if each not in there and each in base}
    for relation in lent:
        lend(connection, relation)
    try:
        yield
    finally:
        for relation in lent:
            connection.execute(f"drop view if exists {relation.sql}")


def copy_in(
    connection: DuckDBPyConnection, relations: Collection[Relation], *, empty: bool = False
) -> None:
    """Make each of ``relations`` a table of the sandbox's own, with the base's rows.

    What is a table already stays. With ``empty`` a view goes and no table comes.
    """
    there, base = relations_of(connection, SANDBOX), relations_of(connection, BASE)
    for relation in relations:
        if there.get(relation) == "BASE TABLE":
            continue
        connection.execute(f"create schema if not exists {quote(relation.schema)}")
        if relation in there:
            connection.execute(f"drop view {relation.sql}")
        if relation in base and not empty:
            connection.execute(
                f"create table {relation.sql} as select * from {quote(BASE)}.{relation.sql}"
            )
