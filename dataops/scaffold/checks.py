"""What is allowed of the names and columns that a person types; all else is refused by name."""

import re
from collections.abc import Mapping, Sequence

from dataops.features.declaration import ttl_seconds
from dataops.scaffold.asked import Aggregate, AskedFeature, Column
from dataops.scaffold.example import has_example
from ml.errors import UsageError
from ml.names import listed

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_LONGEST_DAYS = 36_500


def check_name(name: str, typed: str) -> None:
    """Refuse a ``name`` of something new that is none for a column, as it was ``typed``."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"the name is '{typed}'; allowed: a to z, 0 to 9 and _, a letter first",
            fix="take another name",
        )


def chosen(columns: Mapping[str, Column], name: str, option: str) -> Column:
    """Return the column ``name``; raises UsageError naming ``option`` when it is not there."""
    if name not in columns:
        raise UsageError(
            f"{option} names '{name}', no column of the model; it has: {listed(name, columns)}",
            fix=f"correct {option}",
        )
    return columns[name]


def time_of(columns: Mapping[str, Column], name: str, option: str) -> Column:
    """Return the column ``name``, as :func:`chosen` does; it must be a date or a timestamp."""
    column = chosen(columns, name, option)
    if column.known.kind != "time":
        raise UsageError(
            f"{option} is '{name}', which is {column.type}; allowed: a date or a timestamp",
            fix=f"correct {option}",
        )
    return column


def check_examples(entity: Sequence[Column], aggregate: Aggregate) -> None:
    """Refuse columns of whose type the unit test could have no value."""
    for column in (*entity, *([aggregate.column] if aggregate.column else [])):
        if not has_example(column):
            raise UsageError(
                f"'{column.name}' is {column.type}; allowed: numbers, text, booleans, dates, "
                "timestamps, uuid, enum",
                fix="take another column, or cast it in the SQL of a model and take that",
            )


def not_twice(asked: AskedFeature) -> AskedFeature:
    """Refuse two columns of one name: the feature, its keys, what it counts, its moments."""
    if asked.name in asked.grain:
        raise UsageError(
            f"the name is '{asked.name}', a key or the time of the feature's own rows",
            fix="take another name",
        )
    taken = [each.name for each in (*asked.entity, asked.aggregate.column) if each]
    if asked.as_of.name in taken:
        raise UsageError(
            f"'{asked.as_of.name}' is a column that is taken and that of the moments, too",
            fix="take moments with a column of another name (--at), or name it anew in a model",
        )
    return asked


def check_window(window: str, time: Column) -> None:
    """Refuse a ``window`` that is none, or that rows with such a time cannot be told to be in."""
    try:
        seconds = ttl_seconds(window)
    except ValueError:
        seconds = 0
    is_long = seconds is not None and seconds > _LONGEST_DAYS * 86_400
    if seconds == 0 or is_long or (seconds and time.is_date and seconds % 86_400):
        whole = ", of whole days since the time is a date" if time.is_date else ""
        raise UsageError(
            f"--window is '{window}'; allowed: a whole number of seconds, minutes, hours, days or "
            f"weeks, such as 30 days, at most {_LONGEST_DAYS:,} days, or unlimited{whole}",
            fix="correct --window",
        )
