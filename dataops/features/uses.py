"""The training sets of a project, as their macro noted them when dbt parsed, held to the views."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dataops.features.views import View
from dataops.manifest import Manifest
from ml.errors import UsageError
from ml.names import listed

# What the macro begins its note in `config.meta` with.
NOTE = "training_set_"


@dataclass(frozen=True)
class TrainingSet:
    """One call of the macro ``training_set``.

    ``spine`` is the CTE it names, None for a relation; ``features`` has a mapping with ``view``,
    ``features`` (``*`` for all) and ``keys`` for each view.
    """

    model: str
    file: str
    spine: str | None
    time: str
    features: tuple[Mapping[str, Any], ...]
    node: Mapping[str, Any]


def training_sets(manifest: Manifest) -> list[TrainingSet]:
    """Return every call of ``training_set`` in the project's models."""
    return [
        TrainingSet(
            node["name"], node["original_file_path"], note["spine"], note["time"],
            tuple(note["features"]), node,
        )
        for node in manifest.raw["nodes"].values()
        for key, note in (node["config"].get("meta") or {}).items()
        if key.startswith(NOTE) and isinstance(note, Mapping)
    ]  # fmt: skip


def check_training_sets(manifest: Manifest, views: Mapping[str, View]) -> None:
    """Refuse training sets that ask for what no view has, or whose spine lacks a key.

    Raises UsageError naming each with its file and the nearest names.
    """
    problems = [
        f"training set '{each.model}' in {each.file}: {problem}"
        for each in training_sets(manifest)
        for problem in (*_unknown(each, views), *_lacking(each, views, manifest))
    ]
    if problems:
        raise UsageError("\n".join(problems), fix="correct what is named, then: dbt parse")


def _unknown(each: TrainingSet, views: Mapping[str, View]) -> Iterator[str]:
    for asked in each.features:
        view = views.get(asked["view"])
        if view is None:
            allowed = listed(asked["view"], views)
            yield (
                f"'{asked['view']}' is no feature view; there are: {allowed} "
                "(docs/features.md shows how to declare one)"
            )
            continue
        for name in asked["features"]:
            if name != "*" and name not in view.features:
                allowed = listed(name, view.features)
                yield f"'{name}' is no feature of {view.name}; it has: {allowed} ({view.file})"


def _lacking(each: TrainingSet, views: Mapping[str, View], manifest: Manifest) -> Iterator[str]:
    """Yield the columns that nothing the spine can be has; a CTE is judged by the database."""
    candidates = _spines(each, manifest)
    is_known = each.spine is None and candidates
    if not is_known or not all(_is_complete(node) for node in candidates):
        return
    has = {name.lower() for node in candidates for name in node["columns"]}
    wanted = {each.time: "the time"}
    for asked in each.features:
        if view := views.get(asked["view"]):
            keys = asked.get("keys") or {}
            wanted |= {
                keys.get(name, name): f"a key of {view.name}" for name in view.declared.entity
            }
    for name, role in wanted.items():
        if name.lower() not in has:
            spine = " or ".join(node["name"] for node in candidates)
            yield f"the spine ({spine}) has no column '{name}', {role}; it has: {listed(name, has)}"


def _spines(each: TrainingSet, manifest: Manifest) -> list[Mapping[str, Any]]:
    """Return what the model reads besides the views it asks for features."""
    asked = {feature["view"] for feature in each.features}
    parents = [
        node
        for unique_id in each.node["depends_on"]["nodes"]
        if (node := manifest.raw["nodes"].get(unique_id))
    ]
    return [node for node in parents if node["name"] not in asked] or parents


def _is_complete(node: Mapping[str, Any]) -> bool:
    """Whether the columns described are all there are."""
    return bool((node["config"].get("contract") or {}).get("enforced"))
