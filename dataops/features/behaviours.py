"""The behaviours of a project, held to the models they read before anything runs."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from dataops.features.behaviour import Behaviour
from dataops.features.views import META, View
from dataops.manifest import REFERABLE, Manifest
from ml.declaration.refusals import explain, shown
from ml.errors import UsageError
from ml.names import listed

BEHAVIOUR = "behaviour"
TOP = f"config.meta.{BEHAVIOUR}"
_CALL = re.compile(r"{{-?\s*behaviour\s*\((.*?)\)\s*-?}}", re.DOTALL)
_REF = r"ref\(\s*(?:['\"]\w+['\"]\s*,\s*)?['\"](\w+)['\"]"
_EVENTS = re.compile(rf"^\s*(?:events\s*=\s*)?{_REF}|events\s*=\s*{_REF}")
_MOMENTS = re.compile(rf"(moments|calendar)\s*=\s*(?:{_REF})?")


def check_behaviours(manifest: Manifest, views: Mapping[str, View]) -> None:
    """Refuse behaviours that are declared wrongly or name what the models they read have not.

    Raises UsageError naming each with its file and the nearest names.
    """
    problems = [
        f"behaviour of '{node['name']}' in {_file(node)}: {problem}"
        for node in manifest.raw["nodes"].values()
        if node["resource_type"] == "model"
        for problem in _problems(node, manifest, views)
    ]
    if problems:
        raise UsageError("\n".join(problems), fix="correct what is named, then: dbt parse")


def _problems(
    node: Mapping[str, Any], manifest: Manifest, views: Mapping[str, View]
) -> Iterator[str]:
    call = _CALL.search(str(node.get("raw_code") or ""))
    met = (node["config"].get("meta") or {}).get(BEHAVIOUR)
    view = views.get(node["name"])
    if call is None and met is None:
        return
    if call is None:
        yield f"{TOP} is declared and the SQL is not {{{{ behaviour(ref('…')) }}}}"
    elif not isinstance(met, Mapping):
        yield f"the SQL calls behaviour() and {TOP} is {shown(met)}; allowed: a mapping"
    elif view is None:
        yield f"it has no config.meta.{META}, which says what its rows are about"
    else:
        try:
            declared = Behaviour.model_validate(met)
        except ValidationError as error:
            yield from explain(error, Behaviour, TOP)
            return
        yield from _misfits(declared, view, call[1])
        yield from _not_there(declared, view, call[1], manifest)


def _misfits(declared: Behaviour, view: View, arguments: str) -> Iterator[str]:
    """Yield where the behaviour and its feature view do not say the same."""
    times = view.declared
    if times.known_time != times.event_time:
        yield (
            f"known_time of its feature view is '{times.known_time}'; allowed: "
            f"'{times.event_time}', because only what is known at a moment counts"
        )
    for name in declared.features:
        if name not in view.features:
            described = listed(name, view.features)
            yield f"feature '{name}' is not described under columns; there are: {described}"
    for name in view.features:
        if name not in declared.features:
            yield (
                f"column '{name}' is described and no feature of {TOP}; "
                f"it has: {listed(name, declared.features)}"
            )
    given = [found[1] for found in _MOMENTS.finditer(arguments)]
    given += ["every"] if declared.every else []
    if len(given) != 1:
        met = " and ".join(given) or "none of them"
        yield f"its moments are from {met}; allowed: one of moments, calendar, every"


def _not_there(
    declared: Behaviour, view: View, arguments: str, manifest: Manifest
) -> Iterator[str]:
    """Yield the columns that the models it reads do not describe; a CTE is the database's."""
    nodes = {
        node["name"]: node
        for node in manifest.raw["nodes"].values()
        if node["resource_type"] in REFERABLE
    }
    reads = [(read, _named(declared, view)) for read in _names(_EVENTS.search(arguments))]
    for found in _MOMENTS.finditer(arguments):
        wanted = {"the event time of the view": view.declared.event_time}
        if found[1] == "moments":
            wanted |= {f"entity[{at}]": key for at, key in enumerate(view.declared.entity)}
        reads += [(found[2], wanted)] if found[2] else []
    for name, wanted in reads:
        columns = nodes[name]["columns"] if name in nodes else {}
        for role, column in wanted.items():
            if columns and column not in columns:
                yield (
                    f"{role} is '{column}', no described column of {name}; "
                    f"it has: {listed(column, columns)} ({_file(nodes[name])})"
                )


def _named(declared: Behaviour, view: View) -> dict[str, str]:
    """Return what must be a column of the events, by what names it."""
    named = {f"entity[{at}]": key for at, key in enumerate(view.declared.entity)}
    named |= {key: getattr(declared, key) for key in ("event", "time", "known")}
    named |= {"superseded": declared.superseded} if declared.superseded else {}
    return named | {
        f"features.{name}": measure.column
        for name, measure in declared.features.items()
        if measure.column
    }


def _names(found: re.Match[str] | None) -> list[str]:
    return [name for name in found.groups() if name] if found else []


def _file(node: Mapping[str, Any]) -> str:
    return str(node.get("patch_path") or node["original_file_path"]).split("://")[-1]
