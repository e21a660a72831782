"""What is said of a new feature: the model's YAML with its unit test, and its contract."""

from collections.abc import Iterator, Sequence

from dataops.features.views import ONE_ROW
from dataops.scaffold import example
from dataops.scaffold.asked import AskedFeature, Column
from dataops.scaffold.described import described
from dataops.scaffold.text import folded, quoted
from ml.relation import Relation


def feature_yaml(asked: AskedFeature) -> str:
    """Return the YAML beside the model: a feature view, its columns and a unit test."""
    lines = [
        "models:",
        f"  - name: {asked.view}",
        *folded("description", _grain(asked), 4),
        "    config:",
        "      contract: {enforced: true}",
        "      meta:",
        "        feature_view:",
        *(f"          {line}" for line in declared(asked, asked.says_owner)),
        f"    data_tests: [{ONE_ROW}]",
        "    columns:",
    ]
    for column in asked.entity:
        lines += _column(column, asked, tested=True)
    lines += _column(Column(asked.name, asked.aggregate.type, asked.description), asked)
    lines += _column(asked.as_of, asked, tested=True)
    return "\n".join([*lines, "", *_unit_test(asked)]) + "\n"


def declared(asked: AskedFeature, says_owner: bool) -> list[str]:
    """Return the lines of ``feature_view``."""
    lines = [
        f"entity: [{', '.join(quoted(column.name) for column in asked.entity)}]",
        f"event_time: {quoted(asked.as_of.name)}",
        f"known_time: {quoted(asked.as_of.name)}",
        f"ttl: {asked.ttl}",
    ]
    return [*lines, f"owner: {quoted(asked.owner)}"] if says_owner else lines


def feature_contract(asked: AskedFeature, relation: Relation) -> str:
    """Return the contract of the model that dbt writes to ``relation``."""
    lines = [
        f"dataset: warehouse/{relation.schema}/{relation.name}",
        "check_attributes:",
        f"  owner: {quoted(asked.owner)}",
        "  severity: block",
        f"  key: [{', '.join(quoted(name) for name in asked.grain)}]",
        "columns:",
        f"  - name: {quoted(asked.name)}",
        "    checks:",
    ]
    if asked.aggregate.how in ("count", "count_distinct"):
        lines += [
            "      - invalid:",
            "          valid_min: 1",
        ]
    else:
        lines += [
            "      - missing:",
            "          threshold: {metric: percent, must_be_less_than: 90}",
            "          attributes: {severity: warn}",
        ]
    lines += ["checks:", "  - row_count: {attributes: {severity: warn}}"]
    return "\n".join(lines) + "\n"


def window_words(asked: AskedFeature) -> str:
    """Return the window in words."""
    return "at any time before" if asked.seconds is None else f"in the {asked.window} before"


def _grain(asked: AskedFeature) -> str:
    entity = ", ".join(column.name for column in asked.entity)
    known = " and were known by its start" if asked.known else ""
    return (
        f"Grain: one row per {entity} with a row of {asked.source} {window_words(asked)}, per "
        f"{asked.as_of.name}. Rows count if they happened before the moment{known}."
    )


def _column(column: Column, asked: AskedFeature, tested: bool = False) -> Iterator[str]:
    says = column.description or f"The {column.name} as {asked.source} has it."
    yield from described(Column(column.name, column.type, says), 6, tested)


def _unit_test(asked: AskedFeature) -> Iterator[str]:
    rows = example.given(asked)
    yield "unit_tests:"
    yield f"  - name: {asked.name}_counts_what_happened_in_time_and_was_known"
    yield f"    model: {asked.view}"
    yield "    given:"
    if asked.moments:
        yield from _input(asked.moments.model, example.moments(asked))
    yield from _input(asked.source, rows)
    yield "    expect:"
    yield "      rows:"
    yield from (example.flow(row, 8) for row in example.expected(asked, rows))


def _input(model: str, rows: Sequence[example.Row]) -> Iterator[str]:
    yield f"      - input: ref('{model}')"
    yield "        rows:"
    yield from (example.flow(row, 10) for row in rows)
