"""Any order of what one can do to a warehouse, predicted by a model in plain Python."""

import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dataops.doctor import examine
from dataops.warehouse import Candidate, Limits, Warehouse
from ml.errors import PipelineError, UsageError
from tests.soak.result import Result

LIMITS = Limits(releases=2, quarantined=2)
STEPS = 30


@dataclass(frozen=True)
class Expected:
    """A release as the model has it."""

    id: str
    number: int
    parent: str | None
    value: int | None
    kept: bool = False


class Model:
    """What the warehouse should hold, without a file."""

    def __init__(self) -> None:
        self.releases: dict[str, Expected] = {}
        self.current: str | None = None
        self.refused: list[str] = []
        self.told: list[tuple[str, str | None]] = []

    def publish(self, id_: str, parent: str | None, value: int | None) -> None:
        number = 1 + max((each.number for each in self.releases.values()), default=0)
        self.releases[id_] = Expected(id_, number, parent, value)
        self.current = id_
        self.told.append(("published", id_))
        self.prune(LIMITS.releases, stay={id_, parent})

    def prune(self, last: int, stay: set[str | None]) -> list[str]:
        newest = sorted(self.releases.values(), key=lambda each: -each.number)
        gone = [each.id for each in newest[last:] if not each.kept and each.id not in stay]
        for id_ in gone:
            del self.releases[id_]
            self.told.append(("pruned", id_))
        return gone

    def before(self) -> str | None:
        """Return what a rollback without a name goes to."""
        if self.current is None:
            return None
        current = self.releases[self.current]
        if current.parent in self.releases:
            return current.parent
        older = [each for each in self.releases.values() if each.number < current.number]
        return max(older, key=lambda each: each.number).id if older else None


