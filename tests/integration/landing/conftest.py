import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from tests.integration.landing.loading import Loading

DATA = Path(os.environ.get("GOLDLOOP_DATA", Path(__file__).parents[3].parent / "shared" / "data"))


@pytest.fixture
def conn(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(tmp_path / "warehouse.duckdb") as connection:
        yield connection


@pytest.fixture
def loading(tmp_path: Path, conn: duckdb.DuckDBPyConnection) -> Loading:
    root = tmp_path / "landing"
    root.mkdir()
    return Loading(root, conn)


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real data, where there is one."""
    if not DATA.is_dir():
        pytest.skip(f"no real data: {DATA} does not exist (set GOLDLOOP_DATA)")
    return DATA
