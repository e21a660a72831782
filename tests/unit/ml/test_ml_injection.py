"""Each key of a declaration that holds text, filled with what would break out of SQL."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel

from ml.declaration.refusals import keys_of
from ml.errors import UsageError
from ml.relation import quote
from ml.spec import Declaration
from tests.unit.ml.world import declare, small_world

HOSTILE = [
    'x"; drop table gold.kept; --',
    "x'); drop table gold.kept; --",
    "select größe 名前 🙂",
    "../../{{ env_var('HOME') }}\0",
    "os.system",
]


def texts(model: type[BaseModel], above: str = "") -> Iterator[tuple[str, str]]:
    """Each key that holds text, a list of it, or names by text: its dotted path, what it holds."""
    for name, field in keys_of(model).items():
        path, kinds = f"{above}{name}", list(walked(field.annotation))
        models = [each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)]
        if any(get_origin(each) is Mapping for each in kinds):
            yield path, "mapping"
        elif models and any(get_origin(each) is tuple for each in kinds):
            for each in models:
                yield from texts(each, f"{path}.0.")
        elif models:
            for each in models:
                yield from texts(each, f"{path}.")
        elif str in kinds or any(get_origin(each) is Literal for each in kinds):
            yield path, "list" if any(get_origin(each) is tuple for each in kinds) else "text"


def walked(annotation: Any) -> Iterator[Any]:
    yield annotation
    if get_origin(annotation) is Literal:
        return
    inner = get_args(annotation)
    for each in inner[:1] if get_origin(annotation) is Annotated else inner:
        yield from walked(each)


KEYS = list(texts(Declaration))


def filled(path: str, holds: str, text: str) -> dict[str, Any]:
    """A whole declaration in which ``path`` holds ``text``."""
    value: Any = {"list": [text], "mapping": {text: text}}.get(holds, text)
    *above, last = path.split(".")
    meta = declare({"estimator.params": {"max_iter": 2}})
    here: Any = meta
    for step in above:
        if isinstance(here, list):
            here = here[int(step)]
        else:
            here = here.setdefault(step, {})
    here[last] = value
    if path in ("estimator.class", "estimator.builder"):
        del meta["estimator"]["preset"], meta["estimator"]["params"]
    return meta


def test_the_keys_that_hold_text_are_found():
    found = dict(KEYS)
    assert len(found) >= 32
    assert {"train.on", "train.label", "estimator.class", "estimator.builder"} <= set(found)
    assert (found["train.key"], found["train.transform"]) == ("list", "mapping")
    assert found["problem.success.0.metric"] == "text"
    assert found["estimator.params"] == "mapping"


@pytest.mark.parametrize(("path", "holds"), KEYS)
def test_no_text_in_any_key_breaks_out(path, holds):
    world = small_world()
    world.sql("create table gold.kept as select 1 as one")
    before = state(world)
    for text in HOSTILE:
        world.changes = filled(path, holds, text)
        # As a name it works, or the declaration is refused; anything else is a failure.
        with suppress(UsageError):
            world.train()
            world.score()
        assert state(world) == before
        for schema in ("ml", "predictions"):
            world.sql(f"drop schema if exists {schema} cascade")


def state(world):
    """What is in the warehouse beside the engine's own tables."""
    found = world.sql("select schema_name, table_name, estimated_size from duckdb_tables()")
    mine = {each for each in found if each[0] not in ("ml", "predictions")}
    return mine, world.sql("select count(*), count(y), count(c), min(a), max(a) from gold.trn")


@pytest.mark.parametrize("text", [each for each in HOSTILE if "\0" not in each])
def test_a_hostile_name_of_a_feature_and_of_a_class_is_a_name(text):
    world = small_world()
    world.sql(f"alter table gold.trn rename a to {quote(text)}")
    world.sql(f"alter table gold.ftr rename a to {quote(text)}")
    world.conn.execute(
        "create or replace table gold.trn as select * replace (if(y, ?, 'no') as y) from gold.trn",
        [text],
    )
    world.changes = {
        "problem.success": [{"metric": "accuracy", "at_least": 0}],
        "train.features": {"include": [text, "b", "d"], "exclude": ["c"]},
        "estimator.monotonic": {text: "increasing"},
        "estimator.class_weight": {text: 2},
    }
    made = world.train()
    assert (made.status, world.score().rows) == ("champion", 600)
    assert set(json.loads(made.classes)) == {text, "no"}
    told = world.sql("select distinct prediction from predictions.model")
    assert {each for (each,) in told} == {text, "no"}
