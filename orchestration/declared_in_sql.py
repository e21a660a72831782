"""The declaration of a model that SQL trains: an exposure's keys, flat or by part, without its on.

One parser reads both ways: what stands here is put where an exposure has it, and parsed as that.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from ml.declaration.estimator import Estimator
from ml.declaration.problem import Problem
from ml.declaration.refusals import keys_of, refusal
from ml.declaration.training import Train
from ml.spec import Declaration, ModelSpec, parse_spec
from orchestration.settings import read_settings

# The parts whose keys may stand by themselves, for none of them is a key of another part.
FLAT: Mapping[str, type[BaseModel]] = {"problem": Problem, "train": Train, "estimator": Estimator}
_SHOWN = "materialized='ml_model', meta={'ml': {'label': …, 'key': [...], 'preset': …}}"


def node_spec(asked: Mapping[str, Any]) -> ModelSpec:
    """Return what the dbt model of ``asked`` declares; its select is what is learnt from.

    Raises UsageError naming each key or value that is not allowed, with what is.
    """
    name, file, declared = asked["name"], asked["file"], asked["meta"]
    if not isinstance(declared, Mapping):
        raise refusal(
            name, file, [f"config.meta.ml is {declared!r}; allowed: a mapping, as in {_SHOWN}"]
        )
    folder = Path(asked["folder"])
    trust = read_settings(folder).ml.trust
    return parse_spec(
        name, _as_exposure(name, file, declared), file=file, folder=folder, trust=trust
    )


def _as_exposure(name: str, file: str, declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``declared`` with every key in its part, and the model itself as what is learnt from.

    Raises UsageError for a key said twice, and for one that the select says itself.
    """
    problems = [
        f"{part} is {declared[part]!r}; allowed: a mapping of keys to values"
        for part in FLAT
        if not isinstance(declared.get(part, {}), Mapping)
    ]
    if problems:
        raise refusal(name, file, problems)
    parts: dict[str, Any] = {part: dict(declared.get(part, {})) for part in FLAT}
    for key, value in declared.items():
        part = _part_of(key)
        if part is None:
            parts.setdefault(key, value)
        elif key in parts[part]:
            problems.append(f"{key} stands twice; allowed: once, flat or in {part}")
        else:
            parts[part][key] = value
    train = parts["train"]
    if {"on", "true", True} & train.keys():
        problems.append("train.on is no key here: the model's own select is the training set")
    if "score" in parts:
        problems.append("score is no key here: SQL scores by ml_predict(ref(…), ref(…))")
    if problems:
        raise refusal(name, file, problems)
    parts["train"] = {**train, "on": name}
    # Nothing but ml_predict scores; what is missing is told of train, where it is declared.
    keys = train["key"] if isinstance(train.get("key"), list) and train["key"] else [name]
    # Who is recommended to is a user; the key of what is learnt from has the item, too.
    keys = [key for key in keys if key != train.get("item")] or keys
    return parts | {"score": {"on": name, "key": keys, "time": train.get("time") or str(keys[0])}}


def _part_of(key: str) -> str | None:
    if key in keys_of(Declaration):
        return None
    return next((part for part, model in FLAT.items() if key in keys_of(model)), None)
