"""Models that recommend items to users: see :class:`ml.kinds.kind.Kind`."""

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from ml.columns import Column, Source, find
from ml.data.checks import Grain, check_past, check_rows, content_hash
from ml.declaration.kind_rules import feedback_of
from ml.errors import PipelineError, UsageError
from ml.evaluation.metrics import Codes
from ml.evaluation.report import Report
from ml.evaluation.units import Units
from ml.evaluation.whole import RivalUnits, report_of
from ml.kinds.kind import Learnt, Prepared, Tell
from ml.recommend.factors import Settings
from ml.recommend.judging import TOP, judge, lists_of
from ml.recommend.ranking import popular_lists
from ml.recommend.reading import Met, latest, read, told
from ml.recommend.recommender import Recommender, codes_of, fit, named
from ml.recommend.sparse import Places
from ml.relation import Relation
from ml.scoring.predictions import open_target
from ml.spec import ModelSpec
from ml.task_columns import written
from ml.versions import registry
from ml.versions.registry import ModelVersion

_LEAST = {"factors": 0, "regularization": 0, "bias_regularization": 0, "iterations": 1, "alpha": 0}
_WHOLE = ("factors", "iterations")


class Recommendations:
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

    def is_whole(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether what ``version`` keeps besides its artifact is as recorded: it keeps nothing."""
        return True

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
            for block in recommend(model, users, spec.score.top):
                beside = kept.take(block["user"])
                rows = [*beside.columns, *block.drop_columns(["user"]).columns]
                names = [*beside.column_names, *columns]
                yield from pa.table(rows, names=names).combine_chunks().to_batches()

        return Prepared(source, target, batches)


def load(conn: DuckDBPyConnection, version: ModelVersion, spec: ModelSpec) -> Recommender:
    """Return the recommender that ``version`` is; raises what registry.load_estimator raises."""
    return Recommender.of_state(registry.load_estimator(conn, version, spec.trusted))


def recommend(model: Recommender, users: pa.Array, top: int) -> Generator[pa.Table]:
    """Yield the ``top`` items of ``users`` (text), see :meth:`Recommender.recommend`."""
    return model.recommend(users, top)


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
        return FittedRecommender(self, model, learnt, later)


@dataclass(frozen=True)
class FittedRecommender:
    """A recommender with what it was learnt from: see :class:`ml.kinds.kind.Fitted`."""

    found: Meetings
    model: Recommender
    parts_learnt: Met
    held: Met

    @property
    def estimator(self) -> Any:
        """Names and arrays."""
        return self.model.state

    @property
    def learnt(self) -> Learnt:
        """What the version keeps of its training."""
        params = dict(self.found.spec.estimator.params) | {"feedback": self.model.feedback}
        return Learnt(
            params=json.dumps(params), train_rows=len(self.parts_learnt.value),
            test_rows=len(self.held.value),
        )  # fmt: skip

    @cached_property
    def _users(self) -> tuple[pa.Array, Codes]:
        """The users held out, and which of them each row held out is of."""
        names = self.held.user.unique()
        users = names.take(pc.sort_indices(names))
        return users, codes_of(self.held.user, users)

    def judge(self, conn: DuckDBPyConnection, tell: Tell) -> Report:
        """Return what it is worth to the users held out, beside biases and popularity."""
        spec, users = self.found.spec, self._users[0]
        tell(f"judging {spec.name} by {len(users):,} users")
        ours = self._units(self.model, _lists(self.model, users, self.model))
        report = report_of(
            spec.problem, ours, self._baseline(), self._rival(conn), spec.estimator.seed
        )
        return report

    def _baseline(self) -> Units:
        """Return what user and item biases tell of ratings, and what most users have."""
        model, users = self.model, self._users[0]
        lists = popular_lists(model.popularity, model.seen, codes_of(users, model.users), TOP)
        if model.feedback == "implicit":
            return self._units(model, lists)
        ratings = named(self.parts_learnt.user, self.parts_learnt.item, self.parts_learnt.value)
        settings = self.found.settings
        biases = fit(
            ratings, Settings(factors=0, bias_regularization=settings.bias_regularization), 0
        )
        return self._units(biases, lists)

    def _rival(self, conn: DuckDBPyConnection) -> RivalUnits | None:
        spec, source = self.found.spec, self.found.source
        version = registry.champion(conn, spec.name)
        if version is None:
            return None
        try:
            theirs = load(conn, version, spec)
        except PipelineError as error:
            return RivalUnits(version.name, None, error.problem, fresh=False)
        if theirs.feedback != self.model.feedback:
            why = f"{version.name} learnt from {theirs.feedback} feedback"
            return RivalUnits(version.name, None, why, fresh=False)
        content = content_hash(conn, source, list(source.columns.values()))
        split = json.loads(version.spec)["train"].get("split")
        same = split == json.loads(spec.train.split.model_dump_json(exclude_none=True))
        fresh = same and content == version.data_hash
        lists = _lists(theirs, self._users[0], self.model)
        return RivalUnits(version.name, self._units(theirs, lists), None, fresh)

    def _units(self, model: Recommender, lists: Places) -> Units:
        """Return the sums of each user held out; ``lists`` are of this model's items."""
        users, owner = self._users
        items = codes_of(self.held.item, self.model.items)
        rated = None
        if model.feedback == "explicit":
            pairs = (codes_of(self.held.user, model.users), codes_of(self.held.item, model.items))
            rated = model.rate(*pairs)
        order = np.argsort(owner, kind="stable")
        cuts = np.cumsum(np.bincount(owner, minlength=len(users)))[:-1]
        taken = [each.astype(np.int32) for each in np.split(items[order], cuts)]
        return judge(owner, self.held.value, rated, lists, taken, len(self.model.items))

    def keep(self, conn: DuckDBPyConnection, version: ModelVersion) -> None:
        """Keep nothing besides the artifact."""

    def is_kept(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether what is kept besides the artifact is the same: nothing is."""
        return True

    def difference(self, conn: DuckDBPyConnection, version: ModelVersion) -> float:
        """Return the largest difference of what both tell of the rows held out."""
        theirs = load(conn, version, self.found.spec)
        mine = self.model
        told_by = [
            each.rate(codes_of(self.held.user, each.users), codes_of(self.held.item, each.items))
            for each in (mine, theirs)
        ]
        return float(np.max(np.abs(told_by[0] - told_by[1]), initial=0.0))


def _lists(model: Recommender, users: pa.Array, counted_in: Recommender) -> Places:
    """Return the ten items ``model`` shows each of ``users``, by their place in another's list."""
    tables = list(model.recommend(users, TOP, as_judged=True))
    table = pa.concat_tables(tables).combine_chunks()
    codes = codes_of(table["item"].combine_chunks(), counted_in.items)
    return lists_of(table, len(users), codes)
