import json

import pytest

from simulator.folder import Folder
from simulator.settings import Settings
from simulator.world import simulate

SMALL = Settings(days=2, customers=40)


def _names(root) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_folder_of_another_origin_is_refused_and_left_alone(tmp_path):
    (tmp_path / "precious.csv").write_text("kept")
    with pytest.raises(FileExistsError, match=r"holds 'precious.csv' and was not written by"):
        simulate(SMALL, tmp_path)
    assert _names(tmp_path) == {"precious.csv"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "landing").write_text("a file")
    with pytest.raises(NotADirectoryError, match="is a file"):
        simulate(SMALL, tmp_path / "landing")


def test_a_second_simulation_replaces_the_first_and_spares_what_others_added(tmp_path):
    simulate(Settings(days=4, customers=40), tmp_path)
    (tmp_path / "weather").mkdir()
    (tmp_path / "weather/rain.csv").write_text("wet")
    simulate(SMALL, tmp_path)
    names = _names(tmp_path)
    assert "weather/rain.csv" in names
    assert "shop/orders/orders_2025-01-02.csv" in names
    assert not any("2025-01-03" in name for name in names)


def test_a_killed_simulation_shows_no_files_and_can_be_run_again(tmp_path):
    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(SMALL, tmp_path, progress=stop)
    assert not list(tmp_path.glob("*/*/*.*"))
    assert json.loads((tmp_path / ".simulated").read_text())["state"] == "writing"
    simulate(SMALL, tmp_path)
    assert json.loads((tmp_path / ".simulated").read_text())["state"] == "complete"
    assert not (tmp_path / ".writing").exists()
    assert (tmp_path / "shop/orders/orders_2025-01-02.csv").exists()


def test_an_earlier_landing_stays_whole_until_the_new_one_is(tmp_path):
    simulate(SMALL, tmp_path)
    before = _names(tmp_path)

    def look(done: int, total: int) -> None:
        visible = {name for name in _names(tmp_path) if not name.startswith(".writing/")}
        assert visible == before

    simulate(SMALL, tmp_path, progress=look)


def test_progress_is_told_day_by_day(tmp_path):
    told = []
    simulate(SMALL, tmp_path, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]


def test_the_marker_and_the_record_of_dirt_match_no_landing_path(tmp_path):
    folder = Folder(tmp_path, SMALL)
    assert folder.staging.parent == tmp_path
    simulate(SMALL, tmp_path)
    at_root = {path.name for path in tmp_path.iterdir() if path.is_file()}
    assert at_root == {".simulated", ".dirt.jsonl"}
