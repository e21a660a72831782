"""Models that recommend items to users: see :class:`ml.kinds.kind.Kind`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source, find
from ml.data.checks import Grain, check_past, check_rows
from ml.data.unusable import told
from ml.declaration.kind_rules import feedback_of
from ml.errors import PipelineError, UsageError
from ml.kinds.artifact_alone import ArtifactAlone
from ml.kinds.fitted_recommender import FittedRecommender, load
from ml.kinds.kind import Prepared, Tell
from ml.recommend.factors import Settings
from ml.recommend.reading import latest, read
from ml.recommend.recommender import codes_of, fit, named
from ml.relation import Relation
from ml.scoring.predictions import open_target
from ml.spec import ModelSpec
from ml.task_columns import written
from ml.versions.registry import ModelVersion

_LEAST = {"factors": 0, "regularization": 0, "bias_regularization": 0, "iterations": 1, "alpha": 0}
_WHOLE = ("factors", "iterations")


class Recommendations(ArtifactAlone):
    """Matrix factorisation: see :class:`ml.kinds.kind.Kind`."""

    def check(self, spec: ModelSpec) -> None:
        """Raise UsageError for a parameter that is not allowed."""
        for name, value in spec.estimator.params.items():
            if name == "feedback":
                continue
            kinds = (int,) if name in _WHOLE else (int, float)
            if type(value) not in kinds or value < _LEAST[name]:  # type: ignore[operator]
                what = "a whole number" if name in _WHOLE else "a number"
                raise UsageError(
                    f"estimator.params.{name} of ML model '{spec.name}' is {value!r}; allowed: "
                    f"{what} of {_LEAST[name]} or more",
                    fix=f"fix {spec.file}, then: dbt parse",
                )

    def find(
        self,
        conn: DuckDBPyConnection,
        spec: ModelSpec,
        relations: Mapping[str, Relation],
        *,
        now: datetime,
        known: Mapping[str, str],
    ) -> Meetings:
        """Return the ratings or choices that are learnt from."""
        train, file = spec.train, spec.file
        source = find(conn, relations, train.on, "train.on", file)
        users = [name for name in train.key if name != train.item]
        user = source.column(users[0], "train.key", file)
        item = source.column(train.item or "", "train.item", file)
        rating = source.column(train.rating, "train.rating", file) if train.rating else None
        if rating is not None and rating.kind not in ("number", "boolean"):
            raise UsageError(
                f"train.rating '{rating.name}' is {rating.type} in {source.relation}; allowed: a "
                "number",
                fix=f"cast it in the SQL of {source.dbt_name}, then: {source.build}",
            )
        time = source.time(train.time or "", "train.time", file)
        rows = conn.execute(f"select count(*) from {source.relation.sql}").fetchall()[0][0]
        check_past(conn, source, time, now)
        return Meetings(spec, source, user, item, rating, time, int(rows))

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
        """Return the best items of each user of ``score.on``."""
        model = load(conn, version, spec)
        source = find(conn, relations, spec.score.on, "score.on", spec.file)
        key = [source.column(name, "score.key", spec.file) for name in spec.score.key]
        time = source.time(spec.score.time, "score.time", spec.file)
        check_rows(conn, source, Grain(key, time, by_day=True), now)
        columns = written("recommendation")
        target = open_target(conn, spec, version, source.relation, key, time, (), columns, schema)

        def batches(_: int) -> Generator[pa.RecordBatch]:
            asked = ", ".join(f"{sql} as c{at}" for at, sql in enumerate(target.key_sql))
            text = f"cast({key[0].sql} as varchar) as user_key"
            table = conn.execute(
                f"select {asked}, {text} from {source.relation.sql} order by user_key, c1"
            ).to_arrow_table()
            users = table["user_key"].cast(pa.string()).combine_chunks()
            kept = table.drop_columns(["user_key"])
            for block in model.recommend(users, spec.score.top):
                beside = kept.take(block["user"])
                rows = [*beside.columns, *block.drop_columns(["user"]).columns]
                names = [*beside.column_names, *columns]
                yield from pa.table(rows, names=names).combine_chunks().to_batches()

        return Prepared(source, target, batches)


@dataclass(frozen=True)
class Meetings:
    """Who met what, found good: see :class:`ml.kinds.kind.Material`."""

    spec: ModelSpec
    source: Source
    user: Column
    item: Column
    rating: Column | None
    time: Column
    rows: int

    @property
    def decisive(self) -> Mapping[str, Any]:
        """Nothing but what the declaration and the table say."""
        return {}

    @property
    def settings(self) -> Settings:
        """How factors are learnt."""
        params: dict[str, Any] = dict(self.spec.estimator.params)
        return Settings(**{**params, "feedback": str(feedback_of(self.spec))})

    def fit(self, conn: DuckDBPyConnection, tell: Tell) -> FittedRecommender:
        """Hold out the latest of each user and learn from the rest.

        Raises PipelineError where there is nothing to learn from or to judge by.
        """
        explicit = self.settings.feedback == "explicit"
        met = read(
            conn, self.source, self.user, self.item, self.rating, self.time, explicit=explicit
        )
        said = told(met.left_out, self.source)
        if said:
            tell(said)
        users = codes_of(met.user, pa.array(met.user.unique().to_pylist(), pa.string()))
        held = latest(users, self.spec.train.split.test) if len(met.value) else np.zeros(0, bool)
        if not held.any():
            raise PipelineError(
                f"{self.source.relation} has {len(met.value):,} usable rows of "
                f"{len(met.user.unique()):,} users, and none has enough of them to hold out "
                f"{self.spec.train.split.test:.0%}" + (f"; {said}" if said else ""),
                fix=f"raise train.split.test in {self.spec.file}, or look at the rows of "
                f"{self.source.dbt_name}",
            )
        learnt, later = met.take(np.flatnonzero(~held)), met.take(np.flatnonzero(held))
        tell(f"learning from {len(learnt.value):,} of {len(met.value):,} rows")
        ratings = named(learnt.user, learnt.item, learnt.value)
        seed = self.spec.estimator.seed
        model = fit(ratings, self.settings, seed).with_met(later.user, later.item)
        return FittedRecommender(self.spec, self.source, self.settings, model, learnt, later)
