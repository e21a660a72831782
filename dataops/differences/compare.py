"""Two warehouse files, compared table by table."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from duckdb import DuckDBPyConnection

from dataops.differences.catalog import Catalog, read_catalog
from dataops.differences.difference import Difference, TableDifference, ViewDifference, Whole
from dataops.differences.files import opened
from dataops.differences.models import Registry, compare_models, read_registry
from dataops.differences.scope import REGISTRY, Scope, of_relation
from dataops.differences.sides import side_of
from dataops.differences.tables import How, compare_table
from ml.relation import Relation
from ml.tables import FEATURES_HASH, MODEL_VERSIONS, PREDICTION_COLUMNS, PREDICTIONS_SCHEMA

# Of a prediction, what says who told it and when: two runs never agree in that.
PROVENANCE = frozenset(PREDICTION_COLUMNS) - {"as_of_date", "prediction", "score"}

Progress = Callable[[int, int], None]


def compare(
    old: Path,
    new: Path,
    *,
    keys: Mapping[Relation, Sequence[str]],
    only: Collection[str] | None = None,
    without: Collection[str] = (),
    relations: Collection[Relation] | None = None,
    masked: Mapping[Relation, Collection[str]] | None = None,
    attach: Mapping[str, Path] | None = None,
    tolerance: float = 0.0,
    samples: int = 5,
    memory: str = "2GB",
    progress: Progress | None = None,
) -> Difference:
    """Return what differs between the DuckDB files ``old`` and ``new``, both opened read-only.

    ``keys`` names the columns that tell a table's rows apart (see :func:`primary_keys`). ``only``
    limits the schemas looked at, ``without`` names some that are not, ``relations`` limits the
    relations; of a relation named there the rows are compared even where it is a view. ``attach``
    gives further files, by catalog name, that such views read. Values of ``masked`` columns are
    compared but never shown. Floats matched by key may differ by ``tolerance``. ``memory`` is
    DuckDB's limit; what needs more goes to a temporary folder. ``progress`` is told after each
    table how many are done, of how many.

    Of the registry's tables the models are compared instead of the rows, of a prediction table what
    the champion says. Raises PipelineError for a file that cannot be read.
    """

    def how(relation: Relation) -> How:
        hidden = frozenset(map(str.casefold, of_relation(masked or {}, relation)))
        return How(of_relation(keys, relation), hidden, tolerance=tolerance, samples=samples)

    scope = Scope(only, relations, without)
    with opened(old, new, attach or {}, memory) as (connection, names):
        before, after = (_warehouse(connection, name) for name in names)
        return _difference(connection, before, after, scope, how, progress)


@dataclass(frozen=True)
class _Warehouse:
    catalog: Catalog
    registry: Registry


def _warehouse(connection: DuckDBPyConnection, name: str) -> _Warehouse:
    catalog = read_catalog(connection, name)
    return _Warehouse(catalog, read_registry(connection, catalog))


def _difference(
    connection: DuckDBPyConnection,
    before: _Warehouse,
    after: _Warehouse,
    scope: Scope,
    how: Callable[[Relation], How],
    progress: Progress | None,
) -> Difference:
    there = scope.tables(before.catalog)
    common = [
        each for each in scope.tables(after.catalog) if each in there and each not in REGISTRY
    ]
    found = []
    for done, relation in enumerate(common, start=1):
        found.append(_table(connection, relation, before, after, how(relation)))
        if progress:
            progress(done, len(common))
    return Difference(
        added=tuple(_only_in(connection, after, before, scope)),
        removed=tuple(_only_in(connection, before, after, scope)),
        tables=tuple(table for table in found if not table.is_same),
        views=tuple(_views(before.catalog, after.catalog, scope)),
        models=compare_models(before.registry, after.registry) if scope.has(MODEL_VERSIONS) else (),
        compared=len(common),
    )


def _table(
    connection: DuckDBPyConnection,
    relation: Relation,
    old: _Warehouse,
    new: _Warehouse,
    how: How,
) -> TableDifference:
    conditions = ["true", "true"]
    if relation.schema == PREDICTIONS_SCHEMA and all(
        PROVENANCE <= side.catalog.tables.get(relation, {}).keys() for side in (old, new)
    ):
        how = replace(
            how,
            key=tuple(name for name in how.key if name not in PROVENANCE),
            skipped=PROVENANCE | {FEATURES_HASH},
        )
        conditions = [_told_by_the_champion(side, relation) for side in (old, new)]
    sides = [
        side_of(connection, side.catalog, relation, alias=alias, where=where)
        for side, alias, where in zip((old, new), ("o", "n"), conditions, strict=True)
    ]
    return compare_table(connection, relation, sides[0], sides[1], how)


def _told_by_the_champion(warehouse: _Warehouse, relation: Relation) -> str:
    """Return the SQL condition on the champion's rows, the newest version's where there is none."""
    champion = warehouse.registry.champion(relation.name)
    if champion is not None:
        return f"model_version = {champion:d}"
    newest = f"select max(model_version) from {warehouse.catalog.sql(relation)}"
    return f"model_version = ({newest})"


def _only_in(
    connection: DuckDBPyConnection, this: _Warehouse, other: _Warehouse, scope: Scope
) -> Iterator[Whole]:
    others = scope.tables(other.catalog)
    for relation in scope.tables(this.catalog):
        if relation not in others:
            row = connection.execute(
                f"select count(*) from {this.catalog.sql(relation)}"
            ).fetchone()
            yield Whole(relation, "table", int(row[0]) if row else None)
    others = scope.views(other.catalog)
    for relation in scope.views(this.catalog):
        if relation not in others:
            yield Whole(relation, "view")


def _views(old: Catalog, new: Catalog, scope: Scope) -> Iterator[ViewDifference]:
    for relation in scope.views(new):
        before, after = old.views.get(relation), new.views[relation]
        if before is not None and before != after:
            yield ViewDifference(relation, before, after)
