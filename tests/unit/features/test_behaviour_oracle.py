"""Behavioural features, held against a loop over every event for every moment."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataops.features.behaviour import VERBS
from dataops.features.declaration import ttl_seconds
from dataops.features.render import Renderer
from ml.errors import UsageError
from tests.unit.features.brute_force import fill, instant

# The night on which clocks in Berlin go forward.
START = datetime(2025, 3, 30)
VIEW = {"entity": ["person", "place"], "event_time": "as_of", "known_time": "as_of"}
TYPES = "person varchar, place varchar, what varchar, amount integer, happened {}, learnt timestamp"
COLUMNS = ("person", "place", "what", "amount", "happened", "learnt")
Row = Mapping[str, Any]

FEATURES = {
    "all_1h": {"count": "*", "over": "1 hour"},
    "opens_3h": {"count": "open", "over": "3 hours"},
    "either": {"count": ["open", "it's shut"], "over": "unlimited"},
    "total": {"sum": "amount", "over": "3 hours"},
    "total_open": {"sum": "amount", "of": "open", "over": "2 hours"},
    "mean": {"avg": "amount", "of": "*", "over": "3 hours"},
    "amounts": {"distinct": "amount", "of": ["open"], "over": "unlimited"},
    "since": {"recency": "open", "over": "3 hours"},
    "since_any": {"recency": "*", "over": "unlimited"},
    "spent": {"seconds": "open", "over": "3 hours"},
    "spent_all": {"seconds": "*", "over": "unlimited"},
}
DECLARED = {
    "event": "what", "time": "happened", "known": "learnt", "inactivity": "1 hour",
    "every": "90 minutes", "features": FEATURES,
}  # fmt: skip


def measured(told: Mapping[str, Any], seen: Sequence[Row], moment: datetime) -> Any:
    """One feature at one moment, by the words of the documentation."""
    (verb,) = set(told) - {"of", "over"}
    of_column = verb in ("sum", "avg", "distinct")
    named = told.get("of", "*") if of_column else told[verb]
    names = [named] if isinstance(named, str) else named
    over = ttl_seconds(told["over"])
    inside = [
        (place, row)
        for place, row in enumerate(seen)
        if named == "*" or (row["what"] and row["what"] in names)
        if over is None or moment - timedelta(seconds=over) <= instant(row["happened"])
    ]  # fmt: skip
    if verb == "count":
        return len(inside)
    if verb == "recency":
        ages = ((moment - instant(row["happened"])).total_seconds() for _, row in inside)
        return min(ages, default=None)
    if verb == "seconds":
        gaps = [
            (instant(seen[place + 1]["happened"]) - instant(row["happened"])).total_seconds()
            for place, row in inside
            if place + 1 < len(seen)
        ]
        return float(sum(gap for gap in gaps if gap <= 3600))
    values = [row[told[verb]] for _, row in inside if row[told[verb]] is not None]
    if verb == "distinct":
        return len(set(values))
    if verb == "avg":
        return sum(values) / len(values) if values else None
    return float(sum(values))


def expected(
    events: Sequence[Row], moments: Sequence[tuple[str, str, Any]], has_empty: bool
) -> dict[Any, tuple[Any, ...]]:
    lines = {}
    for person, place, as_of in moments:
        moment = instant(as_of)
        seen = [
            row for row in events
            if (row["person"], row["place"]) == (person, place) and row["happened"] is not None
            and instant(row["happened"]) < moment and instant(row["learnt"]) <= moment
        ]  # fmt: skip
        seen.sort(
            key=lambda row: (instant(row["happened"]), row["what"] is None, row["what"] or "")
        )
        if seen or has_empty:
            told = [measured(each, seen, moment) for each in FEATURES.values()]
            lines[person, place, as_of] = tuple(told)
    return lines


QUARTERS = st.integers(0, 24).map(lambda quarter: START + timedelta(minutes=15 * quarter))
PEOPLE = st.sampled_from(["a", "a", "a", "b", None])
EVENT = st.tuples(
    PEOPLE, st.sampled_from(["x", "x", "y"]), st.sampled_from(["open", "open", "it's shut", None]),
    st.one_of(st.none(), st.integers(0, 3)), st.one_of(QUARTERS, QUARTERS, QUARTERS, st.none()),
    QUARTERS,
)  # fmt: skip


def told(
    connection: duckdb.DuckDBPyConnection, adapter: str, declared: Any = DECLARED, **where: str
) -> dict[Any, tuple[Any, ...]]:
    sql = Renderer({}, {}, adapter).render("behaviour_statement", "events", VIEW, declared, **where)
    rows = connection.execute(sql).fetchall()
    found = {(*row[:2], row[-1]): row[2:-1] for row in rows}
    assert len(found) == len(rows)
    return found


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(EVENT, max_size=25),
    moments=st.lists(st.tuples(PEOPLE, st.just("x"), QUARTERS), max_size=6),
    adapter=st.sampled_from(["duckdb", "portable"]),
)
def test_features_at_given_moments_are_those_of_a_loop(
    rows: list[Any], moments: list[Any], adapter: str
) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        fill(connection, "events", TYPES.format("timestamp"), rows)
        fill(connection, "moments", "person varchar, place varchar, as_of timestamp", moments)
        found = told(connection, adapter, moments="moments")
    events = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    asked = [moment for moment in moments if moment[0]]
    assert found == expected(events, asked, has_empty=True)


@settings(max_examples=25, deadline=None)
@given(
    rows=st.lists(EVENT, min_size=1, max_size=20),
    zone=st.sampled_from(["UTC", "Europe/Berlin", "America/St_Johns"]),
    kind=st.sampled_from(["timestamp", "timestamptz"]),
)
def test_steps_of_time_and_windows_are_those_of_utc_whatever_the_session(
    rows: list[Any], zone: str, kind: str
) -> None:
    zoned = [
        (*row[:4], row[4] and row[4].replace(tzinfo=UTC) if kind != "timestamp" else row[4], row[5])
        for row in rows
    ]
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"set TimeZone = '{zone}'")
        fill(connection, "events", TYPES.format(kind), zoned)
        found = told(connection, "duckdb")
    events = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    people = {(row["person"], row["place"]) for row in events if row["person"]}
    asked = [(*who, step) for who in people for step in steps(events)]
    assert found == expected(events, asked, has_empty=False)


@st.composite
def corrected(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Events of up to three versions, each of which may change everything but whose it is."""
    rows = []
    for _ in range(draw(st.integers(1, 8))):
        who = draw(st.sampled_from(["a", "b"]))
        known = sorted(draw(st.lists(QUARTERS, min_size=1, max_size=3, unique=True)))
        for learnt, superseded in zip(known, [*known[1:], None], strict=True):
            rows.append((who, *draw(EVENT)[1:5], learnt, superseded))
    return rows


