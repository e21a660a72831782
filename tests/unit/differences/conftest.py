"""Two small warehouses, written by SQL and compared by the real thing."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dataops.differences import Difference, compare
from tests.unit.differences.told import Compared, T

# Variants are not stored in files that older versions of DuckDB read.
NEWEST = {"storage_compatibility_version": "latest"}


@pytest.fixture
def compared(tmp_path: Path) -> Compared:
    """Compare what two SQL scripts make: ``compared(old, new, key=("id",))``; gold.t is theirs."""

    def call(old: str, new: str, *, key: Sequence[str] = (), **options: Any) -> Difference:
        paths = [tmp_path / "old" / "warehouse.duckdb", tmp_path / "new" / "warehouse.duckdb"]
        for path, script in zip(paths, (old, new), strict=True):
            path.parent.mkdir(exist_ok=True)
            path.unlink(missing_ok=True)
            with duckdb.connect(str(path), config=NEWEST) as connection:
                connection.execute(f"create schema gold; {script}")
        keys = {T: tuple(key)} if key else {}
        return compare(*paths, **{"keys": keys, **options})

    return call
