"""Experiments on the small world: asked for as the command asks, a view joined by hand."""

from typing import Any

from ml.experiment.asking import Asked
from ml.experiment.result import Experiment
from ml.experiment.run import Settings, experiment
from ml.relation import Relation
from tests.unit.ml.world import NOW, World

VIEWS = {"ftr_more": ("x", "noise_of_it")}
HOLD_OUT = Settings(folds=0)


def tried(
    world: World,
    more: tuple[str, ...] = (),
    less: tuple[str, ...] = (),
    settings: Settings = HOLD_OUT,
    changes: dict[str, Any] | None = None,
    heard: list[str] | None = None,
) -> Experiment:
    return experiment(
        world.conn,
        world.spec(changes),
        world.relations,
        Asked(more, less),
        settings,
        now=NOW,
        views=VIEWS,
        join=lambda wanted: joined(world, wanted),
        tell=(heard if heard is not None else []).append,
    )


def joined(world: World, wanted: Any) -> Relation:
    """Stand in for the statement of training_set, which dataops renders: x is the truth."""
    assert dict(wanted) == {"ftr_more": ["x", "noise_of_it"]}
    world.sql(
        "create or replace temp table trn as select *, y::integer + hash(id) % 2 as ftr_more__x, "
        "null::double as ftr_more__noise_of_it from gold.trn"
    )
    return Relation("temp", "trn")
