"""What a training set holds, one behaviour a test, for both statements."""

from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from ml.errors import UsageError
from tests.unit.features.brute_force import fill, told
from tests.unit.features.conftest import VIEW, Match

ONE = "2025-03-01 12:00:00"


def test_a_row_holds_from_its_event_to_the_end_of_its_ttl_both_ends_included(match: Match) -> None:
    moments = ["2025-03-01 11:59:59", ONE, "2025-03-11 12:00:00", "2025-03-11 12:00:01"]
    assert match(moments, [(ONE, ONE, 7)]) == [None, 7, 7, None]


def test_a_row_learnt_later_does_not_leak_into_the_past(match: Match) -> None:
    rows = [(ONE, ONE, 1), ("2025-03-02", "2025-03-05", 2)]
    moments = ["2025-03-03", "2025-03-04 23:59:59", "2025-03-05"]
    assert match(moments, rows) == [1, 1, 2]


def test_an_older_event_learnt_later_does_not_take_the_newer_ones_place(match: Match) -> None:
    rows = [("2025-03-04", "2025-03-04", 4), ("2025-03-02", "2025-03-05", 2)]
    assert match(["2025-03-06"], rows, ttl="unlimited") == [4]
    assert match(["2025-03-06"], rows) == [4]


def test_of_equal_events_the_one_learnt_last_counts_as_far_as_it_was_known(match: Match) -> None:
    rows = [(ONE, "2025-03-02", 2), (ONE, "2025-03-04", 4), (ONE, "2025-03-03", 3)]
    moments = ["2025-03-02", "2025-03-03", "2025-03-09"]
    for ttl in ("10 days", "unlimited"):
        assert match(moments, rows, ttl=ttl) == [2, 3, 4]


def test_of_equal_events_all_known_before_they_happen_the_one_learnt_last_counts(
    match: Match,
) -> None:
    rows = [(ONE, "2025-02-01", 1), (ONE, "2025-02-03", 3), (ONE, "2025-02-02", 2)]
    for ttl in ("10 days", "unlimited"):
        assert match([ONE], rows, ttl=ttl) == [3]


def test_the_newest_row_wins_even_when_its_value_is_null(match: Match) -> None:
    assert match(["2025-03-03"], [(ONE, ONE, 1), ("2025-03-02", "2025-03-02", None)]) == [None]


def test_an_expired_newest_row_is_not_made_up_for_by_an_older_one(match: Match) -> None:
    assert match(["2025-03-20"], [(ONE, ONE, 1), ("2025-02-01", ONE, 0)]) == [None]


def test_null_times_match_nothing(match: Match) -> None:
    rows = [(None, ONE, 1), (ONE, None, 2)]
    for ttl in ("10 days", "unlimited"):
        assert match(["2025-03-02", None], rows, ttl=ttl) == [None, None]


def test_an_unlimited_ttl_reaches_back_to_the_first_row(match: Match) -> None:
    assert match(["2025-03-01"], [("1925-01-01", "1925-01-02", 1)], ttl="unlimited") == [1]


def test_a_ttl_of_nothing_wants_the_very_instant(match: Match) -> None:
    assert match([ONE, "2025-03-01 12:00:01"], [(ONE, ONE, 1)], ttl="0 days") == [1, None]


def test_times_before_1970_are_times_like_others(match: Match) -> None:
    rows = [("1969-12-28", "1969-12-28", 1), ("1970-01-02", "1970-01-02", 2)]
    moments = ["1970-01-01", "1970-01-07", "1969-12-27"]
    assert match(moments, rows, ttl="5 days") == [1, 2, None]


def test_every_row_of_the_spine_stays_and_doubles_stay_double(match: Match) -> None:
    assert match(["2025-03-02", "2025-03-02", "2024-01-01"], [(ONE, ONE, 1)]) == [1, 1, None]


