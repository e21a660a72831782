import hashlib
import os
import subprocess
import sys
from pathlib import Path

from simulator.settings import Settings
from simulator.world import simulate

ROOT = Path(__file__).parents[3]


def _prints(root: Path) -> dict[str, tuple[str, int]]:
    return {
        path.relative_to(root).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            int(path.stat().st_mtime) if not path.name.startswith(".") else 0,
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _simulate_elsewhere(out: Path, **environment: str) -> dict[str, tuple[str, int]]:
    command = [sys.executable, "-m", "simulator", "--out", str(out), "--days", "12"]
    subprocess.run(
        [*command, "--customers", "300", "--dirt", "0.05"],
        check=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
    )
    return _prints(out)


def test_the_same_seed_gives_the_same_bytes_and_file_times_whatever_the_environment(tmp_path):
    one = _simulate_elsewhere(
        tmp_path / "one", PYTHONHASHSEED="1", TZ="Pacific/Auckland", LC_ALL="C"
    )
    other = _simulate_elsewhere(
        tmp_path / "other", PYTHONHASHSEED="2", TZ="America/Lima", LC_ALL="tr_TR.UTF-8"
    )
    assert one == other
    suffixes = {Path(name).suffix for name in one}
    assert suffixes >= {".csv", ".json", ".jsonl", ".parquet", ".png"}


def test_another_seed_gives_another_world(tmp_path):
    for seed in (1, 2):
        simulate(Settings(days=2, customers=50, seed=seed), tmp_path / str(seed))
    one, other = _prints(tmp_path / "1"), _prints(tmp_path / "2")
    name = "shop/orders/orders_2025-01-01.csv"
    assert one[name] != other[name]


def test_dirt_changes_the_files_but_not_the_world_behind_them(clean, dirty):
    """Every clean record is met again, but for those broken on the way."""
    for table, column in (("shop/orders", 0), ("plans/subscriptions", 0)):
        true = _ids(clean.files(table), column)
        met = _ids(dirty.files(table), column)
        assert len(true & met) >= 0.98 * len(true)


def _ids(files: list[Path], column: int) -> set[str]:
    return {
        field.strip()
        for path in files
        for line in path.read_text(encoding="utf-8").splitlines()[1:]
        for field in line.split(",")
        if field[:1] in "OS" and field[-1:].isdigit()
    }
