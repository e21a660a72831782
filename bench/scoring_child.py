"""A process that scores once: ``first <warehouse>`` or ``memory <warehouse>``.

Prints the seconds to the first score, or the peak memory in MB, as JSON.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from bench.scoring_data import declared, relations
from ml.score import score
from ml.versions import registry
from ml.versions.provenance import Provenance

_KB = 1024


def main() -> None:
    """Do what the command line asks."""
    what, path = sys.argv[1:]
    # So little that what DuckDB keeps of tables is full early, and what grows with rows shows.
    with duckdb.connect(path, config={"threads": 2, "memory_limit": "64MB"}) as conn:
        found = _first(conn) if what == "first" else _memory(conn)
    sys.stdout.write(json.dumps(found) + "\n")


def _first(conn: duckdb.DuckDBPyConnection) -> dict[str, float]:
    version = registry.champion(conn, "bench_boosted_trees")
    if version is None:
        raise RuntimeError("no champion")
    model = registry.load(conn, version)
    named = ", ".join(feature.column.feature_sql for feature in model.encoder.features)
    rows = conn.execute(f"select {named} from gold.ftr limit 1").to_arrow_table()
    batch = rows.combine_chunks().to_batches()[0]
    start = time.perf_counter()
    # Imported here because this is what a process pays for its first score.
    from ml.compiled import Values, compiled

    made = compiled(model)
    if made is None:
        raise RuntimeError("the model is not compiled")
    made.tell([Values.of_arrow(column) for column in model.encoder.columns(batch)])
    return {"seconds": time.perf_counter() - start}


def _memory(conn: duckdb.DuckDBPyConnection) -> dict[str, float]:
    spec = declared("boosted_trees")
    score(conn, spec, relations(), Provenance("bench", None, None), now=datetime.now(UTC))
    # Not getrusage: what that tells begins with the peak of the process that started this one.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    [peak] = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")]
    return {"peak": int(peak) / _KB}


if __name__ == "__main__":
    main()
