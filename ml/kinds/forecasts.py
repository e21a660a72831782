"""Models that forecast series: see :class:`ml.kinds.kind.Kind`.

A version is a method with its parameters and the series it was judged on. It is fitted to the
history of ``score.on`` when it scores, so that a forecast begins where that history ends.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source, find
from ml.data.checks import check_past
from ml.data.unusable import told
from ml.declaration.training import Series as Declared
from ml.errors import PipelineError, UsageError
from ml.evaluation.report import Report
from ml.evaluation.whole import RivalUnits, report_of
from ml.forecast.backtest import Window, judge, told_by_naive, told_of, windows_of
from ml.forecast.kept import method_of, params_of, state_of
from ml.forecast.methods import Method, check_library
from ml.forecast.reading import in_none, placed_sql, read
from ml.forecast.series import Series, usable
from ml.forecast.telling import forecast
from ml.kinds.artifact_alone import ArtifactAlone, FittedAlone
from ml.kinds.kind import Learnt, Prepared, Tell
from ml.relation import Relation
from ml.scoring.predictions import open_target
from ml.spec import ModelSpec
from ml.task_columns import written
from ml.versions import registry
from ml.versions.registry import ModelVersion

_SHOWN = 5


class Forecasts(ArtifactAlone):
    """Forecasts of each series: see :class:`ml.kinds.kind.Kind`."""

    def check(self, spec: ModelSpec) -> None:
        """Raise UsageError where the preset needs a library that is not installed."""
        check_library(spec.estimator.name, spec.name)

    def find(
        self,
        conn: DuckDBPyConnection,
        spec: ModelSpec,
        relations: Mapping[str, Relation],
        *,
        now: datetime,
        known: Mapping[str, str],
    ) -> History:
        """Return the table whose series are judged."""
        train = spec.train
        places = ("train.on", "train.key", "train.time")
        found = find_history(
            conn, spec, relations, (train.on, train.key, train.time or ""), places, now
        )
        rows = conn.execute(f"select count(*) from {found[0].relation.sql}").fetchall()[0][0]
        return History(spec, *found, int(rows))

    def prepare(
        self,
        conn: DuckDBPyConnection,
        spec: ModelSpec,
        version: ModelVersion,
        relations: Mapping[str, Relation],
        *,
        now: datetime,
        schema: str,
    ) -> Prepared:
        """Return the next steps of each series of ``score.on``, from the end of its history."""
        method, declared = method_of(registry.load_estimator(conn, version, spec.trusted))
        check_library(method.preset, spec.name)
        score = spec.score
        places = ("score.on", "score.key", "score.time")
        source, key, time, value = find_history(
            conn, spec, relations, (score.on, score.key, score.time), places, now
        )
        columns = written("forecast")
        target = open_target(conn, spec, version, source.relation, key, time, (), columns, schema)
        # What they replace are this version's forecasts from the same day.
        keys = ", ".join(f"{column.sql} as k{at}" for at, column in enumerate(key))
        known = f"not isnan(cast({value.sql} as double))"
        last = f"max({time.time_sql})"
        ends = (
            f"select {keys}, "
            f"cast(unnest([{last}, {last} filter (where {known})]) as date) as as_of "
            f"from ({placed_sql(source, key, time)}) "
            f"group by {', '.join(column.sql for column in key)}"
        )

        def batches(_: int) -> Generator[pa.RecordBatch]:
            series = read(conn, source, key, time, value, declared)
            names = [*(f"k{at}" for at in range(len(key))), "as_of", *columns]
            for table in forecast(method, series, declared.horizon):
                beside = _beside(series).take(table["series"])
                rows = [*beside.columns, *table.drop_columns(["series"]).columns]
                yield from pa.table(rows, names=names).combine_chunks().to_batches()

        return Prepared(source, replace(target, replaced_sql=ends), batches)


def find_history(
    conn: DuckDBPyConnection,
    spec: ModelSpec,
    relations: Mapping[str, Relation],
    names: tuple[str, Sequence[str], str],
    places: tuple[str, str, str],
    now: datetime,
) -> tuple[Source, tuple[Column, ...], Column, Column]:
    """Return a table of history, its key, time and value; ``places`` are the keys that name them.

    Raises UsageError where the declaration does not fit the table, PipelineError for a time later
    than now.
    """
    on, key, time = names
    source = find(conn, relations, on, places[0], spec.file)
    keys = tuple(source.column(name, places[1], spec.file) for name in key)
    moment = source.time(time, places[2], spec.file)
    value = source.column(spec.train.label or "", "train.label", spec.file)
    if value.kind not in ("number", "boolean"):
        raise UsageError(
            f"train.label '{value.name}' is {value.type} in {source.relation}; a forecast tells a "
            "number",
            fix=f"cast it in the SQL of {source.dbt_name}, then: {source.build}",
        )
    check_past(conn, source, moment, now)
    return source, keys, moment, value


def _beside(series: Sequence[Series]) -> pa.Table:
    """Return the key of each series, as text, and the day its history ends."""
    many = len(series[0].key) if series else 0
    keys = [pa.array([each.key[at] for each in series], pa.string()) for at in range(many)]
    ends = np.array([each.last for each in series], "datetime64[us]").astype("datetime64[D]")
    return pa.table([*keys, pa.array(ends)], names=[*(f"k{at}" for at in range(many)), "as_of"])


@dataclass(frozen=True)
class History:
    """A table of series, found good: see :class:`ml.kinds.kind.Material`."""

    spec: ModelSpec
    source: Source
    key: tuple[Column, ...]
    time: Column
    value: Column
    rows: int

    @property
    def decisive(self) -> Mapping[str, Any]:
        """Nothing but what the declaration, the table and the libraries say."""
        return {}

    @property
    def declared(self) -> Declared:
        """How rows make series; the declaration of a forecast has it."""
        assert self.spec.train.series is not None
        return self.spec.train.series

    def fit(self, conn: DuckDBPyConnection, tell: Tell) -> JudgedMethod:
        """Read the series, and say which of them cannot be used.

        Raises PipelineError where none can, or none is long enough to hold anything out.
        """
        declared = self.declared
        said = told([in_none(conn, self.source, self.key, self.time)], self.source)
        if said:
            tell(said)
        series = read(conn, self.source, self.key, self.time, self.value, declared)
        self._tell_of(series, tell)
        windows = windows_of(usable(series), declared.horizon, declared.windows)
        if not windows:
            bad = [f"{each.name}: {each.trouble}" for each in series if each.trouble]
            why = "".join(f"; {each}" for each in (*bad[:1], said) if each)
            raise PipelineError(
                f"none of {len(series):,} series of {self.source.relation} has the "
                f"{declared.horizon + 2:,} steps it takes to hold out {declared.horizon:,}{why}",
                fix=f"lower train.series.horizon in {self.spec.file}, or look at the rows of "
                f"{self.source.dbt_name}",
            )
        return JudgedMethod(self, series, windows)

    def _tell_of(self, series: Sequence[Series], tell: Tell) -> None:
        """Say by name which series are left out, and which have gaps."""
        bad = [each for each in series if each.trouble]
        for each in bad[:_SHOWN]:
            tell(f"series {each.name} of {self.source.relation} is left out: {each.trouble}")
        if len(bad) > _SHOWN:
            tell(f"and {len(bad) - _SHOWN:,} more of {len(series):,} series are left out")
        filled = [each for each in usable(series) if not each.there.all()]
        for each in filled[:_SHOWN]:
            missing, steps = int((~each.there).sum()), len(each.values)
            tell(
                f"series {each.name} of {self.source.relation}: {missing:,} of {steps:,} "
                f"{self.declared.every}s have no value (train.series.gaps: {self.declared.gaps})"
            )
        if len(filled) > _SHOWN:
            tell(f"and {len(filled) - _SHOWN:,} more series have gaps")


@dataclass(frozen=True)
class JudgedMethod(FittedAlone):
    """A method with the series it is judged on: see :class:`ml.kinds.kind.Fitted`."""

    found: History
    series: list[Series]
    windows: list[Window]

    @cached_property
    def method(self) -> Method:
        """The method declared."""
        spec = self.found.spec
        declared = self.found.declared
        return Method(
            spec.estimator.name, params_of(spec.estimator), declared.level, declared.history
        )

    @property
    def estimator(self) -> Any:
        """The method and the series."""
        return state_of(self.found.spec.estimator, self.found.declared, self.series)

    @property
    def learnt(self) -> Learnt:
        """What the version keeps of its training."""
        held = sum(int(window.there.sum()) for window in self.windows)
        known = sum(int(each.there.sum()) for each in usable(self.series))
        label = self.found.value
        return Learnt(
            params=json.dumps(params_of(self.found.spec.estimator)),
            train_rows=known - held, test_rows=held, test_from=self._test_from,
            label=label.name, label_type=label.type,
        )  # fmt: skip

    @property
    def _test_from(self) -> datetime:
        starts = [
            int(each.series.grid.moments(np.array([len(each.known)]))[0]) for each in self.windows
        ]
        first: datetime = np.datetime64(min(starts), "us").item()
        return first

    def judge(self, conn: DuckDBPyConnection, tell: Tell) -> Report:
        """Return what it told at earlier moments, beside the value of a season ago."""
        spec = self.found.spec
        tell(f"judging {spec.name} by {len(self.windows):,} windows of {len(self.series):,} series")
        season = self.method.season
        ours = judge(self.windows, told_of(self.method, self.windows), season)
        baseline = judge(self.windows, told_by_naive(self.method, self.windows), season)
        return report_of(spec.problem, ours, baseline, self._rival(conn, ours), spec.estimator.seed)

    def _rival(self, conn: DuckDBPyConnection, ours: Any) -> RivalUnits | None:
        """Return what the champion's method tells of the same windows; it has learnt from none."""
        spec = self.found.spec
        version = registry.champion(conn, spec.name)
        if version is None:
            return None
        try:
            method, _ = method_of(registry.load_estimator(conn, version, spec.trusted))
        except PipelineError as error:
            return RivalUnits(version.name, None, error.problem, fresh=False)
        if method == self.method:
            return RivalUnits(version.name, ours)
        told = told_of(method, self.windows)
        return RivalUnits(version.name, judge(self.windows, told, self.method.season))

    def difference(self, conn: DuckDBPyConnection, version: ModelVersion) -> float:
        """Return the largest difference of what both methods tell of the latest windows."""
        kept = registry.load_estimator(conn, version, self.found.spec.trusted)
        methods = (self.method, method_of(kept)[0])
        told = [np.concatenate([f.told for f in told_of(m, self.windows)]) for m in methods]
        return float(np.max(np.abs(told[0] - told[1]), initial=0.0))
