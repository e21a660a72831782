"""The features of one entity as of a moment, read with the statement that training reads with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from dataops.features.built import built_columns
from dataops.features.render import Renderer
from dataops.features.views import View
from ml.columns import Columns
from ml.errors import UsageError
from ml.names import listed
from ml.relation import quote

# The moment asked for is called `as_of`, as a view's own time may be.
_OURS = "told__"


@dataclass(frozen=True)
class Read:
    """What a view says of an entity; ``event_time`` is None when no row of it holds."""

    view: str
    event_time: Any
    known_time: Any
    features: Mapping[str, Any]


def views_of(
    views: Mapping[str, View], entity: Mapping[str, str], named: Sequence[str]
) -> list[View]:
    """Return the views ``named``, or every view whose entity has the keys of ``entity``.

    Raises UsageError for a name that is no view, and for keys that are not those of a view.
    """
    for name in named:
        if name not in views:
            raise UsageError(
                f"'{name}' is no feature view; there are: {listed(name, views)}",
                fix="declare config.meta.feature_view (docs/features.md)",
            )
    chosen = [views[name] for name in named] or list(views.values())
    fitting = [view for view in chosen if set(view.declared.entity) == set(entity)]
    misfit = [view for view in chosen if view not in fitting]
    if (named and misfit) or not fitting:
        keys = sorted({", ".join(view.declared.entity) for view in misfit})
        raise UsageError(
            f"no view is about {', '.join(entity)}; the keys are: {'; '.join(keys) or 'none'}",
            fix="name each key: goldloop features get --entity KEY=VALUE",
        )
    return fitting


def read_features(
    connection: duckdb.DuckDBPyConnection,
    views: Sequence[View],
    entity: Mapping[str, str],
    as_of: datetime,
) -> list[Read]:
    """Return what each of ``views`` says of ``entity`` as it was known at ``as_of``.

    Raises PipelineError for a view that the warehouse does not have, UsageError for a key whose
    value is not of the column's type.
    """
    return [_read(connection, view, entity, as_of) for view in views]


def _read(
    connection: duckdb.DuckDBPyConnection,
    view: View,
    entity: Mapping[str, str],
    as_of: datetime,
) -> Read:
    times = [view.declared.event_time, view.declared.known_time]
    columns = built_columns(connection, view)
    # What is described and not built yet is not there to be read; the other features are.
    built = [name for name in view.features if name in columns]
    told = view.told | {"features": [*built, *dict.fromkeys(times)]}
    renderer = Renderer({view.name: told}, {view.name: view.relation.sql})
    statement = renderer.snapshot(
        [view.name],
        as_of=f"cast('{as_of.isoformat()}' as timestamp with time zone)",
        entities=f"({_literals(columns, entity)}) as asked",
        prefix=_OURS,
    )
    try:
        cursor = connection.execute(statement)
    except duckdb.ConversionException as error:
        raise UsageError(
            f"{view.name}: {str(error).splitlines()[0]}", fix="correct the value of --entity"
        ) from error
    names = [column[0] for column in cursor.description]
    row = dict(zip(names, cursor.fetchone() or (), strict=True))
    features = {name: row[_OURS + name] for name in built}
    return Read(view.name, row[_OURS + times[0]], row[_OURS + times[1]], features)


def _literals(columns: Columns, entity: Mapping[str, str]) -> str:
    """Return a select of the entity's keys, each as its column's type in the warehouse."""
    return "select " + ", ".join(
        f"cast('{escaped}' as {columns[name].type}) as {quote(name)}"
        for name, value in entity.items()
        if (escaped := value.replace("'", "''")) is not None
    )