def test_null_keys_match_nothing_and_the_row_stays(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "driver integer, as_of timestamp", [(None, ONE)])
    types = "driver integer, event_at timestamp, known_at timestamp, value integer"
    fill(connection, "trips", types, [(None, ONE, ONE, 1)])
    for ttl in ("10 days", "unlimited"):
        lines = told(connection, {"trips": VIEW | {"ttl": ttl}}, adapter=adapter)
        assert [line[-1] for line in lines] == [None]


def test_keys_of_several_columns_do_not_run_together(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "one varchar, two varchar, as_of timestamp",
         [("a|b", "c", ONE), ("a", "b|c", ONE), ("a", "bc", ONE)])  # fmt: skip
    types = "one varchar, two varchar, event_at timestamp, known_at timestamp, value integer"
    fill(connection, "trips", types, [("a|b", "c", ONE, ONE, 1), ("ab", "c", ONE, ONE, 2)])
    view = VIEW | {"entity": ["one", "two"]}
    lines = told(connection, {"trips": view}, adapter=adapter)
    assert sorted((line[0], line[-1]) for line in lines if line[-1]) == [("a|b", 1)]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata"])
def test_instants_are_compared_whatever_the_types_and_the_sessions_zone(
    connection: duckdb.DuckDBPyConnection, zone: str
) -> None:
    connection.execute(f"set TimeZone = '{zone}'")
    berlin = "2025-03-30 04:00:00+02"  # 02:00 UTC, in the night of the change to summer time
    fill(connection, "spine", "as_of timestamptz, driver integer",
         [("2025-03-30 01:59:59+00", 1), (berlin, 1), ("2025-03-31 02:00:00+00", 1)])  # fmt: skip
    types = "driver integer, event_at timestamp, known_at timestamptz, value integer"
    fill(connection, "trips", types, [(1, "2025-03-30 02:00:00", berlin, 7)])
    for ttl in ("24 hours", "1 day"):
        lines = told(connection, {"trips": VIEW | {"ttl": ttl}})
        values = [line[-1] for line in sorted(lines, key=lambda line: line[0].astimezone(UTC))]
        assert values == [None, 7, 7]


def test_a_date_is_its_first_instant(connection: duckdb.DuckDBPyConnection, adapter: str) -> None:
    fill(connection, "spine", "driver integer, as_of date",
         [(1, date(2025, 3, 1)), (1, date(2025, 3, 2))])  # fmt: skip
    types = "driver integer, event_at timestamp, known_at date, value integer"
    fill(connection, "trips", types, [(1, "2025-03-01 00:00:01", "2025-03-01", 7)])
    lines = sorted(told(connection, {"trips": VIEW}, adapter=adapter))
    assert [line[-1] for line in lines] == [None, 7]


def test_several_views_with_their_own_keys_and_ttls_join_in_one_statement(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "driver integer, car varchar, as_of timestamp",
         [(1, "A", "2025-03-09"), (1, "B", "2025-03-20")])  # fmt: skip
    types = "driver integer, event_at timestamp, known_at timestamp, value integer"
    fill(connection, "trips", types, [(1, ONE, ONE, 7)])
    fill(connection, "cars", "car varchar, event_at timestamp, seats integer, doors integer",
         [("A", ONE, 5, 4), ("B", "2020-01-01", 2, 2)])  # fmt: skip
    cars = {"entity": ["car"], "event_time": "event_at", "known_time": "event_at",
            "ttl": "unlimited", "features": ["seats", "doors"]}  # fmt: skip
    lines = told(connection, {"trips": VIEW, "cars": cars}, adapter=adapter,
                 features=["trips", "cars.doors"])  # fmt: skip
    assert sorted(line[:2] + line[3:] for line in lines) == [(1, "A", 7, 4), (1, "B", None, 2)]


