"""How the predictions of a new ML model come back into SQL: source, door, unit test, contract.

The door is the one bronze model that reads them.
"""

from collections.abc import Iterator

from dataops.scaffold.asked_model import NUMBERED, AskedModel
from dataops.scaffold.described import described
from dataops.scaffold.example import scalar, value
from dataops.scaffold.feature_sql import written
from dataops.scaffold.text import folded, quoted
from ml.declaration.measures import Task
from ml.tables import PREDICTIONS_SCHEMA

_MISSING = "missing:"
_SHARE = "invalid: {valid_min: 0, valid_max: 1}"
_DISTANCE = "invalid: {valid_min: 0}"
# A series that cannot be forecast has no prediction, and keeps nobody else's from being read.
_MOSTLY = (
    "missing: {threshold: {metric: percent, must_be_less_than: 50}, attributes: {severity: warn}}"
)
# What each kind promises of its columns.
_PROMISES: dict[Task, dict[str, tuple[str, ...]]] = {
    "classification": {"prediction": (_MISSING,), "score": (_MISSING, _SHARE)},
    "regression": {"prediction": (_MISSING,)},
    "clustering": {"prediction": (_MISSING,), "score": (_MISSING, _DISTANCE)},
    "decomposition": {"prediction": (_MISSING,), "score": (_MISSING, _DISTANCE)},
    "anomaly_detection": {"prediction": (_MISSING,), "score": (_MISSING, _SHARE)},
    "recommendation": {"item": (_MISSING,), "score": (_MISSING,), "is_fallback": (_MISSING,)},
    "forecast": {"forecast_at": (_MISSING,), "prediction": (_MOSTLY,)},
}


def source_yaml(asked: AskedModel) -> str:
    """Return the table of the source ``predictions`` that scoring writes."""
    grain = ", ".join(quoted(name) for name in [*asked.grain, "model_version"])
    lines = [
        "sources:",
        f"  - name: {PREDICTIONS_SCHEMA}",
        f"    schema: {PREDICTIONS_SCHEMA}",
        "    tables:",
        f"      - name: {asked.name}",
        *folded("description", f"Grain: one row per {grain}. Written by scoring.", 8),
        "        columns:",
    ]
    for column in asked.columns:
        # No test here: before the first scoring the table is not there, and the door has them.
        lines += described(column, 10)
    return "\n".join(lines) + "\n"


def door_sql(asked: AskedModel) -> str:
    """Return the SQL of the door: of each key and date what was scored last."""
    names = [written(column.name) for column in asked.columns]
    grain = ", ".join(written(name) for name in asked.spoken_of)
    columns = ",\n".join(f"        {name}" for name in names)
    return f"""with predictions as (
    select
{columns}
    from {{{{ source('{PREDICTIONS_SCHEMA}', '{asked.name}') }}}}
),

-- What was told before stays in the source; readers see what was scored last, which after a
-- rollback an older version says.
placed as (
    select
        *,
        rank() over (
            partition by {grain}
            order by scored_at desc, model_version desc
        ) as place
    from predictions
),

final as (
    select
{columns}
    from placed
    where place = 1
)

select * from final
"""


def door_yaml(asked: AskedModel) -> str:
    """Return the YAML of the door with its unit test."""
    grain = ", ".join(asked.grain)
    says = f"Grain: one row per {grain}, what was scored last. The only door through which these "
    lines = [
        "models:",
        f"  - name: {asked.door}",
        *folded("description", f"{says}predictions enter SQL.", 4),
        "    config: {contract: {enforced: true}}",
        "    columns:",
    ]
    for column in asked.columns:
        lines += described(column, 6, tested=column.name in asked.grain)
    return "\n".join([*lines, "", *_unit_test(asked)]) + "\n"


def predictions_contract(asked: AskedModel) -> str:
    """Return the contract of the predictions."""
    lines = [
        f"dataset: warehouse/{PREDICTIONS_SCHEMA}/{asked.name}",
        "check_attributes:",
        f"  owner: {quoted(asked.owner)}",
        "  severity: block",
        f"  key: [{', '.join(quoted(name) for name in asked.grain)}, model_version]",
        "columns:",
    ]
    for column, checks in _PROMISES[asked.task].items():
        lines += [f"  - name: {column}", "    checks:", *(f"      - {each}" for each in checks)]
    lines += [
        "checks:",
        "  - row_count: {attributes: {severity: warn}}",
        "  - freshness:",
        "      column: scored_at",
        "      threshold: {unit: day, must_be_less_than: 2}",
        "      attributes: {severity: warn}",
    ]
    return "\n".join(lines) + "\n"


def _unit_test(asked: AskedModel) -> Iterator[str]:
    key = ", ".join(f"{quoted(column.name)}: {scalar(value(column, 0))}" for column in asked.key)
    number, told = NUMBERED.get(asked.task), asked.told
    first, second = (f"{number}: {at}, " if number else "" for at in (1, 2))
    same = f"{key}, as_of_date: 2025-03-01"
    other = f"{key}, as_of_date: 2025-04-01, {first}model_version: 9, {told}: 0.7"
    yield "unit_tests:"
    yield f"  - name: readers_see_what_was_scored_last_for_{asked.name}"
    yield f"    model: {asked.door}"
    yield "    given:"
    yield f"      - input: source('{PREDICTIONS_SCHEMA}', '{asked.name}')"
    yield "        rows:"
    yield f"          - {{{same}, {first}model_version: 9, {told}: 0.9,"
    yield "             scored_at: 2025-03-05}"
    yield f"          - {{{same}, {first}model_version: 10, {told}: 0.1,"
    yield "             scored_at: 2025-03-04}"
    if number:
        # One row more than the version that has spoken last told: none of it is to be seen.
        yield f"          - {{{same}, {second}model_version: 10, {told}: 0.1,"
        yield "             scored_at: 2025-03-04}"
    yield f"          - {{{other},"
    yield "             scored_at: 2025-04-05}"
    yield "    expect:"
    yield "      rows:"
    yield "        # A rollback: the older version has spoken last."
    yield f"        - {{{same}, {first}model_version: 9, {told}: 0.9}}"
    yield f"        - {{{other}}}"
