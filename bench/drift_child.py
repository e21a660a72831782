"""The peak memory of comparing the tables old and new of a warehouse, in MB: ``<path>``."""

import resource
import sys

import duckdb

from bench.drift import NEW, OLD
from ml.columns import describe
from ml.monitoring.comparison import compare
from ml.monitoring.reading import watched_columns

if __name__ == "__main__":
    # What DuckDB keeps of the table in its cache is bounded by its own limit.
    limits = {"threads": 2, "memory_limit": "300MB"}
    with duckdb.connect(sys.argv[1], read_only=True, config=limits) as conn:
        compare(conn, OLD.sql, NEW.sql, watched_columns(describe(conn, OLD)))
    sys.stdout.write(f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\n")
