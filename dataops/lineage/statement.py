"""One SELECT statement: what each column of it, and of each CTE in it, is made of."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from dataops.lineage.asked import Asked, calls, model_told
from dataops.lineage.deciding import deciding
from dataops.lineage.making import made
from dataops.lineage.places import ROWS, STAR, Catalog, Cell, Kind, Made, Parent, Place, columns_of
from dataops.lineage.reading import Reader, column_names, columns, is_own, is_within

# What sqlglot resolves wrongly or not at all, and says nothing of.
_BEYOND = ((exp.Pivot, "PIVOT"), (exp.Columns, "COLUMNS()"))
# Lineage that cannot be told is told as such; a parser's fault never stops a training.
_STUMBLES = (
    SqlglotError, RecursionError, LookupError, AttributeError, TypeError, AssertionError,
)  # fmt: skip


def trace(sql: str, relation: str, catalog: Catalog) -> dict[Place, Cell]:
    """Return the columns that ``sql``, which makes ``relation``, has, and those of its CTEs.

    Beside the columns, each query has a cell for which rows it has (``ROWS``). ``catalog`` has the
    columns of the tables it reads: schema, table, column, type. Raises ValueError saying what of
    the statement cannot be resolved.
    """
    return resolve(parse(sql), relation, catalog)


def parse(sql: str) -> Any:
    """Return the tree of ``sql``, in which tables are of no database; ValueError for no SQL."""
    with stumbling():
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        for table in tree.find_all(exp.Table):
            table.set("catalog", None)
        return tree


def named_tables(tree: Any) -> list[str]:
    """Return the tables that a tree names, ``schema.table`` or ``table``; nothing else decides it.

    Among them are names of CTEs, and the tables that a model is asked to compare.
    """
    found = {f"{table.db}.{table.name}".lstrip(".").lower() for table in tree.find_all(exp.Table)}
    return sorted(found.union(*(asked.tables for _, asked in calls(tree))) - {""})


def resolve(tree: Any, relation: str, catalog: Catalog) -> dict[Place, Cell]:
    """Return what :func:`trace` does of a statement that is parsed; the tree is changed."""
    with stumbling():
        refuse_beyond(tree)
        known: dict[str, object] = dict(catalog)
        root = build_scope(
            qualify(tree, schema=known, dialect="duckdb", validate_qualify_columns=False)
        )
    if root is None:
        raise ValueError("it is not a SELECT")
    return _Statement(relation, root, catalog).cells()


@contextmanager
def stumbling() -> Iterator[None]:
    """Tell by ValueError where sqlglot stumbles."""
    try:
        yield
    except _STUMBLES as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise ValueError(f"sqlglot: {said[0]}") from error


def refuse_beyond(tree: Any) -> None:
    """Refuse what sqlglot would pass over; ValueError names it."""
    for beyond, name in _BEYOND:
        if tree.find(beyond):
            raise ValueError(f"{name} is not resolved")
    if any(each.args.get("by_name") for each in tree.find_all(exp.SetOperation)):
        raise ValueError("UNION BY NAME is not resolved")


class _Statement:
    """Walks the scopes of a statement, each once."""

    def __init__(self, relation: str, root: Scope, catalog: Catalog) -> None:
        self._reader = Reader(relation, root)
        self._catalog = catalog
        self._scopes = [*self._reader.scopes, root]

    def cells(self) -> dict[Place, Cell]:
        """Return the columns and the rows of every scope."""
        found = dict[Place, Cell]()
        for scope in self._scopes:
            if scope.set_operation_scopes:
                found |= self._union(scope)
            elif isinstance(scope.expression, exp.Select):
                for select in scope.expression.selects:
                    name = STAR if _is_star(select) else select.alias_or_name
                    # Of two columns of one name the first has it.
                    found.setdefault(self._reader.place(scope, name), self._cell(scope, select))
                found[self._reader.place(scope, ROWS)] = self._rows(scope)
        return found

    def _union(self, scope: Scope) -> dict[Place, Cell]:
        """Return columns by their position in both sides, named as the left one names them."""
        found, reader = dict[Place, Cell](), self._reader
        sides = [(each, column_names(each)) for each in scope.set_operation_scopes]
        for at, name in enumerate(sides[0][1]):
            parents = [reader.parent(side, names[at]) for side, names in sides if at < len(names)]
            found[reader.place(scope, name)] = Cell(Made.ROWS, tuple(parents))
        decided = [reader.parent(side, ROWS, kind=Kind.ROWS) for side, _ in sides]
        if not _is_union_all(scope.expression):
            decided += [each for side, _ in sides for each in reader.whole(side, Kind.GROUP)]
        found[reader.place(scope, ROWS)] = Cell(Made.ROWS, decided=tuple(decided))
        return found

    def _cell(self, scope: Scope, select: Any) -> Cell:
        unresolved = None
        if _is_star(select) and isinstance(_starred(select), exp.Star | exp.Column):
            return Cell(Made.ROWS, (), "a star is not resolved")
        for row in select.find_all(exp.TableColumn):
            unresolved = f"the whole row {row.sql(dialect='duckdb')} is not resolved"
        parents, unknown = self._read(scope, select, *_windows(scope, select))
        decided = list[Parent]()
        for below in _queries(scope, select):
            parents += self._reader.whole(below)
            decided.append(self._reader.parent(below, ROWS, kind=Kind.ROWS))
        if not parents and (model := model_told(scope, select)) is not None:
            parents.append(Parent(model, "", Kind.LEARNT))
        is_grouped = scope.expression.args.get("group") is not None
        return Cell(
            made(select, is_grouped=is_grouped),
            tuple(dict.fromkeys(parents)),
            unknown or unresolved,
            tuple(decided),
        )

    def _rows(self, scope: Scope) -> Cell:
        """Return what decides which rows ``scope`` has: what it reads from, and its conditions."""
        decided, unresolved = [*self._reader.sources(scope)], None
        for part, kind in deciding(scope.expression):
            parents, unknown = self._read(scope, part)
            unresolved = unresolved or unknown
            decided += [replace(each, kind=kind) for each in parents]
            for asked in self._asked(part):
                decided += [Parent(Place(each, ROWS), "", kind) for each in asked.tables]
            for below in _queries(scope, part):
                decided += self._reader.whole(below, kind)
                decided.append(self._reader.parent(below, ROWS, kind=kind))
        return Cell(Made.ROWS, (), unresolved, tuple(dict.fromkeys(decided)))

    def _read(self, scope: Scope, *parts: Any) -> tuple[list[Parent], str | None]:
        """Return the columns that ``parts`` read, and what of them is not known."""
        parents, unresolved = list[Parent](), None
        for column in columns(*parts):
            found = self._reader.reads(scope, column)
            parents += found or []
            if found is None:
                unresolved = f"'{column.sql(dialect='duckdb')}' is not resolved"
        for asked in self._asked(*parts):
            if asked.model is not None:
                parents.append(Parent(asked.model, "", Kind.LEARNT))
            for table in asked.tables:
                names = columns_of(self._catalog, table)
                parents += [Parent(Place(table, name), table) for name in names]
                if not names:
                    unresolved = f"{table}, which is compared, is not in the warehouse"
        return parents, unresolved

    def _asked(self, *parts: Any) -> list[Asked]:
        """Return what calls of ``parts`` ask of ML models, but for those of queries within."""
        every = ((part, call, asked) for part in parts for call, asked in calls(part))
        return [asked for part, call, asked in every if is_own(call, part)]


def _is_star(select: Any) -> bool:
    """Whether ``select`` is columns without a name of their own: all of a table or of a struct."""
    return bool(select.is_star)


def _starred(select: Any) -> Any:
    return select.this if isinstance(select, exp.Alias) else select


def _queries(scope: Scope, part: Any) -> list[Scope]:
    """Return the queries that stand within ``part`` of ``scope``."""
    return [each for each in scope.subquery_scopes if is_within(each.expression, part)]


def _windows(scope: Scope, select: Any) -> Iterator[Any]:
    """Yield the windows that ``select`` uses by a name that its query gives them."""
    named = {each.name.lower(): each for each in scope.expression.args.get("windows") or ()}
    left, met = [select], set[str]()
    while left:
        for window in left.pop().find_all(exp.Window):
            alias = window.alias.lower()
            if alias in named and alias not in met:
                met.add(alias)
                left.append(named[alias])
                yield named[alias]


def _is_union_all(expression: Any) -> bool:
    return isinstance(expression, exp.Union) and not expression.args.get("distinct")
