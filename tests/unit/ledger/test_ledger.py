from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dataops.ledger import MOST_CHARACTERS, OUTCOMES, Event, Ledger
from ml.errors import PipelineError, UsageError

NOW = datetime(2025, 3, 1, 4, 0, 0, 123456, tzinfo=UTC)
EVENT = Event("asset", "succeeded", run="r1", asset="gold.t", rows=3)

texts = st.none() | st.text(st.characters(codec="utf-8"), max_size=20)
counts = st.none() | st.integers(0, 2**63 - 1)
moments = st.none() | st.datetimes(timezones=st.just(UTC))
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
events = st.builds(
    lambda pair, **facts: Event(*pair, **facts),
    st.sampled_from([(kind, each) for kind, known in OUTCOMES.items() for each in known]),
    run=texts,
    parent=texts,
    release=texts,
    asset=texts,
    name=texts,
    message=texts,
    started_at=moments,
    ended_at=moments,
    rows=counts,
    bytes=counts,
    peak_memory_bytes=counts,
    cpu_seconds=st.none() | st.floats(0, 1e12),
    details=st.dictionaries(st.text(), scalars, max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(written=st.lists(events, max_size=5))
@example(written=[Event("run", "started", details={"details": None})])
def test_what_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[Event]
) -> None:
    ledger = Ledger(tmp_path_factory.mktemp("ledger"))
    ledger.append(*written)
    assert list(ledger.events()) == written
    assert ledger.torn() == []


def test_a_month_has_its_file_and_reading_goes_on_from_one_to_the_next(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "not" / "there")
    assert list(ledger.events()) == []
    ledger.append(EVENT, now=datetime(2025, 4, 1, tzinfo=UTC))
    ledger.append(EVENT, now=datetime(2025, 4, 1, 1, 30, tzinfo=timezone(timedelta(hours=2))))
    ledger.append(now=NOW)
    assert [path.name for path in ledger.files] == ["2025-03.jsonl", "2025-04.jsonl"]
    assert [event.recorded_at for event in ledger.events()] == [
        datetime(2025, 3, 31, 23, 30, tzinfo=UTC),
        datetime(2025, 4, 1, tzinfo=UTC),
    ]


def test_events_of_one_run_or_kind_are_found(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    check = Event("check", "failed", run="r1", asset="gold.t", name="rows")
    stranger = Event("run", "started", run="r2", message='it says "r1" and "check"')
    ledger.append(EVENT, check, stranger)
    assert list(ledger.events(run="r1")) == [EVENT, check]
    assert list(ledger.events(kind="check")) == [check]
    assert list(ledger.events(run="r2", kind="run")) == [stranger]


@pytest.mark.parametrize(
    ("kind", "outcome", "told"),
    [
        ("asset", "sucess", "'sucess' is no outcome of kind 'asset' — write one of: succeeded"),
        ("release", "passed", "write one of: published, pruned"),
        ("relaese", "published", "'relaese' is no kind of event — write one of: release"),
    ],
)
def test_another_kind_or_outcome_is_refused_by_name(kind: str, outcome: str, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        Event(kind, outcome)


def test_what_a_line_cannot_hold_is_refused_or_replaced(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="started_at of an event is 2025-03-01 .* time zone"):
        Event("run", "started", started_at=NOW.replace(tzinfo=None))
    with pytest.raises(UsageError, match="detail 'rows' of an event is a list"):
        Event("run", "started", details={"rows": [1]})  # type: ignore[dict-item]
    event = Event(
        "run",
        "failed",
        message="x" * (MOST_CHARACTERS + 7),
        name="caf\udce9",
        details={"score": float("nan"), "high": float("inf")},
    )
    Ledger(tmp_path).append(event)
    [found] = Ledger(tmp_path).events()
    assert found == event
    assert found.name == "caf?"
    assert found.details == {"score": None, "high": None}
    assert found.message
    assert found.message.endswith("xx … (7 more characters)")
    assert len(found.message) == MOST_CHARACTERS


def test_a_torn_line_is_closed_off_and_costs_no_other(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(EVENT, now=NOW)
    [file] = ledger.files
    whole = file.read_bytes()
    torn = [whole[:-30], whole[:1], b"\0" * 512, b'{"v":1,"kind":"run"}', b"[1]", b"\xc3"]
    for tail in torn:
        with file.open("ab") as stream:
            stream.write(tail)
        ledger.append(EVENT, now=NOW)
    assert list(ledger.events()) == [EVENT] * (1 + len(torn))
    assert ledger.torn() == [(file, 2 + 2 * at) for at in range(len(torn))]


def test_a_line_of_a_later_version_is_no_event(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.append(EVENT, now=NOW)
    [file] = ledger.files
    file.write_bytes(file.read_bytes() + file.read_bytes().replace(b'"v":1', b'"v":2'))
    assert list(ledger.events()) == [EVENT]
    assert ledger.torn() == [(file, 2)]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger").write_text("a file stands where the folder belongs")
    with pytest.raises(PipelineError, match=r"ledger/2025-03\.jsonl cannot be written: "):
        Ledger(tmp_path / "ledger").append(EVENT, now=NOW)


def test_a_full_disk_is_told_with_the_path(tmp_path: Path) -> None:
    (tmp_path / "2025-03.jsonl").symlink_to("/dev/full")
    with pytest.raises(PipelineError, match=r"2025-03\.jsonl cannot be written: No space left"):
        Ledger(tmp_path).append(EVENT, now=NOW)
