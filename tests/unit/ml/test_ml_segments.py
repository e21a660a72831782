import pytest

from ml.errors import UsageError

SEGMENTS = {"evaluate": {"segments": ["c", "region"]}}


def regions(world):
    """200 rows of each region, a column that is no feature; one of them small, one of one class."""
    world.sql(
        "create or replace table gold.trn as select *, case when a > 1.2 or id = 'K0008' then "
        "'small' when y then 'sure' else 'mixed' end as region from gold.trn"
    )


def told(world, metric="roc_auc"):
    return {
        segment: (value, low, high, rows)
        for segment, value, low, high, rows in world.sql(
            "select segment, value, low, high, rows from ml.evaluations "
            f"where metric = '{metric}' and segment <> 'all' and data = 'test'"
        )
    }


def test_metrics_are_told_apart_for_each_value_of_a_segment(world):
    world.train(SEGMENTS | {"evaluate": {"segments": ["c", "d"]}})
    found = told(world)
    assert set(found) == {"c=red", "c=blue", "c=green", "c is null", "d=true", "d=false"}
    held = dict(world.sql(
        "select coalesce('c=' || c, 'c is null'), count(*) from gold.trn "
        "where day >= '2025-02-26' group by 1"
    ))  # fmt: skip
    assert {name: each[3] for name, each in found.items() if name[0] == "c"} == held
    large = {name: each for name, each in found.items() if each[3] >= 30}
    assert {"d=true", "d=false"} <= set(large)
    for value, low, high, _ in large.values():
        assert low <= value <= high


def test_a_segment_that_is_small_or_of_one_class_has_no_value(world):
    regions(world)
    world.train(SEGMENTS)
    found = told(world, "accuracy")
    assert found["region=sure"][:3] == (None, None, None)
    assert found["region=sure"][3] > 30
    assert all(each[:3] == (None, None, None) for each in found.values() if each[3] < 30)


def test_a_segment_that_is_no_column_is_refused_with_the_nearest(world):
    with pytest.raises(UsageError, match="evaluate.segments names 'dd'.*it has: d, id, day"):
        world.train({"evaluate": {"segments": ["dd"]}})


def test_other_segments_are_another_training(world):
    world.train()
    assert not world.train({"evaluate": {"segments": ["c"]}}).reused
