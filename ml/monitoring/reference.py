"""The bins of a baseline: what later rows are counted into, so that windows can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from ml.relation import Relation, quote

BINS = 10
CATEGORIES = 50


@dataclass(frozen=True)
class Bins:
    """The bins of one column: upper ``edges`` (inclusive, rising) or ``categories``, never both.

    What lies above the last edge, or is none of the categories, has a bin of its own.
    """

    column: str
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Counts:
    """How many rows of one relation fall into each bin of a column; the last bin is the rest.

    ``missing`` are null, NaN or infinite and stand in no bin.
    """

    bins: Bins
    rows: tuple[int, ...]
    missing: int


def numeric_bins(
    conn: DuckDBPyConnection, relation: Relation, columns: Sequence[str]
) -> list[Bins]:
    """Return bins for numeric ``columns``: the exact deciles of ``relation``, equal ones once."""
    if not columns:
        return []
    shares = ", ".join(str(at / BINS) for at in range(1, BINS))
    told = [f"quantile_disc({finite_sql(name)}, [{shares}])" for name in columns]
    row = conn.execute(f"select {', '.join(told)} from {relation.sql}").fetchone() or ()
    return [
        Bins(name, tuple(sorted(set(edges or ()))))
        for name, edges in zip(columns, row, strict=True)
    ]


def category_bins(conn: DuckDBPyConnection, relation: Relation, column: str) -> Bins:
    """Return a bin for each of the most frequent values of ``column`` in ``relation``."""
    found = conn.execute(
        f"select value from (select {_text_sql(column)} as value from {relation.sql}) "
        f"where value is not null group by value order by count(*) desc, value limit {CATEGORIES}"
    ).fetchall()
    return Bins(column, categories=tuple(value for (value,) in found))


def count(conn: DuckDBPyConnection, relation: Relation, bins: Sequence[Bins]) -> list[Counts]:
    """Count the rows of ``relation`` into ``bins``, all columns in one pass."""
    if not bins:
        return []
    asked = [_asked(each) for each in bins]
    row = conn.execute(
        f"select count(*), {', '.join(sql for sql, _ in asked)} from {relation.sql}",
        [value for _, values in asked for value in values],
    ).fetchone() or (0, *[0, None] * len(bins))
    told = zip(bins, row[1::2], row[2::2], strict=True)
    return [_counts(each, row[0], there, found or {}) for each, there, found in told]


def finite_sql(column: str) -> str:
    """Return the SQL of a numeric column as a double, null where it is no finite number."""
    number = f"cast({quote(column)} as double)"
    return f"case when isfinite({number}) then {number} end"


def _asked(bins: Bins) -> tuple[str, list[object]]:
    """Return how many values there are and the histogram, as SQL and its values."""
    if bins.categories is None:
        number = finite_sql(bins.column)
        return f"count({number}), histogram({number}, cast(? as double[]))", [list(bins.edges)]
    text = _text_sql(bins.column)
    if not bins.categories:
        return f"count({text}), null", []
    marks = ", ".join("?" * len(bins.categories))
    return (
        f"count({text}), histogram(case when {text} in ({marks}) then {text} end)",
        list(bins.categories),
    )


def _counts(bins: Bins, rows: int, there: int, found: dict[object, int]) -> Counts:
    names = bins.edges if bins.categories is None else bins.categories
    inside = [found.get(name, 0) for name in names]
    return Counts(bins, (*inside, there - sum(inside)), rows - there)


def _text_sql(column: str) -> str:
    return f"cast({quote(column)} as varchar)"
