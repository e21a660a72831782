"""Sessions and dead letters, held against a loop over the events in Python."""

import random
import re
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataops.features.installed import MACROS
from dataops.features.render import Renderer
from ml.errors import UsageError
from tests.unit.features.brute_force import fill

START = datetime(2025, 3, 30)
TYPES = "event varchar, device varchar, happened timestamp, learnt timestamp, agent varchar"
Event = tuple[str, str | None, datetime | None, datetime, str | None]


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Few devices and gaps about as long as the pause, so that its edge is met all the time."""
    found: list[Event] = []
    for number in range(draw(st.integers(0, 25))):
        minutes = draw(st.one_of(st.none(), *[st.integers(0, 40)] * 6))
        seconds = draw(st.sampled_from([0, 0, 1]))
        happened = minutes if minutes is None else START + timedelta(minutes=10 * minutes)
        device = draw(st.sampled_from(["a", "b", "b", None]))
        known = START + timedelta(minutes=draw(st.integers(0, 900)))
        moved = happened and happened + timedelta(seconds=seconds)
        found.append((f"e{number:02}", device, moved, known, draw(st.sampled_from(["x", None]))))
    return found


def by_hand(rows: list[Event]) -> dict[str, tuple[Any, ...]]:
    """Number, place, start, end and known time of each event's session, by the documentation."""
    by_device = defaultdict(list)
    for row in rows:
        if row[1] is not None and row[2] is not None:
            by_device[row[1]].append(row)
    told: dict[str, tuple[Any, ...]] = {row[0]: (None,) * 5 for row in rows}
    for own in by_device.values():
        runs: list[list[Event]] = []
        for row in sorted(own, key=lambda each: (each[2], each[0])):
            if runs and row[2] - runs[-1][-1][2] <= timedelta(minutes=30):
                runs[-1].append(row)
            else:
                runs.append([row])
        for number, run in enumerate(runs, 1):
            known = max(row[3] for row in run)
            for place, row in enumerate(run, 1):
                told[row[0]] = (number, place, run[0][2], run[-1][2], known)
    return told


def sessions(
    connection: duckdb.DuckDBPyConnection, rows: list[Event], adapter: str, **options: Any
) -> list[tuple[Any, ...]]:
    fill(connection, "events", TYPES, rows)
    sql = Renderer({}, {}, adapter).render(
        "sessions", "events", "device", "happened", "event", "learnt", **options
    )
    return connection.execute(
        "select event, session_number, session_event_number, session_started_at, "
        f"session_ended_at, session_known_at, session_id, bot_reason, is_bot from ({sql})"
    ).fetchall()


@settings(max_examples=60, deadline=None)
@given(rows=events(), adapter=st.sampled_from(["duckdb", "portable"]), seed=st.integers(0, 9))
def test_sessions_are_those_of_a_loop_in_whatever_order_events_come(
    rows: list[Event], adapter: str, seed: int
) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        told = sessions(connection, rows, adapter)
        shuffled = random.Random(seed).sample(rows, len(rows))
        assert sorted(told) == sorted(sessions(connection, shuffled, adapter))
    assert {row[0]: row[1:6] for row in told} == by_hand(rows)
    device = {row[0]: row[1] for row in rows}
    named = {(device[row[0]], row[1], row[6]) for row in told if row[1]}
    assert len(named) == len({each[:2] for each in named}) == len({each[2] for each in named})
    assert all((row[6] is None) == (row[1] is None) for row in told)


def clicks(device: str, minutes: list[float], agent: str | None = "x") -> list[Event]:
    return [
        (f"{device}{place}", device, START + timedelta(minutes=at), START, agent)
        for place, at in enumerate(minutes)
    ]


def test_an_event_that_comes_late_joins_two_sessions_into_one(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    rows = clicks("a", [0, 50])
    assert [row[1] for row in sessions(connection, rows, adapter)] == [1, 2]
    late = ("late", "a", START + timedelta(minutes=25), START + timedelta(days=3), "x")
    told = sessions(connection, [*rows, late], adapter)
    assert {row[1] for row in told} == {1}
    assert {row[5] for row in told} == {START + timedelta(days=3)}


BOTS = {"agent": "agent", "agents": ["Crawl"], "per_minute": 3, "per_session": 5}


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (clicks("a", [0, 1], "a crawler/2"), "agent"),
        (clicks("a", [0, 0.3, 0.6, 1]), "per_minute"),
        (clicks("a", [0, 0.3, 0.6, 1.1]), None),
        (clicks("a", [0, 1, 2, 3, 4, 5]), "per_session"),
        (clicks("a", [0, 1, 2, 3, 4, 60]), None),
        (clicks("a", [0], None), None),
    ],
)
def test_a_session_that_breaks_a_rule_is_flagged_and_kept(
    connection: duckdb.DuckDBPyConnection, adapter: str, rows: list[Event], reason: str | None
) -> None:
    told = sessions(connection, rows, adapter, bots=BOTS)
    assert [row[7:] for row in told] == [(reason, reason is not None)] * len(rows)


