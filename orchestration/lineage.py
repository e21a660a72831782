"""What `goldloop lineage` does: a walk over columns, from files to marts, through ML models."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.tree import Tree

from dataops.lineage.places import ROWS, Kind, Place, is_registry
from dataops.lineage.whole import EXPOSURE, Whole, whole
from dataops.manifest import Manifest
from ml.errors import PipelineError, UsageError
from ml.names import listed
from orchestration.declared import declared_by_sql, declared_in
from orchestration.project import Project

_SHOWN = 6
_UP = {
    Kind.VALUE: "",
    Kind.SCORED: "scored from ",
    Kind.LEARNT: "learnt from ",
    Kind.TABLE: "not resolved, any column of ",
}
_DOWN = {
    Kind.VALUE: "",
    Kind.SCORED: "scored into ",
    Kind.LEARNT: "learnt by ",
    Kind.TABLE: "not resolved, maybe ",
}

# Wider than any line.
_WHOLE = 100_000


@dataclass(frozen=True)
class Asked:
    """What is asked: a name, which way, how far, and what of it is to be told."""

    name: str
    is_up: bool
    is_down: bool
    depth: int | None
    influences: bool
    unresolved: bool


def show_lineage(folder: Path | None, asked: Asked, as_json: bool) -> None:
    """Show what a column, or each of a relation, comes from and reaches in the current release.

    Raises UsageError for a name that is not there, PipelineError where there is no release.
    """
    project, console = Project.locate(folder), Console(soft_wrap=True)
    release = project.warehouse.current_release()
    if release is None:
        raise PipelineError(
            f"{project.home} has no release, and lineage is read from one", fix="type: goldloop run"
        )
    manifest = Manifest.read(release.manifest)
    specs = [*declared_in(project, manifest), *declared_by_sql(project, manifest)]
    with project.warehouse.read() as connection:
        found = whole(connection, manifest, [project.target], specs)
    starts = _starts(found, asked.name)
    reasons = found.unresolved()
    if as_json:
        document = _document(found, starts, asked, reasons) | {"release": release.id}
        console.print_json(json.dumps(document))
        return
    for is_up, is_asked in ((True, asked.is_up), (False, asked.is_down)):
        if is_asked:
            # A terminal folds long lines within the tree; a file or a pipe gets each whole.
            page = console if console.is_terminal else Console(width=_WHOLE)
            page.print(_Drawing(found, asked, is_up).of(starts), soft_wrap=False)
    _print_resolved(console, reasons, asked.unresolved)


def _starts(found: Whole, name: str) -> list[Place]:
    """Return the columns that ``name`` names; upper and lower case are one."""
    steps, wanted = found.steps, name.lower()
    for relation in sorted(steps.relations, key=len, reverse=True):
        columns = steps.columns(relation)
        if wanted == relation:
            return [Place(relation, each) for each in columns or [ROWS]]
        rest = wanted.removeprefix(f"{relation}.")
        if rest != wanted and rest in columns:
            return [Place(relation, rest)]
        if rest != wanted:
            raise UsageError(
                f"'{rest}' is no column of {relation}; it has: {listed(rest, columns)}",
                fix=f"type: goldloop lineage {relation}",
            )
    raise UsageError(
        f"'{name}' is no relation of the release; there are: {listed(wanted, steps.relations)}",
        fix="type: goldloop lineage LAYER.RELATION.COLUMN",
    )


class _Drawing:
    """A tree of relations; each shows the columns that the one above it comes from, or reaches."""

    def __init__(self, found: Whole, asked: Asked, is_up: bool) -> None:
        self._found, self._asked, self._is_up = found, asked, is_up
        self._drawn = set[Place]()
        self._titles = {each.place.relation: each for each in found.models}

    def of(self, starts: Sequence[Place]) -> Tree:
        way = "comes from" if self._is_up else "reaches"
        tree = Tree(f"{self._label(starts[0].relation, starts)} [dim]{way}[/]")
        self._grow(tree, starts, 1)
        return tree

    def _grow(self, tree: Tree, places: Sequence[Place], level: int) -> None:
        new = [each for each in places if each not in self._drawn]
        self._drawn.update(new)
        if self._asked.depth is not None and level > self._asked.depth:
            return
        for (relation, kind), next_places in self._next(new).items():
            said = self._said(kind, relation, new)
            above = all(each in self._drawn for each in next_places)
            mark = " [dim](see above)[/]" if above and self._has_more(next_places) else ""
            text = f"[dim]{said}[/]{self._label(relation, next_places)}"
            self._grow(tree.add(text + mark), next_places, level + 1)

    def _next(self, places: Sequence[Place]) -> dict[tuple[str, Kind], list[Place]]:
        found: dict[tuple[str, Kind], list[Place]] = {}
        for place in places:
            for step in self._steps(place):
                there = step.parent if self._is_up else step.child
                group = found.setdefault((there.relation, step.kind), [])
                if there not in group and there.relation != place.relation:
                    group.append(there)
                elif there.relation == place.relation and there not in self._drawn:
                    group.append(there)
        return {key: group for key, group in found.items() if group}

    def _said(self, kind: Kind, relation: str, places: Sequence[Place]) -> str:
        if self._is_up and relation in self._titles:
            return "through "
        if not self._is_up and places[0].relation in self._titles:
            return "tells "
        return (_UP if self._is_up else _DOWN).get(kind, f"{kind.value} ")

    def _steps(self, place: Place) -> list[Any]:
        steps = self._found.steps
        if self._is_up:
            both = steps.up(place)
        else:
            # Of the registry's tables, which have rows of every model, those that SQL reads.
            both = tuple(
                each
                for each in steps.down(place)
                if not is_registry(each.child.relation) or steps.down(each.child)
            )
        return [each for each in both if self._asked.influences or each.is_value]

    def _has_more(self, places: Sequence[Place]) -> bool:
        return any(self._steps(each) for each in places)

    def _label(self, relation: str, places: Sequence[Place]) -> str:
        model = self._titles.get(relation)
        if model is not None:
            version = f"{model.spec.name}@{model.version}" if model.version else "never trained"
            return escape(
                f"{relation} ({version}, {model.spec.estimator.name}, "
                f"{len(model.features)} features)"
            )
        names = ["rows" if each.column == ROWS else each.column for each in places]
        names = [*dict.fromkeys(names)]
        more = f", … ({len(names) - _SHOWN} more)" if len(names) > _SHOWN else ""
        told = "" if relation.startswith(f"{EXPOSURE}.") else ": " + ", ".join(names[:_SHOWN])
        return f"[bold]{escape(relation)}[/]{escape(told + more)}"


def _print_resolved(console: Console, reasons: dict[Place, str | None], every: bool) -> None:
    counted = _counted(reasons)
    resolved = sum(done for done, _ in counted.values())
    layers = ", ".join(f"{layer} {done:,}/{of:,}" for layer, (done, of) in counted.items())
    share = f"{resolved / len(reasons):.1%}" if reasons else "none"
    console.print(f"columns resolved: {resolved:,} of {len(reasons):,} ({share}): {layers}")
    missing = {place: why for place, why in reasons.items() if why}
    for place, why in missing.items() if every else ():
        console.print(escape(f"  {place.relation}.{place.column}: {why}"))
    if missing and not every:
        console.print("those that are not: goldloop lineage … --unresolved")


def _counted(reasons: dict[Place, str | None]) -> dict[str, tuple[int, int]]:
    every = Counter(place.relation.partition(".")[0] for place in reasons)
    done = Counter(place.relation.partition(".")[0] for place, why in reasons.items() if not why)
    return {layer: (done[layer], of) for layer, of in sorted(every.items())}


def _document(
    found: Whole, starts: Sequence[Place], asked: Asked, reasons: dict[Place, str | None]
) -> dict[str, Any]:
    def told(is_up: bool) -> list[dict[str, str]]:
        steps = found.steps.walk(
            starts, is_up=is_up, influences=asked.influences, depth=asked.depth
        )
        return [
            {"from": _name(each.parent), "to": _name(each.child), "kind": each.kind.value}
            for each in steps
        ]

    return {
        "columns": [_name(each) for each in starts],
        "up": told(True) if asked.is_up else None,
        "down": told(False) if asked.is_down else None,
        "models": [
            {
                "model": each.place.relation, "version": each.version,
                "trained_on": each.trained_on, "scored_on": each.scored_on,
                "features": {name: [*read] for name, read in each.features.items()},
            }
            for each in found.models
        ],
        "resolved": {
            layer: {"resolved": done, "columns": of}
            for layer, (done, of) in _counted(reasons).items()
        },
        "unresolved": {_name(place): why for place, why in reasons.items() if why},
    }  # fmt: skip


def _name(place: Place) -> str:
    return f"{place.relation}.{place.column}"
