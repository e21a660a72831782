"""Which rows of a release a sandbox sees: all of them, or the same hashed share every time."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from duckdb import DuckDBPyConnection

from ml.errors import UsageError
from ml.relation import quote

# Shares are compared in millionths.
MILLION = 1_000_000


@dataclass(frozen=True)
class Sample:
    """A share (0 to 1) or a number of rows; ``by`` names the columns whose values are drawn.

    A table that has a column of ``by`` keeps every row of the values drawn, so that joins over it
    hold; without ``by`` rows are drawn one by one.
    """

    text: str
    share: float | None
    rows: int | None
    by: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str, by: Sequence[str] = ()) -> "Sample":
        """Read ``5%`` (a share) or ``1000`` (rows); raises UsageError for anything else."""
        wanted = text.strip()
        if re.fullmatch(r"\d+(\.\d+)?%", wanted) and 0 < float(wanted[:-1]) <= 100:
            return cls(wanted, float(wanted[:-1]) / 100, None, tuple(by))
        if re.fullmatch(r"\d+", wanted) and int(wanted) > 0:
            return cls(wanted, None, int(wanted), tuple(by))
        raise UsageError(
            f"the sample '{text}' is no part of a release; allowed: a share above 0 % and up to "
            "100 % (5%), or a number of rows above 0 (1000)",
            fix="type: goldloop sandbox create NAME --sample 5%",
        )

    def column(self, columns: Collection[str]) -> str | None:
        """Return the column of ``columns`` whose values are drawn, the first of ``by`` there is."""
        return next((name for name in self.by if name in columns), None)

    def values_share(self, most: int) -> float:
        """Return the share of values to draw where a column has at ``most`` that many."""
        if self.share is not None:
            return self.share
        return min(1.0, (self.rows or 0) / max(1, most))


def values_of(connection: DuckDBPyConnection, table: str, column: str) -> int:
    """Return about how many values ``column`` of ``table`` (quoted SQL) has."""
    row = connection.execute(
        f"select approx_count_distinct({quote(column)}) from {table}"
    ).fetchone()
    return int(row[0]) if row else 0


def condition(column: str | None, share: float) -> str:
    """Return the SQL that keeps ``share`` of the values of ``column``, or of the rows.

    Values are hashed as trimmed text in lower case: what a source delivers untidily is drawn as it
    is once it is clean. Rows without a value are drawn one by one.
    """
    if share >= 1:
        return "true"
    row = "cast(rowid as varchar)"
    value = f"lower(trim(cast({quote(column)} as varchar)))" if column else row
    drawn = f"coalesce({value}, {row})"
    return f"hash({drawn}) % {MILLION} < {round(share * MILLION)}"
