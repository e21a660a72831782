"""Put a new feature into a training set that is there: its SQL, its YAML, its unit tests.

The files are a person's, so text is put in and nothing else is touched. Where a file is written
in another way than the macros' page shows, that is said and nothing is changed.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from dataops.features.uses import training_sets
from dataops.manifest import Manifest
from dataops.scaffold.asked import AskedFeature
from dataops.scaffold.feature_yaml import declared
from dataops.scaffold.select_list import UnknownShape, is_one_call, passes_on, with_column
from dataops.scaffold.text import folded, quoted
from ml.errors import UsageError
from ml.names import listed

_CTE = re.compile(r"(\w+)\s+as\s*\(\s*\{\{-?\s*training_set\s*\(")
Edits = dict[Path, str]


def join_in(asked: AskedFeature, model: str, manifest: Manifest, folder: Path) -> Edits:
    """Return the new text of each file that has to change so that ``model`` has the feature.

    The models that pass on all columns of ``model`` under a contract get the column described,
    too. Raises UsageError for a model that is no training set, or is written in another way.
    """
    known = {each.model: each for each in training_sets(manifest)}
    if model not in known:
        raise UsageError(
            f"--into is '{model}', no model that calls training_set; there are: "
            f"{listed(model, known)}",
            fix="correct --into, or leave it out and join the view yourself (docs/features.md)",
        )
    node = known[model].node
    path = folder / node["original_file_path"]
    edits: Edits = {path: _sql(asked, path)}
    for each in [node, *_passing_on(node, manifest, folder)]:
        _edit(edits, _described_in(each, folder), lambda t, n=each["name"]: _column(asked, n, t))
    for test in (manifest.raw.get("unit_tests") or {}).values():
        if test["model"] == model:
            where = folder / test["original_file_path"]
            _edit(edits, where, lambda t, n=test["name"]: _unit_test(asked, n, t))
    return edits


def _edit(edits: Edits, path: Path, change: Any) -> None:
    edits[path] = change(edits.get(path) or path.read_text(encoding="utf-8"))


def _sql(asked: AskedFeature, path: Path) -> str:
    """Add the view to the list of features, and the feature to what is selected of it."""
    text = path.read_text(encoding="utf-8")
    start, end = _list(text, path)
    items = text[start:end]
    tail = items[len(items.rstrip()) :]
    indent = re.search(r"\n[ \t]*(?=['{])", items)
    comma = f",{indent[0] if indent else ' '}" if items.strip() else ""
    item = f"{comma}'{asked.view}'"
    text = text[:start] + items.rstrip().rstrip(",") + item + tail + text[end:]
    try:
        return _selected(asked, text)
    except UnknownShape as error:
        raise _by_hand(path, str(error)) from None


def _selected(asked: AskedFeature, text: str) -> str:
    """Select the feature from the CTE that calls ``training_set``; a call alone has it already."""
    cte = _CTE.search(text)
    if cte is None:
        if is_one_call(text):
            return text
        raise UnknownShape("a CTE that is the call of training_set, or nothing but the call")
    value = f"{cte[1]}.{asked.name}"
    if asked.aggregate.counts:
        value = f"coalesce({value}, 0) as {asked.name}"
    return with_column(text, cte[1], asked.name, value)


def _list(text: str, path: Path) -> tuple[int, int]:
    """Return where the items of ``features=[…]`` begin and end."""
    calls = list(re.finditer(r"training_set\s*\((?:.|\n)*?features\s*=\s*\[", text))
    if len(calls) != 1:
        raise _by_hand(path, "one call of training_set with a list of features")
    depth, start = 1, calls[0].end()
    for place in range(start, len(text)):
        depth += {"[": 1, "]": -1}.get(text[place], 0)
        if depth == 0:
            return start, place
    raise _by_hand(path, "the end of the list of features")


def _passing_on(
    node: Mapping[str, Any], manifest: Manifest, folder: Path
) -> Iterator[Mapping[str, Any]]:
    """Yield the models under a contract that pass on every column of ``node``.

    One that has them all by name would have the feature in its YAML and not in its rows.
    """
    for each in manifest.raw["nodes"].values():
        is_child = node["unique_id"] in (each.get("depends_on") or {}).get("nodes", [])
        if each["resource_type"] == "model" and is_child and _is_held(each):
            if node["columns"] and set(node["columns"]) <= set(each["columns"]):
                path = folder / each["original_file_path"]
                if not passes_on(path.read_text(encoding="utf-8"), node["name"]):
                    raise _by_hand(path, f"'select *' of {node['name']}, whose columns it has all")
                yield each


def _is_held(node: Mapping[str, Any]) -> bool:
    return bool((node["config"].get("contract") or {}).get("enforced"))


def _described_in(node: Mapping[str, Any], folder: Path) -> Path:
    if not node.get("patch_path"):
        raise _by_hand(folder / node["original_file_path"], "a YAML file that describes it")
    return folder / str(node["patch_path"]).split("://")[-1]


def _column(asked: AskedFeature, model: str, text: str) -> str:
    columns = _at(_named(_at(yaml.compose(text), "models"), model), "columns")
    if columns is None or not columns.value:
        return text
    described = {
        "name": asked.name,
        "data_type": asked.aggregate.type,
        "description": asked.description,
    }
    return _before(
        text,
        columns,
        columns.value[-1],
        [
            f"- name: {quoted(asked.name)}",
            f"  data_type: {asked.aggregate.type}",
            *folded("description", asked.description, 2),
        ],
        json.dumps(described, ensure_ascii=False),
    )


def _unit_test(asked: AskedFeature, name: str, text: str) -> str:
    """Give the test the view's declaration and no row of it, as dbt asks for both."""
    test = _named(_at(yaml.compose(text), "unit_tests"), name)
    given = _at(test, "given")
    if given is not None and given.value:
        item = {"input": f"ref('{asked.view}')", "rows": []}
        lines = [f"- input: {item['input']}", "  rows: []"]
        text = _before(text, given, given.value[0], lines, json.dumps(item))
    test = _named(_at(yaml.compose(text), "unit_tests"), name)
    views = _at(_at(_at(test, "overrides"), "macros"), "feature_views")
    if views is not None and views.value:
        told = [*declared(asked, says_owner=False), f"features: [{quoted(asked.name)}]"]
        lines = [f"{asked.view}:", *(f"  {line}" for line in told)]
        inline = f"{asked.view}: {{{', '.join(told)}}}"
        text = _before(text, views, views.value[0][0], lines, inline)
    return text


def _before(
    text: str, within: yaml.CollectionNode, node: yaml.Node, lines: Sequence[str], inline: str
) -> str:
    """Put what is new before ``node``, an item of a list or a key ``within`` a list or a mapping.

    Above it as ``lines``; as ``inline`` where the whole stands in brackets.
    """
    mark = node.start_mark
    if within.flow_style:
        return f"{text[: mark.index]}{inline}, {text[mark.index :]}"
    every = text.split("\n")
    # An item of a list begins with its dash.
    indent = " " * (mark.column - 2 * isinstance(within, yaml.SequenceNode))
    every[mark.line : mark.line] = [indent + line for line in lines]
    return "\n".join(every)


def _at(node: Any, key: str) -> Any:
    """Return the value of ``key`` in a YAML mapping, None where there is none."""
    pairs = node.value if isinstance(node, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)


def _named(node: Any, name: str) -> Any:
    """Return the mapping of a YAML list whose ``name`` is ``name``."""
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    return next((each for each in items if getattr(_at(each, "name"), "value", "") == name), None)


def _by_hand(path: Path, lacking: str) -> UsageError:
    return UsageError(
        f"{path} cannot be changed by --into: it has not {lacking}",
        fix="leave --into out and join the view yourself (docs/features.md)",
    )
