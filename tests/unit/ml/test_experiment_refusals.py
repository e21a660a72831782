"""What an experiment refuses before or while it reads rows, and what to type instead."""

from typing import Any

import pytest

from ml.errors import PipelineError, UsageError
from ml.experiment.asking import Asked
from ml.experiment.run import Settings, experiment
from ml.relation import Relation
from tests.unit.ml.experimented import HOLD_OUT, VIEWS, joined, tried
from tests.unit.ml.world import NOW, World


@pytest.mark.parametrize(
    ("settings", "changes", "told"),
    [
        (Settings(folds=1), {}, "--folds is 1; allowed: 0, or 2 and more"),
        (Settings(metric="auc"), {}, "--metric is 'auc'; allowed for ML model 'model': .*roc_auc"),
        (HOLD_OUT, {"train.split": {"by": "none"}}, "holds nothing out"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    world: World, settings: Settings, changes: dict[str, Any], told: str
) -> None:
    heard: list[str] = []
    with pytest.raises(UsageError, match=told):
        tried(world, ("noise",), settings=settings, changes=changes, heard=heard)
    assert heard == []


def test_rows_that_cannot_be_cut_into_folds_get_fewer_or_none_or_are_refused(world: World) -> None:
    embargo = {"train.split": {"by": "time", "test": 0.2, "embargo_days": 8}}
    assert tried(world, ("noise",), settings=Settings(), changes=embargo).folds == 3
    wide = {"train.split": {"by": "time", "test": 0.2, "embargo_days": 22}}
    assert tried(world, ("noise",), settings=Settings(), changes=wide).folds == 0
    with pytest.raises(PipelineError, match="cut into 5 folds") as raised:
        tried(world, ("noise",), settings=Settings(folds=5), changes=embargo)
    assert raised.value.fix == "leave --folds out: as many as can be, else the rows held out"


@pytest.mark.parametrize(
    ("kind", "value", "shown"),
    [
        ("timestamp", "day::timestamp", "TIMESTAMP"),
        ("date", "day", "DATE"),
        ("list", "[a]", r"DOUBLE\[\]"),
    ],
)
def test_a_feature_that_cannot_be_read_is_refused_with_those_that_can(
    world: World, kind: str, value: str, shown: str
) -> None:
    def made(wanted: Any) -> Relation:
        values = {"x": value, "noise_of_it": "0.0"}
        told = ", ".join(f"{values[each]} as ftr_more__{each}" for each in wanted["ftr_more"])
        world.sql(f"create or replace temp table trn as select *, {told} from gold.trn")
        return Relation("temp", "trn")

    def ask(word: str, changes: Any = None) -> Any:
        return experiment(
            world.conn, world.spec(changes), world.relations, Asked((word,)), HOLD_OUT,
            now=NOW, views=VIEWS, join=made,
        )  # fmt: skip

    with pytest.raises(UsageError, match=f"ftr_more.x is {shown}.* reads numbers") as raised:
        ask("ftr_more")
    assert raised.value.fix == "type instead: --with ftr_more.noise_of_it"
    assert ask("ftr_more.noise_of_it").rungs[0].columns == 5
    world.sql(f"alter table gold.trn add column idle_{kind} {shown.replace(chr(92), '')}")
    excluded = {"train.features": {"exclude": [f"idle_{kind}", "a"]}}
    with pytest.raises(UsageError, match=f"idle_{kind} is {shown}") as raised:
        ask("idle_*", excluded)
    assert raised.value.fix == "leave it out; it names nothing that can be read"


def test_a_view_that_doubles_rows_is_refused(world: World) -> None:
    with pytest.raises(PipelineError, match="has 600 rows, and 601 with ftr_more joined"):
        experiment(
            world.conn, world.spec(), world.relations, Asked(("ftr_more",)), HOLD_OUT,
            now=NOW, views=VIEWS, join=lambda wanted: doubled(world, wanted),
        )  # fmt: skip


def doubled(world: World, wanted: Any) -> Relation:
    relation = joined(world, wanted)
    world.sql("insert into temp.trn from temp.trn limit 1")
    return relation
