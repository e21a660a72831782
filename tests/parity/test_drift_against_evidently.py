"""Where the definitions agree, Evidently says the same of the same rows."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy.stats import kstwo

from bench.drift import NEW, OLD, PEERS, evidently
from ml.columns import describe
from ml.monitoring.comparison import compare
from ml.monitoring.reading import watched_columns

pytestmark = pytest.mark.skipif(
    not PEERS.exists(), reason="Evidently is in an environment of its own: make bench-peers"
)


def test_distances_are_those_of_evidently(tmp_path: Path) -> None:
    """Of numbers of more than 20 values PSI and Jensen-Shannon differ: its bins are of one width.

    An empty bin counts as 0.0001 there and half a row here, so that no bin is empty here.
    """
    rng, conn = np.random.default_rng(0), duckdb.connect()
    for relation, shift, rows in ((OLD, 0.0, 3000), (NEW, 0.4, 2000)):
        table = pa.table(
            {
                "x_many": rng.normal(shift, 1 + shift, rows),
                "x_few": rng.binomial(6, 0.4 + shift / 4, rows).astype(float),
                "c": rng.choice(["a", "b", "c d", "'e'"], rows, p=[0.4, 0.3 - shift / 4, 0.2,
                                                                   0.1 + shift / 4]),
            }
        )  # fmt: skip
        pq.write_table(table, tmp_path / f"{relation.name}.parquet")
        conn.register("given", table)
        conn.execute(f"create table {relation.sql} as from given")
    ours = {
        each.column: each.drift
        for each in compare(conn, OLD.sql, NEW.sql, watched_columns(describe(conn, OLD)))
    }
    theirs = evidently("measures", tmp_path)["told"]
    for name in ("x_few", "c"):
        assert ours[name].psi == pytest.approx(theirs[name]["psi"], rel=1e-9), name
        assert ours[name].jensen_shannon == pytest.approx(theirs[name]["jensenshannon"], rel=1e-9)
    for name in ("x_few", "x_many"):
        norm = theirs[name]["wasserstein"]
        assert ours[name].wasserstein_norm == pytest.approx(norm, rel=1e-9), name
        # It tells the p-value of the distance, which follows from ours.
        p_value = kstwo.sf(ours[name].kolmogorov_smirnov, round(3000 * 2000 / 5000))
        assert p_value == pytest.approx(theirs[name]["ks"], rel=0.05, abs=1e-12), name
    assert ours["x_many"].psi != pytest.approx(theirs["x_many"]["psi"], rel=1e-3)
