"""Processes killed while they change a warehouse, at every step and at any moment."""

import contextlib
import itertools
import random
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from dataops.doctor import examine
from dataops.warehouse import Warehouse
from ml.errors import GoldloopError
from tests.soak import inspection, victim
from tests.soak.result import Result

# A publication has the most to lose.
TURNS = ["publish", "publish", "rollback", "prune", *victim.ACTIONS]


class Killing:
    """One warehouse that goes through many kills, and what is known to have happened to it."""

    def __init__(self, root: Path) -> None:
        self.warehouse = Warehouse(root, victim.LIMITS)
        self.published: list[str] = []
        self.pointed: list[str] = []
        self.died: set[str] = set()
        self._runs = 0
        for _ in range(3):
            self.run()

    def run(self) -> None:
        """Run to the end, as the next run after a kill must."""
        self._runs += 1
        before = self._folders()
        victim.publish(self.warehouse, f"{self._runs:08d}-whole")()
        self.published += self._folders() - before

    def steps(self, action: str) -> int:
        """Do ``action`` to its end and return how many steps it took."""
        process, told = victim.start(self.warehouse.root, action, self._name(), None)
        before = self.warehouse.release
        told.recv()
        count = int(told.recv())
        process.join()
        if faults := self._after(action, before):
            raise AssertionError(faults)
        return count

    def time(self, action: str) -> float:
        """Return the seconds from the start of a process that does ``action`` to its end."""
        began, before = time.monotonic(), self.warehouse.release
        process, _ = victim.start(self.warehouse.root, action, self._name(), None)
        process.join()
        seconds = time.monotonic() - began
        self._note(action, before)
        return seconds

    def kill_at(self, action: str, step: int) -> list[str] | None:
        """Have ``action`` killed at its ``step``; return what is wrong after, None if it ended."""
        before = self.warehouse.release
        process, _ = victim.start(self.warehouse.root, action, self._name(), step)
        process.join()
        found = self._after(action, before)
        return found if found or process.exitcode == -signal.SIGKILL else None

    def kill_after(self, action: str, seconds: float) -> list[str] | None:
        """Kill a process after ``seconds``; return what is wrong after, None if it had ended."""
        before = self.warehouse.release
        process, told = victim.start(self.warehouse.root, action, self._name(), None)
        time.sleep(seconds)
        process.kill()
        process.join()
        found = self._after(action, before, is_prepared=told.poll() and _hears(told))
        return found if found or process.exitcode == -signal.SIGKILL else None

    def _after(self, action: str, before: str | None, is_prepared: bool = True) -> list[str]:
        self._note(action, before, is_prepared)
        self.died |= {path.name for path in (self.warehouse.root / "candidates").glob("*")}
        found = inspection.faults_of_current(self.warehouse)
        now = self.warehouse.releases()[0].time
        found += [f"doctor: {each}" for each in examine(self.warehouse, now) if not each.heals]
        try:
            self.run()
        except GoldloopError as error:
            return [*found, f"the next run failed: {error}"]
        return [
            *found,
            *inspection.faults_of_current(self.warehouse),
            *inspection.faults_at_rest(self.warehouse),
            *inspection.faults_of_ledger(self.warehouse, self.published, self.pointed),
            *inspection.faults_of_deaths(self.warehouse.root, self.died),
        ]

    def _note(self, action: str, before: str | None, is_prepared: bool = True) -> None:
        """Note what ``current`` shows to have happened."""
        now = self.warehouse.release
        if now and now != before:
            (self.pointed if action == "rollback" else self.published).append(now)
        if action == "open_after_death" and is_prepared:
            run = f"{self._runs:08d}-killed-dead"
            if not (self.warehouse.root / "candidates" / run).exists():
                self.died.add(run)

    def _name(self) -> str:
        self._runs += 1
        return f"{self._runs:08d}-killed"

    def _folders(self) -> set[str]:
        return {release.id for release in self.warehouse.releases()}


def _hears(told: Connection) -> bool:
    """Say whether anything was told before the other end was closed."""
    with contextlib.suppress(EOFError):
        return bool(told.recv())
    return False


def kill_steps(folder: Path, tries: int) -> Result:
    """Kill at each step of a publication, a rollback, a removal …, in an order drawn by lot."""
    result, killing = Result("kill_steps"), Killing(folder / "steps")
    draw, steps = random.Random(3), dict[str, list[int]]()
    turns = itertools.cycle(TURNS)
    while result.tried < tries:
        action = next(turns)
        if not steps.get(action):
            steps[action] = list(range(1, killing.steps(action) + 1))
            draw.shuffle(steps[action])
        step = steps[action].pop()
        if (found := killing.kill_at(action, step)) is not None:
            result.add(f"{action} at step {step}", found)
    return result


def kill_moments(folder: Path, tries: int) -> Result:
    """Kill at any moment from the first step of a run to its publication."""
    result, killing = Result("kill_moments"), Killing(folder / "moments")
    draw = random.Random(5)
    longest = min(killing.time("publish") for _ in range(3))
    while result.tried < tries:
        action = draw.choice(["publish", "publish", "quarantine", "open_after_death"])
        seconds = draw.uniform(0, longest)
        if (found := killing.kill_after(action, seconds)) is not None:
            result.add(f"{action} after {seconds:.3f} s", found)
    return result
