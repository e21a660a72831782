"""When a file was delivered."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from dataops.landing.delivery import delivered_at, from_microseconds, naive_utc

OWN = datetime(2020, 5, 5, 5, 5)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("orders_2025-03-01.csv", datetime(2025, 3, 2)),
        ("2025-12-31.csv", datetime(2026, 1, 1)),
        ("orders_2025-03-01_delivered_2025-03-04.csv", datetime(2025, 3, 5)),
        ("orders_2025-03-01T0400.csv", datetime(2025, 3, 1, 4)),
        ("orders_2025-03-01T0400Z.csv", datetime(2025, 3, 1, 4)),
        ("orders_2025-03-01T04:05:06Z.csv", datetime(2025, 3, 1, 4, 5, 6)),
        ("2025-03-01T0400_of_2025-02-28.csv", datetime(2025, 3, 1)),
        ("orders_2025-02-30.csv", OWN),
        ("2025-02-28_build_2025-13-01.csv", datetime(2025, 3, 1)),
        ("orders_2025-03-01T2561.csv", OWN),
        ("orders_9999-12-31.csv", OWN),
        ("orders_12025-03-01.csv", OWN),
        ("orders_2025-03-011.csv", OWN),
        ("orders.csv", OWN),
    ],
)
def test_the_last_date_in_the_name_decides_else_the_files_own_time(
    name: str, expected: datetime
) -> None:
    assert delivered_at(name, OWN) == expected


def test_moments_are_turned_into_naive_utc() -> None:
    summer = timezone(timedelta(hours=2))
    assert naive_utc(datetime(2025, 6, 1, 12, tzinfo=summer)) == datetime(2025, 6, 1, 10)
    assert naive_utc(datetime(2025, 6, 1, 12, tzinfo=UTC)) == datetime(2025, 6, 1, 12)
    assert naive_utc(datetime(2025, 6, 1, 12)) == datetime(2025, 6, 1, 12)
    assert from_microseconds(1_000_000_000_000_001) == datetime(2001, 9, 9, 1, 46, 40, 1)