@settings(max_examples=40, deadline=None)
@given(rows=corrected(), adapter=st.sampled_from(["duckdb", "portable"]))
def test_a_correction_changes_no_row_before_it_was_known(
    rows: list[tuple[Any, ...]], adapter: str
) -> None:
    moments = [(who, "x", START + timedelta(minutes=15 * step)) for who in "ab" for step in (3, 20)]
    declared = DECLARED | {"superseded": "corrected"}
    seen, by_then = {}, {}
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("set TimeZone = 'UTC'")
        fill(connection, "moments", "person varchar, place varchar, as_of timestamp", moments)
        types = TYPES.format("timestamp") + ", corrected timestamp"
        fill(connection, "events", types, rows)
        found = told(connection, adapter, declared, moments="moments")
        for moment in moments:
            # The oracle: what was delivered by then, the last version of each event alone.
            last = [
                row for row in rows if row[5] <= moment[2] and (not row[6] or row[6] > moment[2])
            ]
            events = [dict(zip(COLUMNS, row[:6], strict=True)) for row in last]
            seen |= expected(events, [moment], has_empty=True)
            # And the same from a warehouse that stood still at the moment.
            then = [(*r[:6], r[6] if r[6] and r[6] <= moment[2] else None)
                    for r in rows if r[5] <= moment[2]]  # fmt: skip
            fill(connection, "events", types, then)
            by_then |= {
                key: row
                for key, row in told(connection, adapter, declared, moments="moments").items()
                if key == moment
            }
    assert found == seen
    assert found == by_then


