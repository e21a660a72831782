"""Training from the warehouse beside scikit-learn's ``fit`` on the same rows, ready in memory.

Ours is all that ``train`` does but judging: the checks of the table, the hash of its content, the
read in the order of the key, the split, the encoding learnt and applied, the fit, the artifact's
bytes. The peer is ``fit`` alone, of the same estimator, on the matrix that the encoding gives, in
its rows' order (what a user has) and in its columns' (what scikit-learn reads fastest).
``GOLDLOOP_BENCH_ROWS`` measures with fewer rows.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier

from ml.data.checks import content_hash
from ml.data.dataset import find_training_set, read
from ml.data.features import Inputs
from ml.data.holdout import Parts, hold_out
from ml.fitting.fit import Fit, fit_model
from ml.relation import Relation
from ml.spec import ModelSpec, parse_spec
from ml.versions import artifact

RUNS = 3
TARGET = 1.15
ROWS = int(os.environ.get("GOLDLOOP_BENCH_ROWS", "2000000"))
NUMBERS, DAYS = 20, 2000
PEERS: dict[str, Callable[[Inputs], Inputs]] = {
    "fit on an array in memory, row by row": np.ascontiguousarray,
    "fit on an array in memory, column by column": np.asfortranarray,
}
# Without early stopping both grow every tree, whichever rows either would stop on.
PARAMS: dict[str, Any] = {"max_iter": 100, "early_stopping": False}
DECLARED = {
    "problem": {
        "question": "will it",
        "decision": "do it",
        "success": [{"metric": "roc_auc", "at_least": 0.6}],
    },
    "train": {
        "on": "trn",
        "label": "y",
        "key": ["id"],
        "time": "day",
        "split": {"by": "time", "test": 1 / DAYS},
    },
    "estimator": {"preset": "boosted_trees", "params": PARAMS},
    "score": {"on": "trn", "key": ["id"], "time": "day"},
}


def run() -> list[dict[str, Any]]:
    """Time a training from a DuckDB file and a fit in memory; a ratio is ours over the fit's."""
    spec = parse_spec("bench", DECLARED, file="bench/training.py")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "warehouse.duckdb"
        with duckdb.connect(path) as conn:
            _write(conn)
        seconds: dict[str, list[float]] = {name: [] for name in ("ours", *PEERS)}
        for _ in range(RUNS):
            ours, fit, parts = _ours(path, spec)
            seconds["ours"].append(ours)
            for peer, laid in PEERS.items():
                seconds[peer].append(_peer(fit, parts, laid))
    return [_row(seconds["ours"], peer, seconds[peer]) for peer in PEERS]


def _row(ours: list[float], peer: str, theirs: list[float]) -> dict[str, Any]:
    ratio = statistics.median(each / other for each, other in zip(ours, theirs, strict=True))
    return {
        "case": "training from the warehouse: seconds",
        "ours": statistics.median(ours),
        "peer": peer,
        "peer_version": sklearn.__version__,
        "ratio": ratio,
        "target": TARGET,
        "ok": ratio <= TARGET,
        "n": ROWS,
        "runs": RUNS,
    }


def _ours(path: Path, spec: ModelSpec) -> tuple[float, Fit, Parts]:
    with duckdb.connect(path) as conn:
        start = time.perf_counter()
        relations = {"trn": Relation("gold", "trn")}
        found = find_training_set(conn, spec, relations, datetime.now(UTC))
        content_hash(conn, found.source, list(found.source.columns.values()))
        parts = hold_out(spec, found, read(conn, found))
        fit = fit_model(spec, found, parts)
        artifact.sha256(artifact.dump(fit.model.estimator))
        return time.perf_counter() - start, fit, parts


def _peer(fit: Fit, parts: Parts, laid: Callable[[Inputs], Inputs]) -> float:
    encoder = fit.model.encoder
    matrix = laid(encoder.encode(parts.learnt.features))
    categories = [at for at, each in enumerate(encoder.features) if each.kind == "category"]
    estimator = HistGradientBoostingClassifier(
        **PARAMS, random_state=0, categorical_features=categories
    )
    start = time.perf_counter()
    estimator.fit(matrix, parts.learnt.labels)
    seconds = time.perf_counter() - start
    told = encoder.encode(parts.held.features)
    if not np.array_equal(estimator.predict_proba(told), fit.model.tell(told)):
        raise RuntimeError("the two trainings give different estimators")
    return seconds


def _write(conn: duckdb.DuckDBPyConnection) -> None:
    """Write rows of numbers with a null in twenty, two categories, and a label of all of them."""
    numbers = ", ".join(
        f"case when hash(i, 'null{at}') % 20 > 0 then (hash(i, 'n{at}') % 1000003) / 1000003.0 end "
        f"as n{at}"
        for at in range(NUMBERS)
    )
    signal = " + ".join(f"coalesce(n{at}, 0.5) * {at % 5 - 2}" for at in range(NUMBERS))
    conn.execute("create schema gold")
    conn.execute(
        f"create table gold.trn as with rows as (select i as id, date '2020-01-01' + "
        f"(hash(i, 'day') % {DAYS})::integer as day, {numbers}, "
        "'c' || hash(i, 'c') % 12 as c, 'd' || hash(i, 'd') % 100 as d, "
        f"(hash(i, 'noise') % 1000) / 500.0 as noise from range({ROWS}) as t(i)) "
        f"select * exclude (noise), {signal} + noise + (c = 'c1')::integer > 1 as y from rows "
        "order by hash(id)"
    )
