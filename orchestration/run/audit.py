"""What was planned and what happened: whether a run may be published."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import dagster as dg
from dagster import DagsterEvent, DagsterEventType

from orchestration.run.failures import error_of
from orchestration.run.passing import table_of


@dataclass(frozen=True)
class Audit:
    """A run as its events tell it.

    ``reasons`` say why it may not be published; ``built`` has the tables made (``schema.name``);
    ``planned`` those that were to be; ``unchecked`` the checks (table, name) that did not run;
    ``checks`` counts how many passed, warned and failed.
    """

    reasons: list[str]
    built: set[str]
    planned: set[str]
    unchecked: set[tuple[str, str]]
    checks: dict[str, int]

    @classmethod
    def of(cls, instance: dg.DagsterInstance, run_id: str) -> "Audit":
        """Read the events of the run."""
        events = [
            record.event_log_entry.dagster_event
            for record in _records(instance, run_id)
            if record.event_log_entry.dagster_event
        ]
        planned, built = _assets(events)
        unchecked, verdicts = _checks(events)
        failed = [*_failed_steps(events), *_failed_checks(verdicts)]
        missing = [f"asset {table} was not built" for table in sorted(planned - built)]
        missing += [f"check {name} of {table} did not run" for table, name in sorted(unchecked)]
        if failed and missing:
            # What a failure has kept from happening is no news beside the failure.
            missing = [f"because of that: {_counted(planned - built, unchecked)}"]
        return cls([*failed, *missing], built, planned, unchecked, _count(verdicts))


def _records(instance: dg.DagsterInstance, run_id: str) -> Iterator[Any]:
    cursor, more = None, True
    while more:
        page = instance.get_records_for_run(run_id, cursor=cursor, limit=2000)
        yield from page.records
        cursor, more = page.cursor, page.has_more


def _assets(events: list[DagsterEvent]) -> tuple[set[str], set[str]]:
    planned, built = set(), set()
    for event in events:
        data: Any = event.event_specific_data
        if event.event_type == DagsterEventType.ASSET_MATERIALIZATION_PLANNED:
            planned.add(table_of(data.asset_key))
        elif event.event_type == DagsterEventType.ASSET_MATERIALIZATION and event.asset_key:
            built.add(table_of(event.asset_key))
    return planned, built


def _checks(events: list[DagsterEvent]) -> tuple[set[tuple[str, str]], list[Any]]:
    planned, verdicts = set(), []
    for event in events:
        data: Any = event.event_specific_data
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION_PLANNED:
            planned.add((table_of(data.asset_key), data.check_name))
        elif event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION:
            verdicts.append(event.asset_check_evaluation_data)
    return planned - {(table_of(each.asset_key), each.check_name) for each in verdicts}, verdicts


def _failed_steps(events: list[DagsterEvent]) -> list[str]:
    return [
        f"step {event.step_key}: {error_of(event.step_failure_data.error).problem}"
        for event in events
        if event.is_step_failure
    ]


def _failed_checks(verdicts: list[Any]) -> list[str]:
    return [
        f"check failed: {table_of(each.asset_key)}: {each.check_name} "
        f"{each.description or ''}".rstrip()
        for each in verdicts
        if not each.passed and each.severity == dg.AssetCheckSeverity.ERROR
    ]


def _counted(unbuilt: set[str], unchecked: set[tuple[str, str]]) -> str:
    tables = f"{len(unbuilt)} tables were not built ({', '.join(sorted(unbuilt))})"
    return (
        f"{tables}, {len(unchecked)} checks did not run"
        if unbuilt
        else (f"{len(unchecked)} checks did not run")
    )


def _count(verdicts: list[Any]) -> dict[str, int]:
    passed = sum(each.passed for each in verdicts)
    failed = len(_failed_checks(verdicts))
    return {"passed": passed, "warned": len(verdicts) - passed - failed, "failed": failed}
