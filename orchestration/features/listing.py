"""The features of a project as a table or as JSON: all, those searched for, those alike."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from dataops.features.catalog import Feature, catalog, search
from dataops.features.drift import Moved
from dataops.features.duplicates import Alike
from dataops.features.usage import Use
from orchestration.features.commands import checked_views
from orchestration.features.facts import Facts, alike, gather
from orchestration.project import Project

NEXT = "next: goldloop features show VIEW.FEATURE, goldloop features search WORDS"


def list_features(folder: Path | None, window: str, as_json: bool) -> None:
    """Show every feature: owner, freshness, null share, drift, and which models use it."""
    facts, console = gather(Project.locate(folder), window), Console(soft_wrap=True)
    if as_json:
        documents = [facts.document(feature) for feature in facts.features]
        console.print_json(json.dumps(documents, default=str))
        return
    if not facts.features:
        console.print("there is no feature view\nnext: goldloop new feature NAME --from MODEL …")
        return
    _print(facts, console)
    console.print(f"drift is the population stability index of the last {window} and those before")
    console.print(NEXT)


def list_duplicates(folder: Path | None, as_json: bool) -> None:
    """Show the pairs of features whose values are nearly the same in the current release."""
    console, found = Console(soft_wrap=True), alike(Project.locate(folder))
    if as_json:
        console.print_json(json.dumps([duplicate_document(each) for each in found]))
        return
    for each in found:
        console.print(escape(told(each)))
    if not found:
        console.print("no two features have nearly the same values")
    console.print(NEXT)


def search_features(folder: Path | None, words: Sequence[str], as_json: bool) -> None:
    """Show the features that have ``words`` in name or description, the best first."""
    project, console = Project.locate(folder), Console(soft_wrap=True)
    found = search(words, catalog(project.manifest, checked_views(project)))
    if as_json:
        documents = [_searched(feature, score) for feature, score in found]
        console.print_json(json.dumps(documents))
        return
    if not found:
        console.print(f"no feature is called or described by: {escape(' '.join(words))}")
    for feature, _ in found:
        says = f"{feature.full_name}, {feature.view.owner}: {feature.description}"
        if feature.passed_on_from:
            says += f" (passed on from {feature.passed_on_from})"
        console.print(escape(says))
    console.print(NEXT if found else "next: goldloop features list, goldloop new feature NAME …")


def told(each: Alike) -> str:
    """Return in words that two features are alike."""
    how = (
        f"correlation {each.correlation:.3f}"
        if each.correlation is not None
        else f"{each.share:.1%} of the values equal"
    )
    return f"{each.one.full_name} and {each.other.full_name}: {how} on {each.rows:,} rows"


def duplicate_document(each: Alike) -> dict[str, Any]:
    """Return two features that are alike as JSON holds them."""
    found = asdict(each)
    return found | {"one": each.one.full_name, "other": each.other.full_name}


def used_by(uses: Iterable[Use]) -> str:
    """Return which models use a feature, and what it is worth to each."""
    return ", ".join(
        use.model if use.importance is None else f"{use.model} {use.importance:.4f}" for use in uses
    )


def share(value: float | None) -> str:
    """Return a share as a table shows it, nothing for none."""
    return "" if value is None else f"{value:.1%}"


def drift(moved: Moved | None) -> str:
    """Return a drift as a table shows it, a large one marked; nothing for none."""
    if moved is None:
        return ""
    return f"[yellow]{moved.index:.2f}[/]" if moved.is_large else f"{moved.index:.2f}"


def age(days: float | None) -> str:
    """Return an age as a table shows it."""
    return "is not built" if days is None else f"{days:,.0f} days ago"


def _print(facts: Facts, console: Console) -> None:
    """Print a line a view and below it a row a feature; what a view passes on stands once."""
    widest = max(len(feature.name) for feature in facts.features)
    names = ("feature", "null", "drift", "used by (importance)")
    console.print(f"[bold]{names[0]:{widest + 4}}{names[1]:8}{names[2]:7}{names[3]}[/]")
    for name in dict.fromkeys(feature.view.name for feature in facts.features):
        mine = [feature for feature in facts.features if feature.view.name == name]
        own = [feature for feature in mine if not feature.passed_on_from]
        more = f"; passes on {len(mine) - len(own)} more" if len(own) < len(mine) else ""
        head = f"{name}, {mine[0].view.owner}, {age(facts.age_days(mine[0]))}{more}"
        console.print(f"[bold]{escape(head)}[/]")
        for feature in own:
            console.print(_line(facts, feature, widest))


def _line(facts: Facts, feature: Feature, widest: int) -> Text:
    measured = facts.measured(feature)
    shown = Text.from_markup(drift(measured.drift if measured else None))
    shown.pad_right(max(0, 7 - len(shown)))
    null = share(measured.null_share if measured else None)
    return Text.assemble(
        f"  {feature.name:{widest + 2}}{null:8}", shown, used_by(facts.uses[feature.full_name])
    )


def _searched(feature: Feature, score: float) -> dict[str, Any]:
    return {
        "feature": feature.name,
        "view": feature.view.name,
        "description": feature.description,
        "owner": feature.view.owner,
        "passed_on_from": feature.passed_on_from,
        "likeness": round(score, 3),
    }
