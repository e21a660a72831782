"""A run's candidate: published whole and read, discarded, kept in quarantine, pruned when old."""

import dataclasses
import json
import os
from datetime import timedelta
from pathlib import Path

import duckdb
import pytest
from blake3 import blake3

from dataops.warehouse import FILE, Limits, Warehouse, count_rows
from ml.errors import PipelineError
from ml.relation import Relation
from tests.unit.warehouse.published import NOW, outcomes, publish, read, write


def test_a_published_candidate_is_what_readers_open(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    release = publish(warehouse, "run-one", 1)
    assert read(warehouse) == 1
    assert warehouse.release == release.id
    record = json.loads((release.folder / "release.json").read_text())
    assert record["rows"] == {"main.t": 1}
    assert record["parent"] is None
    assert record["number"] == 1
    assert record["blake3"] == blake3(release.file.read_bytes()).hexdigest()
    assert warehouse.current.stat().st_mode & 0o222 == 0
    assert warehouse.releases() == [release]
    assert outcomes(warehouse) == [("published", release.id)]


def test_a_discarded_candidate_leaves_readers_the_release_they_had(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    release = publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    with warehouse.connect() as connection:
        connection.execute("drop table t")
    candidate.discard()
    assert (warehouse.release, read(warehouse)) == (release.id, 1)
    assert not any((tmp_path / "candidates").iterdir())


def test_a_candidate_starts_from_the_current_release_and_names_it_as_parent(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    first = publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    with warehouse.connect() as connection:
        assert connection.execute("from t").fetchall() == [(1,)]
        connection.execute("update t set v = 2")
    second = candidate.publish({}, NOW + timedelta(seconds=9))
    assert (second.parent, second.number) == (first.id, 2)
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
    assert "run run-one" in str(warehouse.holder)
    with pytest.raises(
        PipelineError, match=rf"in use by run run-one \(process {os.getpid()}, since"
    ):
        warehouse.open("run-two")
    candidate.discard()
    assert warehouse.holder is None
    warehouse.open("run-two").discard()


def test_a_second_run_waits_for_the_first_and_starts_from_what_it_published(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    candidate = warehouse.open("run-one")
    write(warehouse, 1)
    heard: list[str] = []

    def waiting(text: str) -> None:
        heard.append(text)
        if len(heard) == 1:
            candidate.publish({}, NOW)

    second = warehouse.open("run-two", wait=60, waiting=waiting)
    assert "waiting: " in heard[0]
    assert second.parent == warehouse.current_release()
    second.discard()


def test_what_a_killed_run_left_behind_is_cleared_and_told_by_the_next(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    candidate.lock.close()
    assert (tmp_path / "candidates" / "run-two" / FILE).exists()
    warehouse.open("run-three").discard()
    assert not any((tmp_path / "candidates").iterdir())
    assert read(warehouse) == 1
    assert [e.outcome for e in warehouse.ledger.events(run="run-two")] == ["died"]


def test_without_an_open_run_nothing_can_be_written(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="no run is open"):
        Warehouse(tmp_path).connect()


def test_reading_before_the_first_release_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="goldloop run"):
        Warehouse(tmp_path).read()


def test_a_refused_candidate_is_kept_with_the_reasons_and_readers_keep_theirs(
    tmp_path: Path,
) -> None:
    warehouse = Warehouse(tmp_path)
    release = publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    write(warehouse, 2)
    kept = candidate.quarantine(["check failed"], NOW)
    assert (read(warehouse), warehouse.release) == (1, release.id)
    assert warehouse.quarantined() == [kept]
    assert (kept.reasons, kept.parent) == (("check failed",), release.id)
    with duckdb.connect(str(kept.file), read_only=True) as connection:
        assert connection.execute("from t").fetchall() == [(2,)]


def test_quarantine_is_bounded_in_number_and_bytes(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, Limits(quarantined=2))
    for number in range(4):
        candidate = warehouse.open(f"run-{number}")
        write(warehouse, number)
        candidate.quarantine([str(number)], NOW + timedelta(seconds=number))
    assert [each.reasons for each in warehouse.quarantined()] == [("3",), ("2",)]
    small = Warehouse(tmp_path, Limits(quarantined_bytes=1000))
    candidate = small.open("run-large")
    write(small, 5)
    candidate.quarantine(["too large"], NOW + timedelta(seconds=9))
    [kept] = small.quarantined()
    assert kept.reasons == ("too large",)
    assert not kept.file.exists()
    assert kept.bytes > 1000


def test_a_run_does_not_start_from_a_truncated_release(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    release = publish(warehouse, "run-one", 1)
    release.file.chmod(0o644)
    with release.file.open("r+b") as handle:
        handle.truncate(100)
    with pytest.raises(PipelineError, match="damaged"):
        warehouse.open("run-two")
    assert warehouse.holder is None


def test_a_clock_that_runs_behind_is_refused_and_number_orders_releases(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    candidate = warehouse.open("run-one")
    write(warehouse, 1)
    release = candidate.publish({}, NOW + timedelta(hours=2))
    with pytest.raises(PipelineError, match="the clock says"):
        warehouse.open("run-two")
    later = Warehouse(tmp_path)
    record = dataclasses.replace(release, published_at=(NOW + timedelta(minutes=2)).isoformat())
    record.write()
    second = publish(later, "run-two", 2)
    assert second.id < release.id
    assert [each.id for each in later.releases()] == [second.id, release.id]


def test_a_corrupted_candidate_is_not_published(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    publish(warehouse, "run-one", 1)
    candidate = warehouse.open("run-two")
    candidate.file.chmod(0o644)
    candidate.file.write_bytes(b"no database" * 5000)
    with pytest.raises(PipelineError, match="candidate of run run-two cannot be closed"):
        candidate.publish({}, NOW)
    candidate.quarantine(["damaged"], NOW)
    assert read(warehouse) == 1


def test_old_releases_are_pruned_but_for_the_current_the_kept_and_those_in_use(
    tmp_path: Path,
) -> None:
    warehouse = Warehouse(tmp_path, Limits(releases=2))
    first = publish(warehouse, "run-1", 1)
    warehouse.keep(first.id, "quarter end")
    second = publish(warehouse, "run-2", 2, second=2)
    (tmp_path / "sandboxes" / "mine").mkdir(parents=True)
    (tmp_path / "sandboxes" / "mine" / "sandbox.json").write_text(
        json.dumps({"release": second.id})
    )
    third, fourth, fifth = (publish(warehouse, f"run-{n}", n, second=n) for n in (3, 4, 5))
    kept = [release.id for release in warehouse.releases()]
    assert kept == [fifth.id, fourth.id, second.id, first.id]
    assert ("pruned", third.id) in outcomes(warehouse)
    assert warehouse.find(first.id).kept == "quarter end"
    warehouse.unkeep(first.id)
    warehouse.rollback(to=second.id)
    assert [release.id for release in warehouse.prune(last=1)] == [fourth.id, first.id]
    assert [release.id for release in warehouse.releases()] == [fifth.id, second.id]
    assert read(warehouse) == 2


def test_rows_are_counted_whatever_a_table_is_called(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / FILE)) as connection:
        connection.execute('create schema "a b"')
        connection.execute('create table "a b"."select ""x"" é" as from range(3)')
        assert count_rows(connection) == {Relation("a b", 'select "x" é'): 3}
