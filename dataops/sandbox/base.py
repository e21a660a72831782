"""``base.duckdb``: a view over each relation of a release, masked and sampled; it holds no row."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

from dataops.sandbox.masking import masked_sql
from dataops.sandbox.sample import Sample, condition, values_of
from ml.errors import PipelineError
from ml.relation import Relation, quote

# What the files are attached as: dbt's state says `warehouse`, the release's own views too.
BASE, RELEASE = "warehouse", "release"

Columns = Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What a base shows: the relations, their personal columns, a sample, which stay whole."""

    relations: Collection[Relation]
    personal: Mapping[Relation, Collection[str]]
    salt: str
    sample: Sample | None = None
    whole: Collection[Relation] = ()


@dataclass(frozen=True)
class How:
    """How the rows of a relation are shown: ``by`` a column's values, by row (None), and masked.

    ``share`` is None for a relation that is shown whole.
    """

    relation: Relation
    by: str | None
    share: float | None
    masked: tuple[str, ...]


def write_base(path: Path, release: Path, plan: Plan) -> list[How]:
    """Write the DuckDB file ``path`` with a view per relation of the file ``release``.

    Raises PipelineError when the release cannot be read.
    """
    try:
        with duckdb.connect() as connection:
            attach(connection, path, BASE, read_only=False)
            attach(connection, release, RELEASE)
            tables, views = _relations(connection)
            shares = _shares(connection, tables, plan)
            told = [
                _show(connection, relation, columns, plan, shares)
                for relation, columns in tables.items()
                if relation in plan.relations
            ]
            wanted = {key: value for key, value in views.items() if key in plan.relations}
            return told + _show_views(connection, wanted, plan)
    except duckdb.Error as error:
        raise PipelineError(
            f"{release} cannot be read: {str(error).splitlines()[0]}", fix="type: goldloop doctor"
        ) from error


def attach(
    connection: DuckDBPyConnection, path: Path, alias: str, *, read_only: bool = True
) -> None:
    """Attach the DuckDB file ``path`` under ``alias``, to be read unless said otherwise."""
    text = str(path).replace("'", "''")
    options = " (read_only)" if read_only else ""
    connection.execute(f"attach '{text}' as {quote(alias)}{options}")


def relations_of(connection: DuckDBPyConnection, alias: str) -> dict[Relation, str]:
    """Return ``BASE TABLE`` or ``VIEW`` for each relation of the attached file ``alias``."""
    rows = connection.execute(
        "select table_schema, table_name, table_type from information_schema.tables "
        "where table_catalog = ? order by all",
        [alias],
    ).fetchall()
    return {Relation(schema, name): kind for schema, name, kind in rows}


def _relations(
    connection: DuckDBPyConnection,
) -> tuple[dict[Relation, Columns], dict[Relation, Columns]]:
    """Return the tables and the views of the release, with their columns' types."""
    tables: dict[Relation, Columns] = {}
    views: dict[Relation, Columns] = {}
    kinds = relations_of(connection, RELEASE)
    for schema, name, columns, types in connection.execute(
        "select schema_name, table_name, list(column_name order by column_index), "
        "list(data_type order by column_index) from duckdb_columns() "
        "where database_name = ? and not internal group by all order by all",
        [RELEASE],
    ).fetchall():
        relation = Relation(schema, name)
        found = tables if kinds.get(relation) == "BASE TABLE" else views
        found[relation] = dict(zip(columns, types, strict=True))
    return tables, views


def _shares(
    connection: DuckDBPyConnection, tables: Mapping[Relation, Columns], plan: Plan
) -> dict[str, float]:
    """Return the share of the values of each column that is drawn by, one for all its tables."""
    most: dict[str, int] = {}
    for relation, columns in tables.items():
        column = plan.sample.column(columns) if plan.sample else None
        if column and relation in plan.relations:
            found = values_of(connection, f"{quote(RELEASE)}.{relation.sql}", column)
            most[column] = max(most.get(column, 0), found)
    if plan.sample is None:
        return {}
    return {column: plan.sample.values_share(values) for column, values in most.items()}


def _show(
    connection: DuckDBPyConnection,
    relation: Relation,
    columns: Columns,
    plan: Plan,
    shares: Mapping[str, float],
) -> How:
    by, share = _drawn(connection, relation, columns, plan, shares)
    kept = "true" if share is None else condition(by, share)
    return How(relation, by, share, _create(connection, relation, columns, plan, kept))


def _drawn(
    connection: DuckDBPyConnection,
    relation: Relation,
    columns: Columns,
    plan: Plan,
    shares: Mapping[str, float],
) -> tuple[str | None, float | None]:
    """Return the column drawn by and the share; no share means that the table stays whole."""
    if plan.sample is None or relation in plan.whole:
        return None, None
    if plan.sample.by:
        column = plan.sample.column(columns)
        return column, shares[column] if column else None
    row = connection.execute(f"select count(*) from {quote(RELEASE)}.{relation.sql}").fetchone()
    return None, plan.sample.values_share(int(row[0]) if row else 0)


def _show_views(
    connection: DuckDBPyConnection, views: Mapping[Relation, Columns], plan: Plan
) -> list[How]:
    """Show the release's views: they read the base, so that their rows are drawn already.

    A view may read another one: those that cannot be made yet are tried again.
    """
    told, left = [], dict(views)
    while left:
        before = len(left)
        for relation, columns in list(left.items()):
            try:
                masked = _create(connection, relation, columns, plan, "true")
            except (duckdb.CatalogException, duckdb.BinderException):
                continue
            told.append(How(relation, None, None, masked))
            del left[relation]
        if len(left) == before:
            break  # what they read is not part of the project
    return told


def _create(
    connection: DuckDBPyConnection, relation: Relation, columns: Columns, plan: Plan, kept: str
) -> tuple[str, ...]:
    """Create the view and return the columns that it masks."""
    personal = {name.casefold() for name in plan.personal.get(relation, ())}
    masked = tuple(name for name in columns if name.casefold() in personal)
    shown = ", ".join(
        f"{masked_sql(name, type_, plan.salt)} as {quote(name)}" if name in masked else quote(name)
        for name, type_ in columns.items()
    )
    connection.execute(f"create schema if not exists {quote(BASE)}.{quote(relation.schema)}")
    connection.execute(
        f"create view {quote(BASE)}.{relation.sql} as "
        f"select {shown} from {quote(RELEASE)}.{relation.sql} where {kept}"
    )
    return masked
