"""Whole runs of a project, killed with their dbt at random moments."""

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from dataops.disk import checksum
from dataops.doctor import examine
from dataops.warehouse import Warehouse, count_rows
from ml.errors import GoldloopError
from tests.soak.result import Result
from tests.stranger import write_day, write_stranger

VISITS = 20
TABLES = ("landing.web__visits", "main_gold.visit_training", "main_gold.visit_features")
# Predictions of earlier versions stay.
SCORED = "select count(distinct visit_id) from predictions.purchase"
# How long a process may live on after the one that started it.
GRACE_SECONDS = 3.0


class Runs:
    """A project whose runs are killed; each day that lands makes its releases differ."""

    def __init__(self, folder: Path) -> None:
        self.project = write_stranger(folder / "a project")
        self.warehouse = Warehouse(self.project / "warehouse")
        self.days = 30

    def run(self) -> None:
        """Run to the end; raise AssertionError with what it said when it fails."""
        done = self._start(subprocess.PIPE)
        said, _ = done.communicate()
        if done.returncode:
            raise AssertionError(f"the next run failed: {said}")

    def land(self) -> None:
        write_day(self.project, date(2025, 1, 1) + timedelta(days=self.days), VISITS)
        self.days += 1

    def kill(self, seconds: float, in_publishing: bool) -> list[str] | None:
        """Kill a run after ``seconds``, counted from its publication if so; return the faults.

        None when it had ended before.
        """
        self.land()
        process = self._start(subprocess.DEVNULL)
        if in_publishing:
            self._await_publishing(process)
        time.sleep(seconds)
        process.kill()
        killed = process.wait() == -signal.SIGKILL
        found = self._faults(None)
        if orphans := self._orphans():
            found.append(f"processes that live on: {orphans}")
        try:
            self.run()
        except AssertionError as error:
            return [*found, str(error)]
        found += [*self._faults(self.days * VISITS), *self._left()]
        return found if found or killed else None

    def _start(self, output: int) -> "subprocess.Popen[str]":
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("GOLDLOOP", "DAGSTER"))}
        command = [str(Path(sys.executable).with_name("goldloop")), "--project-dir"]
        return subprocess.Popen(
            [*command, str(self.project), "run"],
            env=clean, stdout=output, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    def _await_publishing(self, process: "subprocess.Popen[str]") -> None:
        """Wait for the first file that is written beside the candidate to be published with it."""
        home = self.warehouse.root / "candidates"
        while process.poll() is None and not list(home.glob("*/manifest.json")):
            time.sleep(0.005)

    def _faults(self, visits: int | None) -> list[str]:
        """Say what is wrong with what readers see; all its tables stem from the same visits."""
        try:
            release = self.warehouse.current_release()
            if release is None:
                return []
            with self.warehouse.read() as connection:
                rows = {str(each): count for each, count in count_rows(connection).items()}
                scored = connection.execute(SCORED).fetchall()
        except (GoldloopError, duckdb.Error) as error:
            return [f"current cannot be read: {error}"]
        found = {*scored, *((rows.get(name),) for name in TABLES)}
        problems = []
        if len(found) > 1 or (visits and found != {(visits,)}):
            problems.append(
                f"the release is no whole run: {rows}, {scored}; landed are {visits} visits"
            )
        if rows != dict(release.rows) or checksum(release.file) != release.blake3:
            problems.append("release.json does not agree with its file")
        return problems

    def _left(self) -> list[str]:
        root = self.warehouse.root
        left = [*(root / "candidates").glob("*"), *(root / "alive").glob("*")]
        found = [f"{path} is left over" for path in left]
        found += [
            f"doctor: {each}"
            for each in examine(self.warehouse, datetime.now(UTC), deep=True)
            if "torn" not in each.problem
        ]
        told = [e.release for e in self.warehouse.ledger.events(kind="release")
                if e.outcome == "published"]  # fmt: skip
        there = [release.id for release in self.warehouse.releases()]
        if len(told) != len(set(told)) or not set(there) <= set(told):
            found.append(f"the ledger tells of {told}, there are {there}")
        return found

    def _orphans(self) -> list[str]:
        """Return the commands that still work on the project after the time they are given."""
        end = time.monotonic() + GRACE_SECONDS
        while (found := _commands_on(self.project)) and time.monotonic() < end:
            time.sleep(0.05)
        return found


def kill_runs(folder: Path, tries: int) -> Result:
    """Kill a whole run at any moment, every other one while it is published."""
    result, runs, draw = Result("kill_runs"), Runs(folder), random.Random(7)
    runs.run()
    began = time.monotonic()
    runs.run()
    longest = time.monotonic() - began
    while result.tried < tries:
        in_publishing = bool(result.tried % 2)
        seconds = draw.uniform(0, 0.5) if in_publishing else draw.uniform(0, longest)
        where = "into its publication" if in_publishing else "after its start"
        if (found := runs.kill(seconds, in_publishing)) is not None:
            result.add(f"run killed {seconds:.3f} s {where}", found)
    return result


def _commands_on(folder: Path) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended
        if str(folder) in command:
            found.append(command)
    return found