@pytest.mark.parametrize(
    ("agent", "reason"), [("Mozilla/5.0 Firefox", None), ("a Crawler/2", "agent")]
)
def test_one_word_that_gives_a_bot_away_needs_no_list(
    connection: duckdb.DuckDBPyConnection, agent: str, reason: str | None
) -> None:
    bots = {"agent": "agent", "agents": "crawl"}
    told = sessions(connection, clicks("a", [0], agent), "duckdb", bots=bots)
    assert [row[7] for row in told] == [reason]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inactivity": "half an hour"}, ["'half an hour'", "such as 30 minutes"]),
        ({"bots": {"per_hour": 3}}, ["'per_hour' is no rule", "per_minute"]),
        ({"bots": {"agents": ["bot"]}}, ["only one of agent"]),
        ({"bots": {"agent": "agent", "agents": []}}, ["agents of bots is []", "one or more"]),
        ({"bots": {"agent": "agent", "agents": ["bot", ""]}}, ["agents of bots is", "empty"]),
        ({"bots": {"per_minute": "many"}}, ["per_minute of bots is many"]),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(
    connection: duckdb.DuckDBPyConnection, options: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(UsageError) as caught:
        sessions(connection, [], "duckdb", **options)
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_row_of_a_session_has_what_its_events_add_up_to(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "events", TYPES, [*clicks("a", [0, 10, 70]), *clicks("b", [5])])
    render = Renderer({}, {}, adapter).render
    sql = render("sessions", "events", "device", "happened", "event", "learnt")
    connection.execute(f"create table sessions as {sql}")
    totals = render("session_totals", "sessions", "device")
    assert connection.execute(
        "select device, session_number, session_events, session_seconds "
        f"from ({totals}) order by 1, 2"
    ).fetchall() == [("a", 1, 2, 600.0), ("a", 2, 1, 0.0), ("b", 1, 1, 0.0)]


DELIVERED = START + timedelta(hours=1)
JUDGED = [
    (("1", "a", START, DELIVERED, '{"k": 1}'), None),
    (("2", "a", START, DELIVERED, None), None),
    ((None, "a", START, DELIVERED, None), "no id"),
    (("3", None, START, DELIVERED, None), "no entity"),
    (("4", "a", None, DELIVERED, None), "no time"),
    (("5", "a", DELIVERED + timedelta(minutes=5), DELIVERED, None), None),
    (("6", "a", DELIVERED + timedelta(seconds=301), DELIVERED, None), "time in the future"),
    (("7", "a", START, DELIVERED, '{"k": '), "unreadable payload"),
    (("1", "a", START, DELIVERED + timedelta(1), '{"k": 1}'), "repeated id"),
    # What could not be read came again and could.
    (("7", "a", START, DELIVERED + timedelta(1), "{}"), None),
]  # fmt: skip


def test_every_event_is_used_or_a_dead_letter_with_its_reason(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    types = "event varchar, device varchar, happened timestamp, learnt timestamp, payload varchar"
    fill(connection, "events", types, [row for row, _ in JUDGED])
    sql = Renderer({}, {}).render(
        "judged_events", "events", "event", "device", "happened", "learnt", payload="payload"
    )
    told = connection.execute(sql).fetchall()
    assert sorted(told, key=repr) == sorted(((*row, why) for row, why in JUDGED), key=repr)


TWICE = [("1", device, START + timedelta(minutes=minutes), DELIVERED, payload)
         for device in "ba" for minutes in (2, 1) for payload in ("2", "1")]  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(
    ("order", "first"),
    [([], ("a", START + timedelta(minutes=1), "1")), (["line"], ("b", TWICE[0][2], "2"))],
)
def test_which_of_an_event_delivered_twice_stays_does_not_depend_on_how_it_is_stored(
    connection: duckdb.DuckDBPyConnection, seed: int, order: list[str], first: Any
) -> None:
    rows = [(*row, line) for line, row in enumerate(TWICE)]
    types = "event varchar, device varchar, happened timestamp, learnt timestamp, payload varchar"
    fill(connection, "events", f"{types}, line integer",
         random.Random(seed).sample(rows, len(rows)))  # fmt: skip
    sql = Renderer({}, {}).render(
        "judged_events", "events", "event", "device", "happened", "learnt",
        payload="payload", order=order,
    )  # fmt: skip
    stays = f"select device, happened, payload from ({sql}) where dead_letter_reason is null"
    # By time first, then by entity and payload.
    assert connection.execute(stays).fetchall() == [first]


def test_without_end_to_the_tolerance_no_time_is_in_the_future(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    types = "event varchar, device varchar, happened timestamp, learnt timestamp"
    fill(connection, "events", types, [("1", "a", START + timedelta(days=9999), START)])
    sql = Renderer({}, {}).render(
        "judged_events", "events", "event", "device", "happened", "learnt", tolerance="unlimited"
    )
    assert [row[-1] for row in connection.execute(sql).fetchall()] == [None]


def test_an_adapter_that_cannot_tell_json_is_refused_a_payload_and_judges_the_rest(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    types = "event varchar, device varchar, happened timestamp, learnt timestamp, payload varchar"
    fill(connection, "events", types, [row for row, why in JUDGED if why != "unreadable payload"])
    render = Renderer({}, {}, "portable").render
    arguments = ("judged_events", "events", "event", "device", "happened", "learnt")
    with pytest.raises(UsageError, match="write a macro <adapter>__feature_is_json"):
        render(*arguments, payload="payload")
    told = connection.execute(render(*arguments)).fetchall()
    expected = [why for _, why in JUDGED if why != "unreadable payload"]
    assert sorted(map(repr, (row[-1] for row in told))) == sorted(map(repr, expected))


def test_there_is_no_macro_for_a_database_that_no_test_asks() -> None:
    names = re.findall(r"macro (\w+?)__\w+\(", "".join(f.read_text() for f in MACROS.glob("*.sql")))
    assert set(names) == {"default", "duckdb"}
