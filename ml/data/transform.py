"""``transform``: features made by SQL from the columns of one row, the same wherever it stands.

An expression is held to what depends on its row alone: told of a row by itself, in a batch or in
the training set it gives the same. It is kept with the version, and scoring applies what is kept.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb
from duckdb import DuckDBPyConnection

from ml.columns import Column, Columns, Source
from ml.data.features import Feature
from ml.errors import PipelineError, UsageError
from ml.names import listed
from ml.spec import ModelSpec

ALLOWED = "one expression over the columns of one row, which gives the same for it at any time"
_KINDS = frozenset(
    ("COLUMN_REF", "CONSTANT", "FUNCTION", "OPERATOR", "COMPARISON", "CONJUNCTION", "CASE")
    + ("CAST", "BETWEEN", "COLLATE", "LAMBDA")
)
_WORDS = {
    "SUBQUERY": "a subquery",
    "WINDOW": "a window over other rows",
    "STAR": "a star",
    "PARAMETER": "a parameter",
}
# What makes rows of one, or depends on the session, the moment or DuckDB's version, though DuckDB
# calls it consistent.
_REFUSED = frozenset(
    ("current_localtime", "current_localtimestamp", "current_setting", "getvariable", "hash")
    + ("unnest", "version")
)
_PLAIN: Mapping[str, object] = {
    "where_clause": None,
    "group_expressions": [],
    "having": None,
    "qualify": None,
    "sample": None,
    "modifiers": [],
}


def transforms(conn: DuckDBPyConnection, source: Source, spec: ModelSpec) -> list[Column]:
    """Return what ``train.transform`` makes of the columns of ``source``, in its order.

    Raises UsageError naming the expression, what is wrong with it and what is allowed.
    """
    return [_made(conn, source, spec, name, sql) for name, sql in spec.train.transform.items()]


def feature_column(feature: Feature, columns: Columns) -> Column:
    """Return what gives ``feature`` in a table of ``columns``: a column of it, or the kept SQL.

    Its ``feature_sql`` is the expression to select.
    """
    if feature.sql is not None:
        return feature.column
    return replace(columns[feature.name], described=feature.described)


def check_inputs(source: Source, features: tuple[Feature, ...], version: str) -> None:
    """Hold what ``features`` of ``version`` read against the columns of the table to score.

    Raises PipelineError for a column that is not there or is of another kind; what SQL reads is
    of the very type it had in training, for an expression may give another value for another.
    """
    for feature in features:
        wanted = feature.reads if feature.sql is not None else ((feature.name, feature.type),)
        what = f"feature '{feature.name}' of {version}"
        for name, type_ in wanted:
            found = source.columns.get(name)
            if feature.sql is not None:
                what = f"column '{name}', which feature '{feature.name}' of {version} reads,"
            if found is None:
                raise PipelineError(
                    f"{what} is not a column of {source.relation}; "
                    f"it has: {listed(name, source.columns)}",
                    fix=f"add it to the SQL of {source.dbt_name} as the training set has it, "
                    f"then: {source.build}",
                )
            asked = type_ if feature.sql is not None else Column(name, type_).kind
            if asked not in (found.type, found.kind):
                raise PipelineError(
                    f"{what} is {found.type} in {source.relation}, but it was {type_} in "
                    f"training; allowed: {asked}",
                    fix=f"cast it in the SQL of {source.dbt_name}, then: {source.build}",
                )


@contextmanager
def worked_out(source: Source) -> Iterator[None]:
    """Say which table holds the row for which an expression fails."""
    try:
        yield
    except (
        duckdb.ConversionException,
        duckdb.InvalidInputException,
        duckdb.OutOfRangeException,
    ) as error:
        raise PipelineError(
            f"a feature cannot be worked out in a row of {source.relation}: "
            f"{str(error).splitlines()[0]}",
            fix=f"mend the row in the SQL of {source.dbt_name}, or the expression in "
            "train.transform (try_cast gives null where cast fails)",
        ) from None


def _made(conn: DuckDBPyConnection, source: Source, spec: ModelSpec, name: str, sql: str) -> Column:
    try:
        tree = _expression(conn, sql)
        reads = _reads(conn, tree, source.columns, _forbidden(spec))
        unbound = Column(name, "VARCHAR", sql)
        described = f"describe select (\n{sql}\n) as made from {source.relation.sql}"
        type_ = str(conn.execute(described).fetchall()[0][1])
        conn.execute(f"describe select {unbound.feature_sql} from {source.relation.sql}")
    except (ValueError, duckdb.BinderException, duckdb.CatalogException) as error:
        raise UsageError(
            f"train.transform.{name} of ML model '{spec.name}' is `{sql}`: "
            f"{str(error).splitlines()[0]}; allowed: {ALLOWED}",
            fix=f"fix {spec.file}, then: dbt parse",
        ) from None
    return Column(name, type_, sql, reads)


def _forbidden(spec: ModelSpec) -> Mapping[str, str]:
    """Return the columns no expression may read, each with what it is."""
    marks = {spec.train.split.column: "says which rows are held out"}
    found = {spec.train.label: "is the label", **marks}
    return {name.lower(): what for name, what in found.items() if name}


def _expression(conn: DuckDBPyConnection, sql: str) -> Any:
    """Return the syntax tree of ``sql``; ValueError where it is more, or less, than a value."""
    (text,) = conn.execute("select json_serialize_sql(?)", [f"select (\n{sql}\n)"]).fetchall()[0]
    parsed = json.loads(text)
    if parsed["error"]:
        raise ValueError(parsed["error_message"])
    node = parsed["statements"][0]["node"]
    plain = len(parsed["statements"]) == 1 and node["type"] == "SELECT_NODE"
    plain = plain and node["from_table"]["type"] == "EMPTY" and not node["cte_map"]["map"]
    if not plain or any(node[key] != value for key, value in _PLAIN.items()):
        raise ValueError("it is a query, not an expression")
    if len(node["select_list"]) != 1:
        raise ValueError("it is several expressions")
    return node["select_list"][0]


def _reads(
    conn: DuckDBPyConnection, tree: Any, columns: Columns, forbidden: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the columns that ``tree`` reads, in the table's order; ValueError if it may not."""
    named = {name.lower(): name for name in columns}
    for node in _nodes(tree):
        _check_node(conn, node)
    met = set(_free(tree, frozenset()))
    for name in sorted(met):
        if name.lower() not in named:
            raise ValueError(f"'{name}' is not a column; there are: {listed(name, columns)}")
        if name.lower() in forbidden:
            raise ValueError(f"'{name}' {forbidden[name.lower()]}, which is not known when scoring")
    read = {named[name.lower()] for name in met}
    return tuple((name, each.type) for name, each in columns.items() if name in read)


