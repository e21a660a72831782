import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from dataops.doctor import Finding, examine
from dataops.warehouse import Limits, Warehouse
from dataops.warehouse.journal import note
from ml.errors import PipelineError

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    warehouse = Warehouse(tmp_path / "warehouse")
    for number in range(2):
        publish(warehouse, f"run-{number}", second=number)
    return warehouse


def publish(warehouse: Warehouse, run: str, second: int = 0) -> None:
    candidate = warehouse.open(run)
    with warehouse.connect() as connection:
        connection.execute("create or replace table t as select ? as v", [run])
    candidate.publish({}, NOW + timedelta(seconds=second))


def only(warehouse: Warehouse, deep: bool = False) -> Finding:
    [finding] = examine(warehouse, NOW + timedelta(seconds=9), deep)
    return finding


def test_nothing_is_found_in_a_whole_warehouse_nor_where_there_is_none(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    assert examine(warehouse, NOW, deep=True) == []
    assert examine(Warehouse(tmp_path / "nowhere"), NOW) == []


def test_nothing_is_found_after_a_publication_that_pruned(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path, Limits(releases=1))
    for number in range(4):
        publish(warehouse, f"run-{number}", second=number)
    assert len(warehouse.releases()) == 2
    assert examine(warehouse, NOW, deep=True) == []


def test_a_truncated_current_release_names_the_one_to_go_back_to(warehouse: Warehouse) -> None:
    current, before = warehouse.releases()
    current.file.chmod(0o644)
    os.truncate(current.file, 1000)
    finding = only(warehouse)
    assert finding.where == str(current.folder)
    assert "has 1,000 bytes, it was published with" in finding.problem
    assert finding.fix == f"goldloop rollback --to {before.id}, then: rm -r {current.folder}"


def test_a_damaged_release_that_is_not_current_is_only_to_be_removed(warehouse: Warehouse) -> None:
    [_, before] = warehouse.releases()
    before.file.unlink()
    finding = only(warehouse)
    assert finding.fix == f"rm -r {before.folder}"
    assert "is missing" in finding.problem


def test_the_only_release_when_damaged_is_to_be_moved_away(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path)
    publish(warehouse, "run-one")
    [release] = warehouse.releases()
    release.file.chmod(0o644)
    os.truncate(release.file, 1000)
    assert only(warehouse).fix == (
        f"move {release.folder} and {tmp_path / 'current'} away, then: goldloop run"
    )


def test_a_changed_byte_is_found_by_looking_deep(warehouse: Warehouse) -> None:
    file = warehouse.releases()[1].file
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    assert examine(warehouse, NOW) == []
    assert "it was published with" in only(warehouse, deep=True).problem


def test_a_release_without_its_record_is_named(warehouse: Warehouse) -> None:
    (warehouse.releases()[1].folder / "release.json").unlink()
    assert "has no readable release.json" in only(warehouse).problem


def test_a_manifest_that_is_no_json_is_named(warehouse: Warehouse) -> None:
    warehouse.releases()[1].manifest.write_text("{")
    assert "manifest.json is not JSON" in only(warehouse).problem


@pytest.mark.parametrize("target", [None, "releases/nowhere"])
def test_a_lost_link_names_the_release_it_could_point_at(
    warehouse: Warehouse, target: str | None
) -> None:
    newest, link = warehouse.releases()[0], warehouse.root / "current"
    link.unlink()
    if target:
        link.symlink_to(target)
    assert only(warehouse).fix == f"type: goldloop rollback --to {newest.id}"


def test_a_folder_in_place_of_the_link_is_named(warehouse: Warehouse) -> None:
    link = warehouse.root / "current"
    link.unlink()
    link.mkdir()
    assert "it is no symbolic link" in only(warehouse).problem


def test_what_a_killed_run_left_is_said_to_heal_and_heals(warehouse: Warehouse) -> None:
    warehouse.open("run-dead").lock.close()
    finding = only(warehouse)
    assert (finding.heals, "process died" in finding.problem) == (True, True)
    warehouse.open("run-next").discard()
    assert examine(warehouse, NOW) == []


def test_a_run_at_work_is_no_finding(warehouse: Warehouse) -> None:
    candidate = warehouse.open("run-alive")
    assert examine(warehouse, NOW) == []
    candidate.discard()


def test_a_run_at_work_whose_lock_file_was_deleted_is_not_taken_for_dead(
    warehouse: Warehouse,
) -> None:
    candidate = warehouse.open("run-alive")
    (warehouse.root / "lock").unlink()
    assert "its run is at work" in only(warehouse).problem
    with pytest.raises(PipelineError, match="run run-alive is at work, though its lock"):
        warehouse.open("run-next")
    candidate.discard()
    assert examine(warehouse, NOW) == []


def test_an_interrupted_change_is_said_to_heal_and_heals(warehouse: Warehouse) -> None:
    [event] = [e for e in warehouse.ledger.events() if e.release == warehouse.release]
    note(warehouse.root, event)
    assert only(warehouse).heals
    warehouse.open("run-next").discard()
    assert examine(warehouse, NOW) == []
    assert list(warehouse.ledger.events()).count(event) == 1


def test_a_note_of_a_change_that_cannot_be_read_is_named_and_stops_every_change(
    warehouse: Warehouse,
) -> None:
    path = warehouse.root / "journal.json"
    path.write_text('{"events": [')
    finding = only(warehouse)
    assert (finding.heals, str(path) in finding.fix) == (False, True)
    with pytest.raises(PipelineError, match="journal.json is damaged"):
        warehouse.rollback()


def test_a_clock_behind_the_newest_release_is_named(warehouse: Warehouse) -> None:
    [finding] = examine(warehouse, NOW - timedelta(hours=1))
    assert finding.where == "clock"
    assert "set the clock" in finding.fix


def test_a_refused_candidate_that_cannot_be_opened_is_named(warehouse: Warehouse) -> None:
    candidate = warehouse.open("run-bad")
    candidate.file.write_bytes(b"no database" * 1000)
    kept = candidate.quarantine(["damaged"], NOW)
    assert only(warehouse).fix == f"rm -r {kept.folder}"


def test_a_refused_candidate_without_its_record_is_named(warehouse: Warehouse) -> None:
    kept = warehouse.open("run-bad").quarantine(["why"], NOW)
    (kept.folder / "quarantine.json").write_text("{")
    assert "no readable quarantine.json" in only(warehouse).problem
    assert warehouse.quarantined() == []


def test_a_torn_ledger_line_is_named_with_its_number(warehouse: Warehouse) -> None:
    [file] = warehouse.ledger.files
    with file.open("ab") as handle:
        handle.write(b'{"v":1,"ki')
    assert "line 3 is torn" in only(warehouse).problem


def test_a_full_disk_is_named(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dataops.doctor.SPARE_BYTES", 10**18)
    assert "bytes are free, a run needs" in only(warehouse).problem
