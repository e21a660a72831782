"""Cases that Feast's documentation, tests and issues tell, from their facts.

Feast: docs "Point-in-time joins", tests of `get_historical_features`, issues 6615 (a value
backfilled after the moment), 1611 and 3435 (ttl), 4033 and others (field mapping, shared sources).
"""

from typing import Any

import duckdb

from tests.unit.features.brute_force import fill, told
from tests.unit.features.conftest import VIEW, Match

TYPES = "driver integer, event_at timestamp, known_at timestamp, trips integer, rating double"
HOURLY = VIEW | {"ttl": "2 hours", "features": ["trips", "rating"]}


def test_each_label_gets_the_last_hourly_row_before_it_within_two_hours(match: Match) -> None:
    """The picture of the documentation: a ttl of two hours, labels between the hourly rows."""
    rows = [
        (f"2021-04-12 {hour:02}:00:00", f"2021-04-12 {hour:02}:00:00", hour) for hour in (8, 10)
    ]
    moments = ["2021-04-12 10:59:42", "2021-04-12 08:12:10", "2021-04-12 12:00:01"]
    assert match(moments, rows, ttl="2 hours") == [10, 8, None]


def test_a_correction_written_after_the_moment_is_not_seen_then(match: Match) -> None:
    """Issue 6615: the same event, first value written in time, the correction a day later."""
    rows = [
        ("2024-01-01 10:00", "2024-01-01 10:00", 1),
        ("2024-01-01 10:00", "2024-01-02 10:00", 2),
    ]
    assert match(["2024-01-01 12:00", "2024-01-02 12:00"], rows) == [1, 2]


def test_a_whole_backfill_is_invisible_before_it_was_written(match: Match) -> None:
    rows = [(f"2024-01-0{day} 00:00", "2024-03-01", day) for day in (1, 2, 3)]
    moments = ["2024-01-04", "2024-02-29 23:59:59", "2024-03-01"]
    assert match(moments, rows, ttl="unlimited") == [None, None, 3]


def test_columns_have_other_names_in_the_view_than_in_the_spine(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    """Feast maps fields and join keys; here the spine's names are told by `keys` and `time`."""
    when = "2024-01-01"
    fill(connection, "spine", "id integer, labelled_at timestamp", [(1001, when)])
    fill(connection, "trips", TYPES, [(1001, when, when, 5, 4.5)])
    lines = told(
        connection, {"trips": HOURLY}, time="labelled_at", adapter=adapter, keys={"driver": "id"}
    )
    assert [line[2:] for line in lines] == [(5, 4.5)]


def test_two_views_over_one_source_keep_their_own_ttls(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "driver integer, as_of timestamp", [(1, "2024-01-02")])
    for table in ("short", "long"):
        fill(connection, table, TYPES, [(1, "2024-01-01", "2024-01-01", 5, 4.5)])
    views: dict[str, Any] = {
        "short": HOURLY | {"features": ["trips"]},
        "long": HOURLY | {"features": ["rating"], "ttl": "unlimited"},
    }
    lines = told(connection, views, adapter=adapter)
    assert [line[2:] for line in lines] == [(None, 4.5)]


def test_a_null_is_not_filled_up_from_an_older_row(
    connection: duckdb.DuckDBPyConnection, adapter: str
) -> None:
    fill(connection, "spine", "driver integer, as_of timestamp", [(1, "2024-01-01 11:00")])
    older, newer = "2024-01-01 10:00", "2024-01-01 10:30"
    fill(connection, "trips", TYPES, [(1, older, older, 5, 4.5), (1, newer, newer, 6, None)])
    lines = told(connection, {"trips": HOURLY}, adapter=adapter)
    assert [line[2:] for line in lines] == [(6, None)]