def _free(tree: Any, bound: frozenset[str]) -> Iterator[str]:
    """Yield the names in ``tree`` that are no parameter of a lambda around them."""
    if isinstance(tree, list):
        for each in tree:
            yield from _free(each, bound)
    elif isinstance(tree, dict) and tree.get("class") == "COLUMN_REF":
        name = str(tree["column_names"][0])
        if name.lower() not in bound:
            yield name
    elif isinstance(tree, dict):
        if tree.get("class") == "LAMBDA":
            named = (each for each in _nodes(tree["lhs"]) if each["class"] == "COLUMN_REF")
            bound |= {str(each["column_names"][0]).lower() for each in named}
        for each in tree.values():
            yield from _free(each, bound)


def _nodes(tree: Any) -> Iterator[Any]:
    if isinstance(tree, list):
        for each in tree:
            yield from _nodes(each)
    elif isinstance(tree, dict):
        if "class" in tree:
            yield tree
        for each in tree.values():
            yield from _nodes(each)


def _check_node(conn: DuckDBPyConnection, node: Any, within: tuple[str, ...] = ()) -> None:
    if node["class"] not in _KINDS:
        where = f"{within[0]}()" if within else "it"
        raise ValueError(f"{where} has {_WORDS.get(node['class'], node['class'].lower())}")
    if node["class"] == "FUNCTION":
        name = node["function_name"].lower()
        if name == "age" and len(node["children"]) == 1:
            raise ValueError("age() of one date does not give the same at any time")
        _check_function(conn, name, within)


def _check_function(conn: DuckDBPyConnection, name: str, within: tuple[str, ...]) -> None:
    """Refuse a function that is of many rows, of the moment, or that somebody may change."""
    told = " in ".join(f"{each}()" for each in (name, *within))
    if name in _REFUSED:
        raise ValueError(f"{told} is not of the row alone")
    found = conn.execute(
        "select distinct function_type, stability, internal, macro_definition, parameters "
        "from duckdb_functions() where lower(function_name) = ? order by all",
        [name],
    ).fetchall()
    kinds = {kind for kind, *_ in found}
    if kinds and not kinds & {"scalar", "macro"}:
        raise ValueError(f"{told} is of many rows ({', '.join(sorted(kinds))})")
    for kind, stability, internal, body, parameters in found:
        if not internal:
            raise ValueError(f"{told} is not DuckDB's own and may change")
        if stability not in (None, "CONSISTENT"):
            raise ValueError(f"{told} does not give the same at any time")
        if kind == "macro" and name not in within:
            tree = _expression(conn, body)
            # A name that is no parameter is of the moment: current_timestamp and its like.
            if set(_free(tree, frozenset(each.lower() for each in parameters))):
                raise ValueError(f"{told} does not give the same at any time")
            for node in _nodes(tree):
                _check_node(conn, node, (name, *within))
