"""One feature, or one feature view, as a person reads it."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from dataops.features.catalog import Feature, catalog, near
from dataops.features.duplicates import Alike
from dataops.features.measures import Measured
from ml.errors import UsageError
from ml.names import listed
from orchestration.features.commands import checked_views
from orchestration.features.facts import Facts, alike, gather
from orchestration.features.listing import age, drift, duplicate_document, share, told, used_by
from orchestration.project import Project


def show_feature(folder: Path | None, name: str, window: str, as_json: bool) -> None:
    """Show ``VIEW``, ``VIEW.FEATURE`` or ``FEATURE``: what is said, measured, used and alike."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    every = catalog(project.manifest, checked_views(project))
    chosen = _chosen(every, name)
    facts = gather(project, window, [each.view.name for each in chosen])
    pairs = _pairs(project, facts, chosen)
    if as_json:
        alike_to = [duplicate_document(each) for each in pairs]
        document = {"features": [facts.document(each) for each in chosen], "alike": alike_to}
        console.print_json(json.dumps(document, default=str))
        return
    for part in _parts(facts, chosen, every, pairs):
        console.print(part)
    console.print("next: goldloop features get --entity KEY=VALUE, goldloop features list")


def _chosen(features: Sequence[Feature], name: str) -> list[Feature]:
    """Return the features that ``name`` names; raises UsageError when there is none."""
    found = [each for each in features if name in (each.view.name, each.full_name, each.name)]
    if not found:
        names = {*(each.full_name for each in features), *(each.view.name for each in features)}
        raise UsageError(
            f"'{name}' is no feature view and no feature; there are: {listed(name, names)}",
            fix="type: goldloop features list",
        )
    return found


def _pairs(project: Project, facts: Facts, chosen: Sequence[Feature]) -> list[Alike]:
    names = {each.full_name for each in chosen}
    views = [name for name in {each.view.name: None for each in chosen} if name in facts.views]
    if not views:
        return []
    found = alike(project, views)
    return [each for each in found if {each.one.full_name, each.other.full_name} & names]


def _parts(
    facts: Facts, chosen: Sequence[Feature], every: Sequence[Feature], pairs: Sequence[Alike]
) -> Iterator[Table | str]:
    for name in dict.fromkeys(each.view.name for each in chosen):
        mine = [each for each in chosen if each.view.name == name]
        yield from _head(facts, mine[0])
        yield _table(facts, mine)
    for feature in chosen:
        for other, _ in near(feature.name, feature.description, every):
            if other.full_name != feature.full_name and not feature.passed_on_from:
                yield escape(
                    f"{feature.full_name} is called or described much like {other.full_name}"
                )
    yield from (escape(f"nearly the same values: {told(each)}") for each in pairs)


def _head(facts: Facts, feature: Feature) -> Iterator[str]:
    view, declared = feature.view, feature.view.declared
    measured = facts.views.get(view.name)
    yield escape(f"{view.name}, of {view.owner} ({view.file})")
    yield escape(
        f"about {', '.join(declared.entity)}; holds from {declared.event_time}, known from "
        f"{declared.known_time}, for {declared.ttl}"
    )
    if measured is None:
        yield "it is not in the release: goldloop run"
    elif measured.newest:
        yield (
            f"{measured.rows:,} rows, the newest of {measured.newest:%Y-%m-%d %H:%M} UTC "
            f"({age(facts.age_days(feature))})"
        )


def _table(facts: Facts, features: Sequence[Feature]) -> Table:
    table = Table(Column("feature", overflow="fold"), "what it says", "null", "distinct", "drift")
    table.add_column("KS")
    table.add_column("used by (importance)")
    for feature in features:
        measured = facts.measured(feature)
        says = feature.description
        if feature.passed_on_from:
            says += f" (passed on from {feature.passed_on_from})"
        if measured is None and feature.view.name in facts.views:
            says += " (not in the release: goldloop run)"
        table.add_row(
            escape(feature.name),
            escape(says),
            share(measured.null_share if measured else None),
            f"{measured.distinct:,}" if measured else "",
            drift(measured.drift if measured else None),
            _distance(measured),
            escape(used_by(facts.uses[feature.full_name])),
        )
    return table


def _distance(measured: Measured | None) -> str:
    found = measured.drift.kolmogorov_smirnov if measured and measured.drift else None
    return "" if found is None else f"{found:.2f}"
