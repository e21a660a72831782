"""Whether what SQL reads of predictions was told before the time of its own rows.

A column bounds what a row was told where each prediction that the row is made of is of a day not
after that column's (or, strictly, before it). The bounds of a table of predictions are its own
``as_of_date``; a query hands on those of what it reads, and gets others by comparing them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from dataops.feedback.ordering import Name, Order, conjuncts, moved, orders
from dataops.lineage.places import Catalog
from dataops.lineage.reading import column_names
from dataops.lineage.statement import parse, refuse_beyond, stumbling

# The columns that bound what a row was told, and whether strictly.
Bounds = Mapping[str, bool]
Known = dict[Name, bool]
_LIMITS = ("limit", "offset", "fetch", "sample")
_BUT = ("except_", "replace", "rename")
_SETS = (exp.GroupingSets, exp.Rollup, exp.Cube)


@dataclass
class Told:
    """What a query was told: by its own columns, and by columns of the queries it stands in."""

    columns: dict[str, bool] = field(default_factory=dict)
    outer: Known = field(default_factory=dict)


def bounds(sql: str, told: Mapping[str, Bounds], catalog: Catalog) -> Bounds | None:
    """Return what bounds the predictions that ``sql`` reads, None where it reads none of them.

    ``told`` has the relations (``schema.name``) that hold predictions or are made of some, with
    their bounds. ``catalog`` may be empty: then no type is known. Raises ValueError saying what of
    the statement cannot be read.
    """
    tree, known = parse(sql), _times(catalog)
    refuse_beyond(tree)
    with stumbling():
        tree = qualify(tree, schema=known, dialect="duckdb", validate_qualify_columns=False)
        root = build_scope(annotate_types(tree, schema=known, dialect="duckdb"))
        if root is None:
            raise ValueError("it is not a SELECT")
        found = _Reading(told).of(root)
    if found is not None and any(each.args.get("recursive") for each in tree.find_all(exp.With)):
        raise ValueError("a recursive query is not read")
    return None if found is None else found.columns


def is_vague(sql: str) -> bool:
    """Whether ``sql`` names columns that may be of several tables, as only these could say."""
    tree = qualify(parse(sql), dialect="duckdb", validate_qualify_columns=False)
    root = build_scope(tree)
    scopes = [each for each in root.traverse() if not _only(each)] if root else []
    return any(not column.table for scope in scopes for column in scope.columns)


def _times(catalog: Catalog) -> dict[str, object]:
    """Return ``catalog`` with the types of times; no other matters, and not all are known."""
    return {
        schema: {
            table: {
                name: type_ if type_.startswith(("DATE", "TIMESTAMP")) else "VARCHAR"
                for name, type_ in columns.items()
            }
            for table, columns in tables.items()
        }
        for schema, tables in catalog.items()
    }


class _Reading:
    """Reads the queries of one statement, each once."""

    def __init__(self, told: Mapping[str, Bounds]) -> None:
        self._told = told
        self._found: dict[int, Told | None] = {}

    def of(self, scope: Scope) -> Told | None:
        """Return what ``scope`` was told, None for nothing."""
        if id(scope) not in self._found:
            self._found[id(scope)] = self._read(scope)
        return self._found[id(scope)]

    def _read(self, scope: Scope) -> Told | None:
        if scope.set_operation_scopes:
            return self._union(scope)
        if isinstance(scope.expression, exp.Select):
            return self._select(scope)
        return _all_of([each for each in map(self.of, scope.subquery_scopes) if each])

    def _union(self, scope: Scope) -> Told | None:
        """Return the bounds that every side has in its place; they are named as on the left."""
        names = column_names(scope)
        sides = []
        for side in scope.set_operation_scopes:
            found = self.of(side)
            if found is not None:
                placed = zip(names, column_names(side), strict=False)
                columns = {name: found.columns[own] for name, own in placed if own in found.columns}
                sides.append(Told(columns, found.outer))
        return _all_of(sides)

    def _select(self, scope: Scope) -> Told | None:
        """Return the bounds that hold for everything that ``scope`` was told."""
        query, alone = scope.expression, _only(scope)
        for column in query.find_all(exp.Column):
            if alone and not column.table and column.find_ancestor(exp.Query) is query:
                column.set("table", exp.to_identifier(alone))
        found = []
        for alias, start in self._starts(scope):
            known = dict(start)
            _close(known, [*_ordered(query, alias)])
            outer = {name: is_strict for name, is_strict in known.items()
                     if name[0] not in scope.selected_sources}  # fmt: skip
            found.append(Told(_handed_on(query, known), outer))
        return _all_of(found)

    def _starts(self, scope: Scope) -> Iterator[tuple[str, Known]]:
        """Yield the bounds of each table, CTE and subquery that was told something.

        Each comes with the name it has in the query; one within an expression has none.
        """
        for alias, (node, source) in scope.selected_sources.items():
            # Who names the columns anew says nothing of which is which.
            is_renamed = bool(node.alias_column_names)
            if isinstance(source, exp.Table):
                columns = self._told.get(f"{source.db}.{source.name}".lower())
                found = None if columns is None else Told(dict(columns))
            else:
                found = self.of(source)
            if found is not None:
                own = {} if is_renamed else found.columns
                yield alias, {(alias, name): own[name] for name in own} | found.outer
        for below in scope.subquery_scopes:
            if (within := self.of(below)) is not None:
                yield "", dict(within.outer)


def _all_of(found: list[Told]) -> Told | None:
    """Return the bounds that all of ``found`` have, strict where all are."""
    if not found:
        return None
    first, *others = found
    columns = {
        name: strict and all(each.columns[name] for each in others)
        for name, strict in first.columns.items()
        if all(name in each.columns for each in others)
    }
    outer = {
        name: strict and all(each.outer[name] for each in others)
        for name, strict in first.outer.items()
        if all(name in each.outer for each in others)
    }
    return Told(columns, outer)


def _only(scope: Scope) -> str:
    """Return the one table that ``scope`` reads, by its name there."""
    names = [*scope.selected_sources]
    return names[0] if len(names) == 1 else ""


def _close(known: Known, found: list[Order]) -> None:
    """Add to ``known`` what ``found`` says is not earlier than what it has."""
    grows = True
    while grows:
        grows = False
        for each in found:
            if each.earlier in known:
                is_strict = known[each.earlier] or each.is_strict
                if is_strict > known.get(each.later, -1):
                    known[each.later] = is_strict
                    grows = True


def _ordered(query: Any, alias: str) -> Iterator[Order]:
    """Yield what the conditions of ``query`` say, of those that hold wherever ``alias`` is met."""
    if query.args.get("where"):
        for condition in conjuncts(query.args["where"].this):
            yield from orders(condition)
    is_met = bool(alias) and query.args["from_"].this.alias_or_name == alias
    for join in query.args.get("joins") or ():
        is_joined = join.this.alias_or_name == alias
        if join.args.get("on") and _holds(join, is_met, is_joined):
            for condition in conjuncts(join.args["on"]):
                yield from orders(condition)
        is_met = is_met or is_joined


def _holds(join: Any, is_met: bool, is_joined: bool) -> bool:
    """Whether the condition of ``join`` holds in every row that has a table.

    The table is on the left of the join, is what is joined, or stands elsewhere.
    """
    side, kind = (join.args.get("side") or "").upper(), (join.args.get("kind") or "").upper()
    if is_joined:
        return side in ("", "LEFT")
    return kind != "ANTI" and (side == "" or (side == "RIGHT" and is_met))


def _handed_on(query: Any, known: Known) -> dict[str, bool]:
    """Return the columns of ``query`` that bound what it was told."""
    group = query.args.get("group")
    in_sets = group is not None and group.find(*_SETS) is not None
    if in_sets or any(query.args.get(name) for name in _LIMITS):
        return {}
    kept = {name: strict for name, strict in known.items() if _is_within(query, name)}
    found: dict[str, bool] = {}
    met = set[str]()
    for select in query.selects:
        if select.is_star:
            found |= _starred(select.unalias(), kept)
            continue
        is_strict = _bound(select.unalias(), kept)
        # Of two columns of one name the first has it.
        if is_strict is not None and select.alias_or_name not in met:
            found[select.alias_or_name] = is_strict
        met.add(select.alias_or_name)
    return found


def _bound(part: Any, kept: Known) -> bool | None:
    """Return whether ``part`` bounds what was told strictly, None where it does not."""
    if isinstance(part, exp.Coalesce):
        # Of a column that is joined by `using`, both sides.
        sides = [_bound(each, kept) for each in (part.this, *part.expressions)]
        return None if None in sides else all(sides)
    found = moved(part)
    if found is None or found[0] not in kept or found[1] < 0:
        return None
    return kept[found[0]] or found[1] >= 1


def _starred(star: Any, kept: Known) -> dict[str, bool]:
    """Return the bounds that a star brings: all, or those of one table, less what it leaves out."""
    of = star.table if isinstance(star, exp.Column) else ""
    inner = star.this if isinstance(star, exp.Column) else star
    parts = [each for name in _BUT for each in inner.args.get(name) or ()]
    named = {each.name.lower() for part in parts for each in part.find_all(exp.Identifier)}
    found: dict[str, bool] = {}
    for (alias, name), is_strict in kept.items():
        if of in ("", alias) and name not in named:
            # Of two columns of one name it cannot be said which is meant.
            found[name] = is_strict and found.get(name, True)
    return found


def _is_within(query: Any, name: Name) -> bool:
    """Whether rows are put together that have one value of the column ``name`` only."""
    return all(name in each for each in _parts(query))


def _parts(query: Any) -> Iterator[set[Name]]:
    """Yield the columns whose equal values make the rows that a window, or `distinct on`, reads."""
    named = {each.name.lower(): each for each in query.args.get("windows") or ()}
    for select in (*query.selects, query.args.get("qualify")):
        for window in select.find_all(exp.Window) if select is not None else ():
            of = named.get(window.alias.lower(), window)
            yield _names(of.args.get("partition_by") or ())
    distinct = query.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        on = distinct.args["on"]
        yield _names(on.expressions if isinstance(on, exp.Tuple) else [on.unnest()])


def _names(parts: Any) -> set[Name]:
    found = map(moved, parts)
    return {name for name, days in filter(None, found) if not days}
