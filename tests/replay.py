"""A project that was run, built once more in this process: its compiled SQL, trained and scored.

dbt and Dagster are left out: what they have compiled and declared is what is run, on a copy of the
release, from its landed rows on.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import duckdb

from dataops.lineage.compiled import compiled_models, selected_of
from dataops.lineage.places import Place
from dataops.lineage.whole import Whole, whole
from dataops.manifest import REFERABLE, Manifest, called_models, trains
from ml.relation import Relation, quote
from ml.score import score
from ml.spec import ModelSpec
from ml.tables import PREDICTIONS_SCHEMA
from ml.train import train
from ml.versions.provenance import Provenance
from orchestration.dbt_plugin.plugin import Plugin
from orchestration.declared import declared_by_sql, declared_in
from orchestration.project import Project

NOW, RUN = datetime(2030, 1, 1, tzinfo=UTC), Provenance(run_id="replayed")
Table = dict[str, list[Any]]


@dataclass(frozen=True)
class Replay:
    """A project with a release, and the folder that its replays are written into."""

    project: Project
    folder: Path

    @cached_property
    def manifest(self) -> Manifest:
        release = self.project.warehouse.current_release()
        assert release is not None
        return Manifest.read(release.manifest)

    @cached_property
    def specs(self) -> dict[str, ModelSpec]:
        """The exposures' models and those that SQL trains, by dbt's ids."""
        raw = self.manifest.raw
        ids = {each["name"]: id_ for id_, each in raw["exposures"].items()}
        ids |= {each["name"]: id_ for id_, each in raw["nodes"].items() if trains(each)}
        every = (declared_in, declared_by_sql)
        return {ids[e.name]: e for found in every for e in found(self.project, self.manifest)}

    @cached_property
    def order(self) -> list[str]:
        """What is built, by dbt's ids: models and exposures, each after what it reads."""
        raw = self.manifest.raw
        ids = {each["name"]: id_ for id_, each in raw["exposures"].items()}
        told = {
            id_: {ids[node["name"]]}
            for id_, node in raw["sources"].items()
            if node["schema"] == PREDICTIONS_SCHEMA
        }
        graph = {
            id_: {*node["depends_on"]["nodes"],
                  *(ids[name] for name in called_models(node) if name in ids)}
            for id_, node in (*raw["nodes"].items(), *raw["exposures"].items())
            if node["resource_type"] in (*REFERABLE, "exposure")
        }  # fmt: skip
        every = TopologicalSorter(graph | told).static_order()
        return [id_ for id_ in every if id_ in graph and not id_.startswith("seed.")]

    def lineage(self) -> Whole:
        with self.project.warehouse.read() as connection:
            targets, specs = [self.project.target], [*self.specs.values()]
            return whole(connection, self.manifest, targets, specs)

    def build(self, change: str | None = None) -> dict[str, Table]:
        """Return all tables by name, columns by name, built after the statement ``change``."""
        path = self.folder / "warehouse.duckdb"
        release = self.project.warehouse.current_release()
        assert release is not None
        shutil.copyfile(release.file, path)
        with duckdb.connect(str(path), config={"threads": 1}) as connection:
            connection.execute("set TimeZone = 'UTC'")
            Plugin("goldloop", {}).configure_connection(connection)
            _forget(connection)
            if change:
                connection.execute(change)
            for unique_id in self.order:
                self._make(connection, unique_id)
            return {name: dict(_columns(connection, name)) for name in _tables(connection)}

    def _make(self, connection: duckdb.DuckDBPyConnection, unique_id: str) -> None:
        node, spec = self.manifest.raw["nodes"].get(unique_id), self.specs.get(unique_id)
        relations = dict(self.manifest.relations)
        if node is not None and (sql := self._compiled.get(selected_of(node))):
            made = Relation(*selected_of(node).split(".", 1))
            connection.execute(f"drop view if exists {made.sql}" if _is_view(connection, made)
                               else f"drop table if exists {made.sql}")  # fmt: skip
            connection.execute(f"create table {made.sql} as ({sql})")
            relations[node["name"]] = made
        if spec is not None:
            train(connection, spec, relations, RUN, now=NOW)
            if node is None:
                score(connection, spec, relations, RUN, now=NOW)

    @cached_property
    def _compiled(self) -> Mapping[str, str | None]:
        return compiled_models(self.manifest, [self.project.target])


def apart(
    before: Mapping[str, Table], after: Mapping[str, Table], named: set[Place]
) -> tuple[set[Place], set[Place]]:
    """Return which columns differ that are not ``named``, and which of those named do.

    Those not named are compared together, row by row; a named one beside all of them, so that it
    differs where its values stand in other rows, too.
    """
    wrong, right = set(), set()
    for table, columns in before.items():
        now = after[table]
        rest = [name for name in columns if Place(table, name) not in named]
        if _rows(columns, rest) != _rows(now, rest):
            found = {Place(table, name) for name in rest if _rows(columns, [name]) !=
                     _rows(now, [name])}  # fmt: skip
            wrong |= found or {Place(table, name) for name in rest}
        for name in columns.keys() - set(rest):
            if _rows(columns, [*rest, name]) != _rows(now, [*rest, name]):
                right.add(Place(table, name))
    return wrong, right


def _rows(table: Table, names: list[str]) -> list[str]:
    return sorted(map(repr, zip(*(table[name] for name in names), strict=True)))


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty what the engine keeps and tells: the first version is trained anew."""
    for name in _tables(connection):
        schema, _, table = name.partition(".")
        if schema in ("ml", PREDICTIONS_SCHEMA):
            connection.execute(f"delete from {quote(schema)}.{quote(table)}")


def _tables(connection: duckdb.DuckDBPyConnection) -> list[str]:
    rows = connection.execute(
        "select schema_name || '.' || table_name from duckdb_tables() union all "
        "select schema_name || '.' || view_name from duckdb_views() where not internal order by 1"
    ).fetchall()
    return [name for (name,) in rows]


def _is_view(connection: duckdb.DuckDBPyConnection, relation: Relation) -> bool:
    found = connection.execute(
        "select count(*) from duckdb_views() where schema_name = ? and view_name = ?",
        [relation.schema, relation.name],
    ).fetchone()
    return bool(found and found[0])


def _columns(connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[tuple[str, list[Any]]]:
    schema, _, table = name.partition(".")
    cursor = connection.execute(f"select * from {quote(schema)}.{quote(table)}")
    names = [each[0].lower() for each in cursor.description]
    rows = cursor.fetchall()
    for at, column in enumerate(names):
        yield column, [row[at] for row in rows]
