"""One SELECT statement: what each column of it, and of each CTE in it, is made of."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from dataops.lineage.making import made
from dataops.lineage.places import Cell, Made, Parent, Place

Catalog = Mapping[str, Mapping[str, Mapping[str, str]]]
# What sqlglot resolves wrongly or not at all, and says nothing of.
_BEYOND = ((exp.Pivot, "PIVOT"), (exp.Columns, "COLUMNS()"))
# Lineage that cannot be told is told as such; a parser's fault never stops a training.
_STUMBLES = (
    SqlglotError, RecursionError, LookupError, AttributeError, TypeError, AssertionError,
)  # fmt: skip


def trace(sql: str, relation: str, catalog: Catalog) -> dict[Place, Cell]:
    """Return the columns that ``sql``, which makes ``relation``, has, and those of its CTEs.

    ``catalog`` has the columns of the tables it reads: schema, table, column, type. Raises
    ValueError saying what of the statement cannot be resolved.
    """
    try:
        tree = sqlglot.parse_one(sql, dialect="duckdb")
        _check(tree)
        for table in tree.find_all(exp.Table):
            table.set("catalog", None)
        known: dict[str, object] = dict(catalog)
        root = build_scope(
            qualify(tree, schema=known, dialect="duckdb", validate_qualify_columns=False)
        )
    except _STUMBLES as error:
        said = str(error).splitlines() or [type(error).__name__]
        raise ValueError(f"sqlglot: {said[0]}") from error
    if root is None:
        raise ValueError("it is not a SELECT")
    return _Statement(relation).of(root)


def _check(tree: Any) -> None:
    """Refuse what sqlglot would pass over; ValueError names it."""
    for beyond, name in _BEYOND:
        if tree.find(beyond):
            raise ValueError(f"{name} is not resolved")
    if any(each.args.get("by_name") for each in tree.find_all(exp.SetOperation)):
        raise ValueError("UNION BY NAME is not resolved")


class _Statement:
    """Walks the scopes of a statement, each once."""

    def __init__(self, relation: str) -> None:
        self._relation = relation
        self._cells: dict[Place, Cell] = {}
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()

    def of(self, root: Scope) -> dict[Place, Cell]:
        """Return the columns of ``root`` and of every scope below it."""
        self._names[id(root)] = ""
        scopes = [each for each in root.traverse() if each is not root]
        for number, scope in enumerate(scopes):
            self._names[id(scope)] = self._name(scope, number)
        for scope in [*scopes, root]:
            self._add(scope)
        return self._cells

    def _name(self, scope: Scope, number: int) -> str:
        """Return the CTE's or subquery's alias, with a number where another has it too."""
        above = scope.expression.parent
        alias = above.alias if isinstance(above, exp.CTE | exp.Subquery) else ""
        name = alias if alias and alias not in self._taken else f"{alias}#{number}"
        self._taken.add(name)
        return name

    def _add(self, scope: Scope) -> None:
        if scope.set_operation_scopes:
            self._add_union(scope)
        elif isinstance(scope.expression, exp.Select):
            for select in scope.expression.selects:
                place = Place(self._relation, select.alias_or_name, self._names[id(scope)])
                self._cells[place] = self._cell(scope, select)

    def _add_union(self, scope: Scope) -> None:
        """Add columns by their position in both sides, named as the left one names them."""
        sides = [_names(each) for each in scope.set_operation_scopes]
        for at, name in enumerate(sides[0]):
            parents = [
                self._parent(side, names[at])
                for side, names in zip(scope.set_operation_scopes, sides, strict=True)
                if at < len(names)
            ]
            place = Place(self._relation, name, self._names[id(scope)])
            self._cells[place] = Cell(Made.ROWS, tuple(parents))

    def _cell(self, scope: Scope, select: Any) -> Cell:
        if select.find(exp.Star) and select.is_star:
            return Cell(Made.ROWS, (), "a star is not resolved")
        parents, unresolved = list[Parent](), None
        for row in select.find_all(exp.TableColumn):
            unresolved = f"the whole row {row.sql(dialect='duckdb')} is not resolved"
        for column in _columns(select, *_windows(scope, select)):
            found = self._reads(scope, column)
            parents += found or []
            if found is None:
                unresolved = f"'{column.sql(dialect='duckdb')}' is not resolved"
        for below in scope.subquery_scopes:
            if _is_within(below.expression, select):
                parents += [self._parent(below, name) for name in _names(below)]
        is_grouped = scope.expression.args.get("group") is not None
        return Cell(made(select, is_grouped=is_grouped), tuple(dict.fromkeys(parents)), unresolved)

    def _reads(self, scope: Scope, column: exp.Column) -> list[Parent] | None:
        """Return the column that ``column`` names, None where that is not known.

        For one of a list's rows, or of rows written out, it is what these are made of.
        """
        source = scope.sources.get(column.table)
        if isinstance(source, exp.Table):
            name = f"{source.db}.{source.name}" if source.db else source.name
            return [Parent(Place(name, column.name), column.table)]
        if isinstance(source, Scope) and isinstance(source.expression, exp.UDTF):
            return self._of_rows(scope, source.expression, column.table)
        if isinstance(source, Scope) and id(source) in self._names:
            return [self._parent(source, column.name, column.table)]
        return None

    def _of_rows(self, scope: Scope, rows: Any, alias: str) -> list[Parent] | None:
        if isinstance(rows, exp.Lateral):
            return None
        found = list[Parent]()
        for column in _columns(rows):
            if column.table != alias:
                read = self._reads(scope, column)
                if read is None:
                    return None
                found += read
        return found

    def _parent(self, scope: Scope, column: str, alias: str | None = None) -> Parent:
        name = self._names[id(scope)]
        return Parent(Place(self._relation, column, name), name if alias is None else alias)


def _columns(*parts: Any) -> Iterator[exp.Column]:
    """Yield the columns of expressions that are not those of a query within them."""
    for part in parts:
        for column in part.find_all(exp.Column):
            above = column.find_ancestor(exp.Query)
            if above is None or not _is_within(above, part):
                yield column


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


def _names(scope: Scope) -> list[str]:
    """Return the names of the columns of a query, none for what is no query."""
    return scope.expression.named_selects if isinstance(scope.expression, exp.Query) else []


def _is_within(part: Any, whole: Any) -> bool:
    while part is not None:
        if part is whole:
            return True
        part = part.parent
    return False
