"""The cases by name, with how often each is tried when there is time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.soak.damage import damaged, full_disk, read_only
from tests.soak.kill_runs import kill_runs
from tests.soak.kills import kill_moments, kill_steps
from tests.soak.machine import machine
from tests.soak.readers import readers, rivals
from tests.soak.result import Result


@dataclass(frozen=True)
class Case:
    """A function of a folder and a number of tries, and the number of the long version."""

    run: Callable[[Path, int], Result]
    tries: int


CASES = {
    "kill_steps": Case(kill_steps, 400),
    "kill_moments": Case(kill_moments, 200),
    "kill_runs": Case(kill_runs, 20),
    "readers": Case(readers, 1_000),
    "rivals": Case(rivals, 300),
    "full_disk": Case(full_disk, 30),
    "read_only": Case(read_only, 8),
    "damaged": Case(damaged, 22),
    "machine": Case(machine, 200),
}