def test_steps_of_time_go_on_until_the_last_correction_was_known(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    fill(connection, "events", TYPES.format("timestamp") + ", corrected timestamp",
         [("a", "x", "open", 1, START, START, START + timedelta(hours=5))])  # fmt: skip
    found = told(connection, "duckdb", DECLARED | {"superseded": "corrected"})
    # 00:00 plus steps of 90 minutes: gone at 06:00, where nothing of the event is left.
    assert [key[2] for key in sorted(found)] == [
        START + timedelta(minutes=90 * n) for n in (1, 2, 3)
    ]


def test_sums_and_means_do_not_depend_on_the_order_of_rows_or_on_threads() -> None:
    count = 20_000
    declared = DECLARED | {"features": {
        "total": {"sum": "amount", "over": "unlimited"},
        "mean": {"avg": "amount", "over": "unlimited"},
        "spent": {"seconds": "*", "over": "unlimited"},
    }}  # fmt: skip
    found = set()
    for order in ("number", "-number", "hash(number)"):
        with duckdb.connect(config={"threads": 4}) as connection:
            connection.execute(
                "create table events as select 'a' as person, 'x' as place, 'buy' as what, "
                "((number * 7919 % 9999991 + 1) / 100)::double as amount, "
                f"timestamp '{START}' + to_microseconds(number * 1100003) as happened, "
                f"timestamp '{START}' as learnt from range({count}) as r(number) order by {order}"
            )
            fill(connection, "moments", "person varchar, place varchar, as_of timestamp",
                 [("a", "x", START + timedelta(days=9))])  # fmt: skip
            found |= set(told(connection, "duckdb", declared, moments="moments").values())
    cents = sum(number * 7919 % 9_999_991 + 1 for number in range(count))
    assert found == {(cents / 100, cents / 100 / count, 1_100_003 * (count - 1) / 1_000_000)}


def steps(events: Sequence[Row]) -> list[datetime]:
    """Whole steps of 90 minutes after the first event, up to the first after all was known."""
    own = [row for row in events if row["person"]]
    began = [row["happened"] for row in own if row["happened"]]
    if not began:
        return []
    last = max(row[key] for row in own for key in ("happened", "learnt") if row[key])
    all_steps = [START + timedelta(minutes=90 * step) for step in range(20)]
    ends = next(step for step in all_steps if step > last)
    return [step for step in all_steps if min(began) < step <= ends]


def test_a_calendar_of_dates_has_rows_for_whom_something_was_known(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "events", TYPES.format("timestamp"), [
        ("a", "x", "open", 1, START, START),
        ("b", "x", "open", 1, START, START + timedelta(days=2)),
    ])  # fmt: skip
    days = [(date(2025, 3, 30),), (date(2025, 3, 31),), (date(2025, 4, 1),)]
    fill(connection, "calendar", "as_of date", days)
    found = told(connection, adapter, calendar="calendar")
    # On the date itself nothing was before it; b's event was learnt on 1 April.
    assert sorted(found) == [
        ("a", "x", date(2025, 3, 31)), ("a", "x", date(2025, 4, 1)), ("b", "x", date(2025, 4, 1)),
    ]  # fmt: skip


@pytest.mark.parametrize(("age", "is_in"), [(0, False), (1, True), (3600, True), (3601, False)])
def test_a_window_begins_with_its_first_instant_and_ends_before_the_moment(
    connection: duckdb.DuckDBPyConnection, adapter: str, age: int, is_in: bool
) -> None:
    happened = START - timedelta(seconds=age)
    fill(connection, "events", TYPES.format("timestamp"),
         [("a", "x", "open", 1, happened, happened)])  # fmt: skip
    fill(connection, "moments", "person varchar, place varchar, as_of timestamp",
         [("a", "x", START)])  # fmt: skip
    declared = DECLARED | {"features": {"n": {"count": "open", "over": "1 hour"}}}
    found = told(connection, adapter, declared, moments="moments")
    assert found == {("a", "x", START): (int(is_in),)}


def test_a_window_that_nothing_can_lie_in_is_refused(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    declared = DECLARED | {"features": {"n": {"count": "open", "over": "0 days"}}}
    with pytest.raises(UsageError, match=r"over of n is '0 days'.* allowed: a whole number from 1"):
        told(connection, "duckdb", declared)


def test_the_macro_knows_the_verbs_that_may_be_declared(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    allowed = ", ".join(VERBS)
    wrong = DECLARED | {"features": {"n": {"median": "amount", "over": "1 day"}}}
    with pytest.raises(UsageError, match=f"'n' has median, over; allowed: one of {allowed}; over"):
        told(connection, "duckdb", wrong)
    assert {verb for each in FEATURES.values() for verb in each} == {*VERBS, "of", "over"}
