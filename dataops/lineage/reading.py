"""The columns that an expression of a statement reads, each found where the statement has it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.scope import Scope

from dataops.lineage.asked import is_told, model_named
from dataops.lineage.places import ROWS, Kind, Parent, Place, is_registry, kept_as, model_place


class Reader:
    """Finds the columns of one statement, which makes ``relation``, in the scopes it has."""

    def __init__(self, relation: str, root: Scope) -> None:
        self._relation = relation
        self._names: dict[int, str] = {id(root): ""}
        self._taken: set[str] = set()
        self.scopes = [each for each in root.traverse() if each is not root]
        for number, scope in enumerate(self.scopes):
            self._names[id(scope)] = self._name(scope, number)

    def _name(self, scope: Scope, number: int) -> str:
        """Return the CTE's or subquery's alias, with a number where another has it too."""
        above = scope.expression.parent
        alias = above.alias if isinstance(above, exp.CTE | exp.Subquery) else ""
        name = alias if alias and alias not in self._taken else f"{alias}#{number}"
        self._taken.add(name)
        return name

    def place(self, scope: Scope, column: str) -> Place:
        """Return ``column`` of ``scope``."""
        return Place(self._relation, column, self._names[id(scope)])

    def parent(
        self, scope: Scope, column: str, alias: str | None = None, kind: Kind = Kind.VALUE
    ) -> Parent:
        """Return ``column`` of ``scope`` as it is read from elsewhere."""
        name = self._names[id(scope)]
        return Parent(self.place(scope, column), name if alias is None else alias, kind)

    def whole(self, scope: Scope, kind: Kind = Kind.VALUE) -> list[Parent]:
        """Return every column of a query that stands within an expression."""
        return [self.parent(scope, name, kind=kind) for name in column_names(scope)]

    def sources(self, scope: Scope) -> Iterator[Parent]:
        """Yield the rows of each table, CTE and subquery that ``scope`` reads from."""
        select = scope.expression
        joined = [join.this for join in select.args.get("joins") or ()]
        joined += select.args.get("laterals") or ()
        for alias in dict.fromkeys([*scope.selected_sources, *(e.alias_or_name for e in joined)]):
            yield from self._rows_of(scope, alias, scope.sources.get(alias))

    def _rows_of(self, scope: Scope, alias: str, source: Any) -> Iterator[Parent]:
        if isinstance(source, exp.Table):
            yield Parent(_of_table(scope, source, alias, ROWS).place, alias, Kind.ROWS)
        elif isinstance(source, Scope) and not isinstance(source.expression, exp.UDTF):
            # A query that reads itself has no rows but those it is given.
            if id(source) in self._names:
                yield self.parent(source, ROWS, alias, Kind.ROWS)
        elif isinstance(source, Scope):
            for below in filter(column_names, source.subquery_scopes):
                yield self.parent(below, ROWS, alias, Kind.ROWS)
            for column in columns(source.expression):
                yield from (
                    Parent(each.place, each.alias, Kind.ROWS)
                    for each in self.reads(source, column) or ()
                )

    def reads(self, scope: Scope, column: exp.Column) -> list[Parent] | None:
        """Return the column that ``column`` names, None where that is not known.

        For one of a list's rows, or of rows written out, it is what these are made of. Of a query
        within another it may be a column of the outer one.
        """
        at: Scope | None = scope
        while at is not None:
            source = at.sources.get(column.table)
            if isinstance(source, exp.Table):
                read = _of_table(at, source, column.table, column.name)
                return [replace(read, kind=Kind.SCORED) if is_told(column) else read]
            if isinstance(source, Scope) and isinstance(source.expression, exp.UDTF):
                return self._of_rows(at, source, column)
            if isinstance(source, Scope) and id(source) in self._names:
                kind = Kind.SCORED if is_told(column) else Kind.VALUE
                return [self.parent(source, column.name, column.table, kind)]
            if _is_alias(at, column.table):
                # A field of a struct that the same query names.
                return [self.parent(at, column.table)]
            at = at.parent
        return None

    def _of_rows(self, scope: Scope, rows: Scope, column: exp.Column) -> list[Parent] | None:
        below = [*filter(column_names, rows.subquery_scopes)]
        if below:
            return self._of_lateral(rows.expression, below[0], column)
        found = list[Parent]()
        for each in columns(rows.expression):
            if each.table != column.table:
                read = self.reads(scope, each)
                if read is None:
                    return None
                found += read
        return found

    def _of_lateral(self, lateral: Any, below: Scope, column: exp.Column) -> list[Parent] | None:
        """Return the column of the lateral's own query, which may have another name there."""
        given, names = lateral.alias_column_names, column_names(below)
        if column.name in given:
            at = given.index(column.name)
            return [self.parent(below, names[at], column.table)] if at < len(names) else None
        is_there = column.name in names
        return [self.parent(below, column.name, column.table)] if is_there else None


def columns(*parts: Any) -> Iterator[exp.Column]:
    """Yield the columns of expressions that are not those of a query within them.

    Rows written out (``values``) are no query.
    """
    for part in parts:
        yield from (each for each in part.find_all(exp.Column) if is_own(each, part))


def is_own(within: Any, part: Any) -> bool:
    """Whether what stands ``within`` a part of a query is not of a query within that part."""
    above = within.find_ancestor(exp.Query)
    while isinstance(above, exp.Subquery) and isinstance(above.this, exp.Values):
        above = above.find_ancestor(exp.Query)
    return above is None or not is_within(above, part)


def column_names(scope: Scope) -> list[str]:
    """Return the names of the columns of a query, none for what is no query."""
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def is_within(part: Any, whole: Any) -> bool:
    """Whether ``part`` is ``whole`` or stands within it."""
    while part is not None:
        if part is whole:
            return True
        part = part.parent
    return False


def _named(table: exp.Table) -> str:
    return f"{table.db}.{table.name}" if table.db else table.name


def _of_table(scope: Scope, table: exp.Table, alias: str, column: str) -> Parent:
    """Return a column of a table; of the registry, what is kept of the model asked for."""
    relation = _named(table)
    model = model_named(scope.expression, alias) if is_registry(relation) else None
    if model is None:
        return Parent(Place(relation, column), alias)
    return Parent(model_place(model, kept_as(column)), alias, Kind.LEARNT)


def _is_alias(scope: Scope, name: str) -> bool:
    return bool(name) and name in column_names(scope)
