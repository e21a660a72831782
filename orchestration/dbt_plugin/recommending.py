"""``ml_recommend``: the best items of each user, a list of them for one."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from duckdb import DuckDBPyConnection

from ml.columns import Column
from ml.errors import UsageError
from ml.kinds.fitted_recommender import load
from ml.recommend.recommender import Recommender
from ml.relation import quote
from ml.task_columns import written
from ml.versions.reproduce import declared
from orchestration.dbt_plugin.given import check_names, check_task, column_given, source_given
from orchestration.dbt_plugin.several import lists_of, place_learnt_from
from orchestration.dbt_plugin.telling import find_version, of_project

MOST_ITEMS = 1_000


def recommend(cursor: DuckDBPyConnection, asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the parts of the SQL by which a version recommends to each user of a relation.

    These are the users of the table the version was trained on unless a relation is given. Raises
    PipelineError for a model never trained and a relation without users, UsageError for a model of
    another task, a column named as one that is added, and a top that cannot be meant.
    """
    version = find_version(cursor, asked["model"], asked["version"], asked["macro"])
    check_task(version, asked)
    spec = json.loads(version.spec)
    train, top, macro = spec["train"], asked["top"], asked["macro"]
    if top is not None and not (type(top) is int and 1 <= top <= MOST_ITEMS):
        raise UsageError(
            f"{macro} is given top={top!r}; allowed: 1 to {MOST_ITEMS:,} items, or nothing, for as "
            "many as are declared",
            fix=f"correct it in the SQL that calls {macro}",
        )
    (user,) = (name for name in train["key"] if name != train["item"])
    own = place_learnt_from(asked["database"], version)
    source = source_given(cursor, asked["relation"] if asked["given"] else own, asked["dry"])
    if source is not None:
        column_given(source, user, (), version, macro)
        beside = source.columns if asked["given"] else [user]
        check_names(beside, source.relation, asked)
    key = {"model": version.model, "version": version.version}
    key |= {name: asked[name] for name in ("database", "folder")}
    told_by = {"top": top or spec["score"]["top"], "by": "recommend"}
    return {
        "key": json.dumps(key | told_by),
        "user": Column(user, "").sql,
        "rows": ".".join(quote(own[part]) for part in ("database", "schema", "name")),
        "model": version.model,
        "version": version.version,
    }


class Recommending:
    """Tells of users, who are text as the version knows them."""

    def __init__(self, model: Recommender, top: int) -> None:
        self._model, self._top = model, top

    @classmethod
    def load(cls, cursor: DuckDBPyConnection, key: Mapping[str, Any]) -> "Recommending":
        """Return the version of ``key``, which shows so many items as it says."""
        version = find_version(cursor, key["model"], key["version"], "ml_recommend")
        spec = declared(version, *of_project(Path(key["folder"])))
        return cls(load(cursor, version, spec), key["top"])

    def tell(self, batch: pa.RecordBatch) -> pa.Array:
        """Return the best items of each user of ``batch``, fewer where fewer are left."""
        users = batch.column(0)
        shown = pa.concat_tables(self._model.recommend(users, self._top)).combine_chunks()
        # Users who are known come first, in blocks; each has its items in order.
        at = shown["user"].to_numpy()
        order = pa.array(np.argsort(at, kind="stable"))
        columns = {
            name: shown[name].take(order).combine_chunks() for name in written("recommendation")
        }
        return lists_of(columns, np.bincount(at, minlength=len(users)))
