"""What a new ML model is made of in a dbt project: declaration, source, door, unit test, contract.

The door is the one bronze model through which the predictions come back into SQL.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from dataops.scaffold.asked import Column
from dataops.scaffold.described import described
from dataops.scaffold.example import scalar, value
from dataops.scaffold.feature_sql import written
from dataops.scaffold.text import folded, quoted
from ml.declaration.measures import MEASURES
from ml.tables import PREDICTION_COLUMNS, PREDICTIONS_SCHEMA

_ORDER = ("model_name", "run_id", "model_version", "score", "prediction", "as_of_date", "scored_at")


@dataclass(frozen=True)
class AskedModel:
    """An ML model to write; every column is one of ``train_on``."""

    name: str
    train_on: str
    score_on: str
    label: Column
    key: tuple[Column, ...]
    time: Column
    preset: str
    metric: str
    question: str
    decision: str
    owner: str
    email: str | None

    @property
    def door(self) -> str:
        """The bronze model that reads the predictions."""
        return f"brz_{PREDICTIONS_SCHEMA}__{self.name}"

    @property
    def is_classification(self) -> bool:
        """Whether classes are told."""
        return "classification" in MEASURES[self.metric].tasks

    @property
    def columns(self) -> list[Column]:
        """What a prediction has, in the order of the door."""
        told = self.label.type if self.is_classification else "double"
        made = {
            name: Column(name, kind or told, says.replace("`", ""))
            for name, (kind, says) in PREDICTION_COLUMNS.items()
        }
        return [*self.key, *(made[name] for name in _ORDER)]

    @property
    def grain(self) -> list[str]:
        """The columns that name a prediction of one version."""
        return [*(column.name for column in self.key), "as_of_date"]


def exposure_yaml(asked: AskedModel) -> str:
    """Return the declaration with its problem card."""
    email = f", email: {quoted(asked.email)}" if asked.email else ""
    keys = ", ".join(quoted(column.name) for column in asked.key)
    lines = [
        "exposures:",
        f"  - name: {asked.name}",
        "    type: ml",
        *folded("description", asked.question, 4),
        f"    owner: {{name: {quoted(asked.owner)}{email}}}",
        f"    depends_on: [ref('{asked.train_on}'), ref('{asked.score_on}')]",
        "    config:",
        "      meta:",
        "        ml:",
        "          problem:",
        *folded("question", asked.question, 12),
        *folded("decision", asked.decision, 12),
        "            baseline: prior",
        "            success:",
        f"              - {{metric: {asked.metric}, beats_baseline_by: 0}}",
        "          train:",
        f'            "on": {asked.train_on}',
        f"            label: {quoted(asked.label.name)}",
        f"            key: [{keys}]",
        f"            time: {quoted(asked.time.name)}",
        "            # If a label looks ahead, say how many days: embargo_days.",
        "            split: {by: time, test: 0.2}",
        f"          estimator: {{preset: {asked.preset}, seed: 0}}",
        "          score:",
        f'            "on": {asked.score_on}',
        f"            key: [{keys}]",
        f"            time: {quoted(asked.time.name)}",
    ]
    return "\n".join(lines) + "\n"


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
    """Return the SQL of the door: of each prediction what was scored last."""
    names = [written(column.name) for column in asked.columns]
    grain = ", ".join(written(name) for name in asked.grain)
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
        row_number() over (
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
        "  - name: prediction",
        "    checks:",
        "      - missing:",
    ]
    if asked.is_classification:
        lines += [
            "  - name: score",
            "    checks:",
            "      - missing:",
            "      - invalid: {valid_min: 0, valid_max: 1}",
        ]
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
    same = f"{key}, as_of_date: 2025-03-01"
    other = f"{key}, as_of_date: 2025-04-01, model_version: 9, score: 0.7"
    yield "unit_tests:"
    yield f"  - name: readers_see_what_was_scored_last_for_{asked.name}"
    yield f"    model: {asked.door}"
    yield "    given:"
    yield f"      - input: source('{PREDICTIONS_SCHEMA}', '{asked.name}')"
    yield "        rows:"
    yield f"          - {{{same}, model_version: 9, score: 0.9,"
    yield "             scored_at: 2025-03-05}"
    yield f"          - {{{same}, model_version: 10, score: 0.1,"
    yield "             scored_at: 2025-03-04}"
    yield f"          - {{{other},"
    yield "             scored_at: 2025-04-05}"
    yield "    expect:"
    yield "      rows:"
    yield "        # A rollback: the older version has spoken last."
    yield f"        - {{{same}, model_version: 9, score: 0.9}}"
    yield f"        - {{{other}}}"
