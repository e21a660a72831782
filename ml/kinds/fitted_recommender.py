"""A recommender with what it was learnt from, judged by the users held out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from ml.columns import Source
from ml.data.checks import content_hash
from ml.errors import PipelineError
from ml.evaluation.metrics import Codes
from ml.evaluation.report import Report
from ml.evaluation.units import Units
from ml.evaluation.whole import RivalUnits, report_of
from ml.kinds.artifact_alone import FittedAlone
from ml.kinds.kind import Learnt, Tell
from ml.recommend.factors import Settings
from ml.recommend.judging import TOP, judge, lists_of
from ml.recommend.ranking import popular_lists
from ml.recommend.reading import Met
from ml.recommend.recommender import Recommender, codes_of, fit, named
from ml.recommend.sparse import Places
from ml.spec import ModelSpec
from ml.versions import registry
from ml.versions.registry import ModelVersion


def load(conn: DuckDBPyConnection, version: ModelVersion, spec: ModelSpec) -> Recommender:
    """Return the recommender that ``version`` is; raises what registry.load_estimator raises."""
    return Recommender.of_state(registry.load_estimator(conn, version, spec.trusted))


@dataclass(frozen=True)
class FittedRecommender(FittedAlone):
    """A recommender with what it was learnt from: see :class:`ml.kinds.kind.Fitted`."""

    spec: ModelSpec
    source: Source
    settings: Settings
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
        params = dict(self.spec.estimator.params) | {"feedback": self.model.feedback}
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
        spec, users = self.spec, self._users[0]
        tell(f"judging {spec.name} by {len(users):,} users")
        ours = self._units(self.model, _lists(self.model, users, self.model))
        return report_of(
            spec.problem, ours, self._baseline(), self._rival(conn), spec.estimator.seed
        )

    def _baseline(self) -> Units:
        """Return what user and item biases tell of ratings, and what most users have."""
        model, users = self.model, self._users[0]
        lists = popular_lists(model.popularity, model.seen, codes_of(users, model.users), TOP)
        if model.feedback == "implicit":
            return self._units(model, lists)
        ratings = named(self.parts_learnt.user, self.parts_learnt.item, self.parts_learnt.value)
        penalty = self.settings.bias_regularization
        biases = fit(ratings, Settings(factors=0, bias_regularization=penalty), 0)
        return self._units(biases, lists)

    def _rival(self, conn: DuckDBPyConnection) -> RivalUnits | None:
        spec, source = self.spec, self.source
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

    def difference(self, conn: DuckDBPyConnection, version: ModelVersion) -> float:
        """Return the largest difference of what both tell of the rows held out."""
        theirs = load(conn, version, self.spec)
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
