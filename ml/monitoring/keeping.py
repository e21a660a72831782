"""Profiles in the warehouse: of the training set with its version, of each window as it scores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.monitoring.profile import QUANTILES, Categories, Numbers, Profile
from ml.monitoring_tables import MONITORING, PROFILES
from ml.relation import Relation, quote
from ml.tables import exists
from ml.versions.registry import ModelVersion

TRAINING, SCORING = "training", "scoring"
_LISTS = {"points": pa.float64(), "below": pa.int64(), "upto": pa.int64(), "sums": pa.float64(),
          "categories": pa.string(), "counts": pa.int64()}  # fmt: skip


@dataclass(frozen=True)
class Window:
    """The dates of the rows looked at, both included; None without a time."""

    start: date | None
    end: date | None

    def __str__(self) -> str:
        if self.start == self.end:
            return str(self.start or "all rows")
        return f"{self.start} to {self.end}"


@dataclass(frozen=True)
class Place:
    """What is watched: a column in its role, of a part of the rows."""

    role: str
    column: str
    segment: str = "all"

    def __str__(self) -> str:
        part = "" if self.segment == "all" else f" where {self.segment}"
        return f"{self.role} {self.column}{part}"


@dataclass(frozen=True)
class Profiled:
    """What is kept of one place in one window."""

    place: Place
    type: str
    window: Window
    rows: int
    keys: int
    profile: Profile

    @property
    def share(self) -> float:
        """How much a row counts: rows of one key count together as one."""
        return self.keys / self.rows if self.rows else 1.0


@dataclass(frozen=True)
class Made:
    """By which version, in which run and when (naive UTC) something was measured."""

    version: ModelVersion
    run_id: str
    at: datetime

    @classmethod
    def with_version(cls, version: ModelVersion) -> "Made":
        """Return what is measured as ``version`` is trained."""
        return cls(version, version.run_id, version.created_at)


def same_window(period: str) -> str:
    """Return the condition of the rows of a window; its value is the window's first date.

    A window of a day, a week or a month is the same, whichever of its dates are there.
    """
    if period == "run":
        return "window_from = ?"
    return f"date_trunc('{period}', window_from) = date_trunc('{period}', cast(? as date))"


def keep_profiles(
    conn: DuckDBPyConnection, made: Made, data: str, found: Sequence[Profiled]
) -> None:
    """Write ``found``, all of what ``data`` says."""
    rows = [_row(made, data, each) for each in found]
    insert(conn, PROFILES, rows)


def training_profiles(conn: DuckDBPyConnection, version: ModelVersion) -> dict[Place, Profiled]:
    """Return what was kept of the training set of ``version``; of an older one it may be none."""
    where = "model = ? and version = ? and data = 'training'"
    return _read(conn, where, [version.model, version.version])


def profiles_before(
    conn: DuckDBPyConnection, model: str, window: Window, *, apart: bool, labels: bool = False
) -> dict[Place, Profiled]:
    """Return the last window of ``model`` before ``window``, whichever version it was told by.

    ``apart`` says that windows do not overlap; else one that ends earlier may begin with this.
    ``labels`` asks for that of the labels, which are there later than all else.
    """
    if not exists(conn, PROFILES):
        return {}
    bound = window.start if apart else window.end
    where = f"model = ? and data = 'scoring' and (role = 'label') = {labels}"
    last = conn.execute(
        f"select window_from, window_to, version from {PROFILES.sql} where {where} "
        "and window_to < ? order by window_to desc, measured_at desc, version desc limit 1",
        [model, bound],
    ).fetchone()
    if last is None:
        return {}
    where = f"{where} and window_from = ? and window_to = ? and version = ?"
    return _read(conn, where, [model, *last])


def insert(conn: DuckDBPyConnection, relation: Relation, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert ``rows``, mappings of columns of ``relation`` by name, at once."""
    if not rows:
        return
    names = list(MONITORING[relation])
    # DuckDB finds the variable by its name.
    goldloop_watched_rows = pa.table(
        {name: _array(name, [row.get(name) for row in rows]) for name in names}
    )
    read = ", ".join(map(quote, goldloop_watched_rows.column_names))
    conn.execute(f"insert into {relation.sql} ({read}) select {read} from goldloop_watched_rows")


def _array(name: str, values: list[Any]) -> pa.Array:
    return pa.array(values, pa.list_(_LISTS[name])) if name in _LISTS else pa.array(values)


def _row(made: Made, data: str, each: Profiled) -> dict[str, Any]:
    looked_at = each.profile.there + each.profile.missing
    return {
        "model": made.version.model,
        "version": made.version.version,
        "window_from": each.window.start,
        "window_to": each.window.end,
        "data": data,
        "role": each.place.role,
        "column_name": each.place.column,
        "segment": each.place.segment,
        "type": each.type,
        "rows": each.rows,
        "keys": each.keys,
        "missing": each.profile.missing,
        "missing_share": each.profile.missing / looked_at if looked_at else None,
        "run_id": made.run_id,
        "measured_at": made.at,
        **dict(_written(each.profile)),
    }


def _written(profile: Profile) -> Iterator[tuple[str, Any]]:
    """Yield the columns by which ``profile`` is kept."""
    if isinstance(profile, Categories):
        yield from {
            "categories": [*profile.counts],
            "counts": [*profile.counts.values()],
            "others": profile.others,
        }.items()
        return
    for name in ("points", "below", "upto", "sums"):
        yield name, getattr(profile, name).tolist()
    yield from (("mean", profile.mean), ("spread", profile.spread))
    for name, share in zip(("q05", "q25", "median", "q75", "q95"), QUANTILES, strict=True):
        yield name, profile.quantile(share) if profile.there else None


def _read(conn: DuckDBPyConnection, where: str, values: Iterable[object]) -> dict[Place, Profiled]:
    if not exists(conn, PROFILES):
        return {}
    rows = conn.execute(
        "select role, column_name, segment, type, window_from, window_to, rows, keys, missing, "
        "mean, spread, points, below, upto, sums, categories, counts, others "
        f"from {PROFILES.sql} where {where}",
        list(values),
    ).fetchall()
    found = {}
    for role, column, segment, type_, start, end, many, keys, *kept in rows:
        place = Place(role, column, segment)
        window = Window(start, end)
        found[place] = Profiled(place, type_, window, many, keys, _profile(type_, kept))
    return found


def _profile(type_: str, kept: Sequence[Any]) -> Profile:
    missing, mean, spread, points, below, upto, sums, categories, counts, others = kept
    if type_ == "category":
        return Categories(dict(zip(categories, counts, strict=True)), others, missing)
    return Numbers(
        np.array(points, float),
        np.array(below, np.int64),
        np.array(upto, np.int64),
        np.array(sums, float),
        missing,
        mean,
        spread,
    )