class WarehouseMachine(RuleBasedStateMachine):
    """Runs, ends them well or badly, takes back, keeps, prunes, is killed and starts anew."""

    candidate: Candidate | None = None
    value: int | None = None
    runs = 0
    died = 0

    @initialize()
    def start(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.warehouse = Warehouse(Path(self.folder.name) / "warehouse", LIMITS)
        self.model = Model()
        self.left = False

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.folder.cleanup()

    @rule()
    @precondition(lambda self: self.candidate is None)
    def open(self) -> None:
        self.runs += 1
        self.candidate = self.warehouse.open(f"{self.runs:08d}")
        current = self.model.current
        assert (self.candidate.parent.id if self.candidate.parent else None) == current
        self.value = self.model.releases[current].value if current else None
        self.died += self.left
        self.left = False
        if self.value is not None:
            assert _value(self.candidate.file) == self.value

    @rule()
    @precondition(lambda self: self.candidate is not None)
    def open_again(self) -> None:
        with pytest.raises(PipelineError, match="is in use by run"):
            self.warehouse.open("another")

    @rule(value=st.integers(0, 1000))
    @precondition(lambda self: self.candidate is not None)
    def write(self, value: int) -> None:
        with self.warehouse.connect() as connection:
            connection.execute("create or replace table t as select ? as v", [value])
        self.value = value

    @rule()
    @precondition(lambda self: self.candidate is not None)
    def publish(self) -> None:
        candidate, self.candidate = self.candidate, None
        assert candidate is not None
        parent = candidate.parent.id if candidate.parent else None
        if self.model.current != parent:
            with pytest.raises(PipelineError, match="would undo what happened since"):
                candidate.publish({}, datetime.now(UTC))
            candidate.discard()
            return
        release = candidate.publish({}, datetime.now(UTC))
        self.model.publish(release.id, parent, self.value)

    @rule()
    @precondition(lambda self: self.candidate is not None)
    def fail_the_audit(self) -> None:
        candidate, self.candidate = self.candidate, None
        assert candidate is not None
        kept = candidate.quarantine(["it failed"], datetime.now(UTC))
        self.model.refused = [kept.id, *self.model.refused][: LIMITS.quarantined]

    @rule()
    @precondition(lambda self: self.candidate is not None)
    def discard(self) -> None:
        candidate, self.candidate = self.candidate, None
        assert candidate is not None
        candidate.discard()

    @rule()
    @precondition(lambda self: self.candidate is not None)
    def kill(self) -> None:
        """Let go of the locks as a dying process does; the candidate stays."""
        candidate, self.candidate = self.candidate, None
        assert candidate is not None
        candidate.lock.close()
        self.left = True

    @rule()
    def restart(self) -> None:
        self.warehouse = Warehouse(self.warehouse.root, LIMITS)

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        there = sorted(self.model.releases)
        to = data.draw(st.sampled_from([None, *there]))
        target = to or self.model.before()
        if target is None or target == self.model.current:
            with pytest.raises(UsageError):
                self.warehouse.rollback(to)
            return
        assert self.warehouse.rollback(to).id == target
        self.model.current = target
        self.model.told.append(("rolled_back", target))

    @rule(data=st.data())
    @precondition(lambda self: self.model.releases)
    def keep(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.model.releases)))
        self.warehouse.keep(id_, "why")
        self.model.releases[id_] = replace(self.model.releases[id_], kept=True)
        self.model.told.append(("kept", id_))

    @rule(data=st.data())
    @precondition(lambda self: self.model.releases)
    def unkeep(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.model.releases)))
        if not self.model.releases[id_].kept:
            with pytest.raises(UsageError, match="is not kept"):
                self.warehouse.unkeep(id_)
            return
        self.warehouse.unkeep(id_)
        self.model.releases[id_] = replace(self.model.releases[id_], kept=False)
        self.model.told.append(("unkept", id_))

    @rule(last=st.integers(1, 3))
    def prune(self, last: int) -> None:
        gone = self.model.prune(last, stay={self.model.current})
        assert [release.id for release in self.warehouse.prune(last)] == gone

    @invariant()
    def readers_see_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        assert self.warehouse.release == self.model.current
        if self.model.current:
            value = self.model.releases[self.model.current].value
            assert value is None or _value(self.warehouse.current) == value

    @invariant()
    def the_folder_holds_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        expected = sorted(self.model.releases.values(), key=lambda each: -each.number)
        found = self.warehouse.releases()
        assert [(each.id, each.number, each.parent, each.kept is not None) for each in found] == [
            (each.id, each.number, each.parent, each.kept) for each in expected
        ]
        assert sorted(k.id for k in self.warehouse.quarantined()) == sorted(self.model.refused)

    @invariant()
    def the_ledger_tells_what_the_model_says(self) -> None:
        if not hasattr(self, "model"):
            return
        events = self.warehouse.ledger.events(kind="release")
        assert [(each.outcome, each.release) for each in events] == self.model.told
        deaths = [e for e in self.warehouse.ledger.events(kind="run") if e.outcome == "died"]
        assert len(deaths) == self.died

    @invariant()
    def the_doctor_finds_only_what_the_next_run_heals(self) -> None:
        if not hasattr(self, "model"):
            return
        found = examine(self.warehouse, datetime.now(UTC))
        assert all(each.heals for each in found), found
        assert len(found) == self.left, found


def machine(folder: Path, tries: int) -> Result:
    """Play ``tries`` games of up to ``STEPS`` moves; Hypothesis tells the shortest that fails."""
    result = Result("machine")

    class Counted(WarehouseMachine):
        def teardown(self) -> None:
            super().teardown()
            result.tried += 1

    given = settings(
        max_examples=tries,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        derandomize=tries < 100,
        suppress_health_check=list(HealthCheck),
    )
    try:
        run_state_machine_as_test(Counted, settings=given)
    except Exception as error:  # noqa: BLE001 -- whatever it is, it has been found
        result.found.append(f"{error}\n" + "\n".join(getattr(error, "__notes__", [])))
    result.survived = result.tried - len(result.found)
    return result


def _value(file: Path) -> int:
    with duckdb.connect(str(file), read_only=True) as connection:
        row = connection.execute("from t").fetchone()
    return int(row[0]) if row else -1
