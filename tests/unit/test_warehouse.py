import json
import os
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dataops import warehouse as module
from dataops.warehouse import FILE, Warehouse, count_rows
from ml.errors import PipelineError
from ml.relation import Relation

NOW = datetime(2025, 3, 1, 4, 0, 0, tzinfo=UTC)


def publish(warehouse: Warehouse, run: str, value: int, second: int = 0) -> str:
    candidate = warehouse.open(run)
    with warehouse.connect() as connection:
        connection.execute("create or replace table t as select ? as v", [value])
    return candidate.publish({"code_version": "abc"}, NOW.replace(second=second))


def read(warehouse: Warehouse) -> int:
    with warehouse.read() as connection:
        return connection.execute("from t").fetchall()[0][0]


def test_a_published_candidate_is_what_readers_open(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    release = publish(warehouse, "run-one", 1)
    assert read(warehouse) == 1
    assert warehouse.release == release
    record = json.loads((tmp_path / "releases" / release / "release.json").read_text())
    assert record["rows"] == {"main.t": 1}
    assert record["parent"] is None
    assert warehouse.current.stat().st_mode & 0o222 == 0


def test_a_discarded_candidate_leaves_readers_the_release_they_had(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    release = publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    with warehouse.connect() as connection:
        connection.execute("drop table t")
    candidate.discard()
    assert (warehouse.release, read(warehouse)) == (release, 1)
    assert not any((tmp_path / "candidates").iterdir())


def test_a_candidate_starts_from_the_current_release_and_names_it_as_parent(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first = publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    with warehouse.connect() as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
        connection.execute("update t set v = 2")
    second = candidate.publish({}, NOW.replace(second=9))
    assert (
        json.loads((tmp_path / "releases" / second / "release.json").read_text())["parent"] == first
    )
    assert read(warehouse) == 2


def test_a_reader_is_not_blocked_by_an_open_run_and_sees_none_of_it(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    with warehouse.connect() as connection:
        connection.execute("update t set v = 2")
        assert read(warehouse) == 1
    candidate.discard()


def test_a_second_run_is_told_who_holds_the_warehouse(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    candidate = warehouse.open("run-one")
    with pytest.raises(PipelineError, match=rf"in use by run run-one \(process {os.getpid()}\)"):
        warehouse.open("run-two")
    candidate.discard()
    warehouse.open("run-two").discard()


def test_what_a_killed_run_left_behind_is_cleared_by_the_next(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    candidate.lock.close()
    assert (tmp_path / "candidates" / "run-two" / FILE).exists()
    warehouse.open("run-three").discard()
    assert not any((tmp_path / "candidates").iterdir())
    assert read(warehouse) == 1


def test_without_an_open_run_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no run is open"):
        Warehouse(tmp_path).connect()


def test_reading_before_the_first_release_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="goldloop run"):
        Warehouse(tmp_path).read()


def test_old_releases_are_pruned_and_the_current_one_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT_RELEASES", 2)
    warehouse = Warehouse(tmp_path)
    for number in range(4):
        release = publish(warehouse, f"run-{number}", number, second=number)
    kept = sorted(path.name for path in (tmp_path / "releases").iterdir())
    assert len(kept) == 2
    assert kept[-1] == release == warehouse.release
    assert read(warehouse) == 3


def test_rows_are_counted_whatever_a_table_is_called(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / FILE)) as connection:
        connection.execute('create schema "a b"')
        connection.execute('create table "a b"."select ""x"" é" as from range(3)')
        assert count_rows(connection) == {Relation("a b", 'select "x" é'): 3}