def test_one_view_joins_twice_by_other_keys_under_prefixes(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "first integer, second integer, as_of timestamp", [(1, 2, ONE)])
    types = "driver integer, event_at timestamp, known_at timestamp, value integer"
    fill(connection, "trips", types, [(1, ONE, ONE, 10), (2, ONE, ONE, 20)])
    asked = [
        {"view": "trips", "keys": {"driver": which}, "prefix": f"{which}_"}
        for which in ("first", "second")
    ]
    lines = told(connection, {"trips": VIEW}, adapter=adapter, features=asked)
    names = [column[0] for column in connection.description or ()]
    assert names[-2:] == ["first_value", "second_value"]
    assert lines[0][-2:] == (10, 20)


def test_columns_of_one_name_are_refused_unless_prefixed(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "driver integer, as_of timestamp", [(1, ONE)])
    types = "driver integer, event_at timestamp, known_at timestamp, value integer"
    views = {"trips": VIEW, "rides": VIEW}
    for table in views:
        fill(connection, table, types, [(1, ONE, ONE, len(table))])
    with pytest.raises(UsageError, match="two columns of the result would be called 'value'"):
        told(connection, views, adapter=adapter)
    told(connection, views, adapter=adapter, prefix=True)
    names = [column[0] for column in connection.description or ()]
    assert names == ["driver", "as_of", "trips__value", "rides__value"]


def test_a_spine_with_a_features_name_is_refused_and_not_renamed(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "driver integer, as_of timestamp, value integer", [(1, ONE, 3)])
    types = "driver integer, event_at timestamp, known_at timestamp, value integer"
    fill(connection, "trips", types, [(1, ONE, ONE, 7)])
    with pytest.raises(duckdb.BinderException, match="Ambiguous"):
        told(connection, {"trips": VIEW}, adapter=adapter)
    lines = told(connection, {"trips": VIEW}, adapter=adapter, prefix="past_")
    assert lines == [(1, datetime(2025, 3, 1, 12), 3, 7)]


BAD: list[tuple[dict[str, Any], list[Any], str]] = [
    ({}, ["trip"], "'trip' is no feature view; there are: trips"),
    ({}, ["trips.values"], "'values' is no feature of trips; it has: value"),
    ({"ttl": "a while"}, ["trips"], "ttl of trips is 'a while'; allowed: a whole number"),
    ({"ttl": "3 moons"}, ["trips"], "ttl of trips is '3 moons'; allowed: a whole number"),
    ({"ttl": 30}, ["trips"], "ttl of trips is '30'; allowed: a whole number"),
]


@pytest.mark.parametrize(("declared", "features", "words"), BAD)
def test_what_cannot_be_meant_is_refused_while_compiling(
    connection: duckdb.DuckDBPyConnection, declared: dict[str, Any], features: Any, words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        told(connection, {"trips": VIEW | declared}, features=features)
    assert words in str(caught.value)


def test_a_spine_without_the_key_and_a_time_of_text_are_refused_when_bound(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    types = "driver integer, event_at varchar, known_at timestamp, value integer"
    fill(connection, "trips", types, [])
    fill(connection, "spine", "rider integer, as_of timestamp", [])
    with pytest.raises(duckdb.BinderException, match="epoch_us"):
        told(connection, {"trips": VIEW})
    fill(connection, "trips", types.replace("varchar", "timestamp"), [])
    with pytest.raises(duckdb.BinderException, match="driver"):
        told(connection, {"trips": VIEW})


def test_a_prediction_is_seen_from_when_its_inputs_and_what_its_version_learned_were_known(
    match: Match,
) -> None:
    """Known time is the later of the call's delivery and the last row its version learned."""
    delivered, score_of_first, score_of_second = "2025-03-02", 40, 70
    learned_until = {score_of_first: "2025-02-01", score_of_second: "2025-04-01"}
    rows = [(ONE, max(delivered, until), score) for score, until in learned_until.items()]
    moments = ["2025-03-01 23:59:59", "2025-03-02", "2025-03-31", "2025-04-01"]
    assert match(moments, rows, ttl="unlimited") == [None, 40, 40, 70]
