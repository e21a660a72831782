"""From what a file holds to the declared type, as SQL: the value, and whether something is lost.

``try_cast`` alone is not enough. It rounds 2.5 to the integer 2, cuts the time off a date, passes
over the offset of ``2025-03-01T12:00:00+02:00`` and makes a null of whatever does not fit inside a
struct or list.
"""

import json
from dataclasses import dataclass

from duckdb.sqltypes import DuckDBPyType

from dataops.landing.literal import literal
from ml.relation import quote

INTEGERS = frozenset(
    "tinyint smallint integer bigint hugeint utinyint usmallint uinteger ubigint uhugeint".split()
)
TIMESTAMPS = frozenset(("timestamp", "timestamp_s", "timestamp_ms", "timestamp_ns"))
NESTED = frozenset(("struct", "list", "map", "array", "union"))
ZONED = "timestamp with time zone"


@dataclass(frozen=True)
class Cast:
    """Two SQL expressions: the value in its declared type, and whether it could not be had."""

    value: str
    is_bad: str


def is_json(type_: DuckDBPyType) -> bool:
    """Tell whether values of the type are taken as JSON: nested types and JSON itself."""
    return str(type_) == "JSON" or type_.id in NESTED


def cast_text(text: str, type_: DuckDBPyType) -> Cast:
    """Cast an SQL expression of type VARCHAR; the empty text is null unless the type is a text."""
    if str(type_) == "VARCHAR":
        return Cast(text, "false")
    filled = f"nullif({text}, '')"
    if is_json(type_):
        document = f"try_cast({filled} as json)"
        inner = cast_json(document, type_)
        return Cast(inner.value, f"({filled} is not null and {document} is null or {inner.is_bad})")
    value = _scalar(filled, type_)
    lost = f" or {loss}" if (loss := _loss(filled, value, type_)) else ""
    return Cast(value, f"({filled} is not null and ({value} is null{lost}))")


def cast_json(document: str, type_: DuckDBPyType, depth: int = 0) -> Cast:
    """Cast an SQL expression of type JSON; ``depth`` keeps the names of nested lambdas apart."""
    if str(type_) == "JSON":
        return Cast(document, "false")
    if type_.id == "struct":
        return _struct(document, type_, depth)
    if type_.id == "list":
        return _list(document, type_, depth)
    if type_.id in NESTED:
        value = f"try(cast({document} as {type_}))"
        is_null = f"coalesce(json_type({document}) = 'NULL', true)"
        return Cast(value, f"(not {is_null} and {value} is null)")
    return cast_text(f"({document} ->> '$')", type_)


def cast_native(column: str, met: DuckDBPyType, type_: DuckDBPyType) -> Cast:
    """Cast a typed column, as Parquet has them, from the type ``met`` to the declared one."""
    if str(met) == str(type_):
        return Cast(column, "false")
    if met.id in INTEGERS and type_.id in INTEGERS:
        value = f"try_cast({column} as {type_})"
        return Cast(value, f"({column} is not null and {value} is null)")
    if met.id == ZONED and type_.id in TIMESTAMPS:
        return Cast(f"cast(make_timestamp(epoch_us({column})) as {type_})", "false")
    if met.id == "blob" and str(type_) == "VARCHAR":
        value = f"try(decode({column}))"
        return Cast(value, f"({column} is not null and {value} is null)")
    if met.id in NESTED:
        return cast_json(f"to_json({column})", type_)
    return cast_text(f"cast({column} as varchar)", type_)


def _scalar(text: str, type_: DuckDBPyType) -> str:
    """Return the value of a type that is not nested."""
    has_offset = rf"regexp_matches({text}, ':.*[+-]\d{{1,2}}(:?\d{{2}})*\s*$')"
    # Cheap tests first: nearly no timestamp has an offset, and every one would pay for the pattern.
    may_have_offset = f"(contains({text}, '+') or {text} like '%:%-%')"
    if type_.id in TIMESTAMPS:
        instant = f"make_timestamp(epoch_us(try_cast({text} as timestamptz)))"
        return (
            f"case when {may_have_offset} and {has_offset} then cast({instant} as {type_}) "
            f"else try_cast({text} as {type_}) end"
        )
    if type_.id == ZONED:
        # Without an offset the session's time zone would decide: it is UTC that is meant.
        utc = f"try_cast(cast(try_cast({text} as timestamp) as varchar) || '+00' as timestamptz)"
        return f"case when {has_offset} then try_cast({text} as timestamptz) else {utc} end"
    return f"try_cast({text} as {type_})"


def _loss(text: str, value: str, type_: DuckDBPyType) -> str | None:
    """Return the condition under which ``value`` is less than what ``text`` says."""
    if type_.id in INTEGERS or type_.id == "decimal":
        scale = dict(type_.children)["scale"] if type_.id == "decimal" else 0
        return (
            f"case when contains({text}, '.') or contains({text}, '-') then "
            f"coalesce(case when regexp_matches({text}, '[eE]') "
            f"then try_cast({text} as double) <> {value} "
            rf"else regexp_matches({text}, '\.\d{{{scale}}}\d*[1-9]') end, false) else false end"
        )
    if type_.id == "date":
        return (
            f"case when length({text}) > 10 "
            f"then coalesce(try_cast({text} as timestamp) <> {value}, false) else false end"
        )
    return None


def _struct(document: str, type_: DuckDBPyType, depth: int) -> Cast:
    fields = [(name, child) for name, child in type_.children if isinstance(child, DuckDBPyType)]
    shape = literal(json.dumps({name: "JSON" for name, _ in fields}, ensure_ascii=False))
    casts = {
        name: cast_json(f"(from_json({document}, {shape})).{quote(name)}", child, depth)
        for name, child in fields
    }
    packed = ", ".join(f"{quote(name)} := {cast.value}" for name, cast in casts.items())
    bad = " or ".join(cast.is_bad for cast in casts.values())
    kind = f"json_type({document})"
    return Cast(
        f"case when {kind} = 'OBJECT' then struct_pack({packed}) end",
        f"(case {kind} when 'OBJECT' then {bad} "
        f"when 'NULL' then false else {document} is not null end)",
    )


def _list(document: str, type_: DuckDBPyType, depth: int) -> Cast:
    child = next(child for _, child in type_.children if isinstance(child, DuckDBPyType))
    element = f"element_{depth}"
    cast = cast_json(element, child, depth + 1)
    elements = f"from_json({document}, '[\"JSON\"]')"
    kind = f"json_type({document})"
    return Cast(
        f"case when {kind} = 'ARRAY' "
        f"then list_transform({elements}, lambda {element}: {cast.value}) end",
        f"(case {kind} when 'ARRAY' "
        f"then len(list_filter({elements}, lambda {element}: {cast.is_bad})) > 0 "
        f"when 'NULL' then false else {document} is not null end)",
    )
