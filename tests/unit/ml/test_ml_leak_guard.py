"""Leaks planted in a training set: each is refused by name, and each honest column trains."""

import pytest

from ml.errors import PipelineError, UsageError
from ml.leaks.guard import Leak
from tests.unit.ml.world import World, small_world

ROWS = 4000
ROUGH = {"estimator": {"preset": "boosted_trees", "params": {"max_iter": 2}}}


def planted(sql: str, label: str = "y", rows: int = ROWS) -> World:
    """A table of honest features a and c, label y (one in five), a class k, a number n, and x."""
    world = small_world()
    world.sql(
        f"""
        create or replace table gold.trn as
        with rows as (
            select
                'K' || lpad(i::varchar, 5, '0') as id,
                (hash(i, 'a') % 1000) / 1000.0 as a,
                case hash(i, 'c') % 3 when 0 then 'red' when 1 then 'blue' end as c,
                (hash(i, 'u') % 1000) / 1000.0 as u,
                (hash(i, 'v') % 1000) / 1000.0 as v,
                date '2025-01-01' + (i % 10)::integer * 7 as day
            from range({rows}) as t(i)
        ),
        labelled as (
            select *, a * 0.3 + u * 0.7 > 0.72 as y, a * 2 + u as n,
                ['one', 'two', 'three'][1 + (u * 2.99)::integer % 3] as k
            from rows
        )
        select id, a, c, day, {sql} as x, {label} as label from labelled
        """
    )
    world.changes = {"train.label": "label", **ROUGH}
    if label == "n":
        world.changes["problem.success"] = [{"metric": "rmse", "at_most": 9}]
    world.sql("create or replace table gold.ftr as select * exclude (label) from gold.trn")
    return world


LEAKS = [
    ("y", "its value alone has ROC AUC 1.0000", "y"),
    ("y::int * 3 + v", "its value alone", "y"),
    ("-(a * 0.3 + u * 0.7)", "its value alone", "y"),
    ("case when y then 2 else 1 + 2 * (v < 0.5)::int end", "its value alone", "y"),
    ("case when y then 'asked' || (v * 9)::int::varchar end", "has ROC AUC 1.0000", "y"),
    ("case when y then 'asked' else 'open' end || (v * 9)::int::varchar", "its value alone", "y"),
    ("case when y and v < 0.7 then 'price' end", "are 'true' to a share of 1.0000", "y"),
    ("case when y then v end", "whether it is missing has ROC AUC", "y"),
    ("case when not y or v < 0.002 then v end", "whether it is missing", "y"),
    ("case when v < 0.5 then u * 0.7 + a * 0.3 end", "its value alone", "y"),
    ("case when y and v < 0.8 then 1 else 0 end", "in which it is 1 are 'true' to", "y"),
    ("case when y and v < 0.8 then v else 0 end", "in which it is not 0 are 'true'", "y"),
    (
        "case when y and v < 0.8 then 'reason ' || (v * 9)::int else 'none' end",
        "in which it is not 'none' are 'true' to a share of 1.0000",
        "y",
    ),
    ("case when y and v < 0.8 then 2 else (v < 0.9)::int end", "in which it is 2 are", "y"),
    ("k", "its value alone has ROC AUC 1.0000", "k"),
    ("(k = 'one')::int", "its value alone has ROC AUC 1.0000", "k"),
    ("case when k = 'one' then 'first' else 'rest' end", "its value alone has ROC AUC 1.0000", "k"),
    ("case when k <> 'two' then v end", "whether it is missing has ROC AUC 1.0000", "k"),
    ("case k when 'one' then 2 when 'two' then 7 else 5 end", "its value alone", "k"),
    ("case when k = 'one' and v < 0.8 then v end", "are 'one' to a share", "k"),
    ("exp(n)", "its value alone has rank correlation 1.0000", "n"),
    ("-n + v * 0.01", "its value alone has rank correlation", "n"),
]


@pytest.mark.parametrize(("sql", "words", "label"), LEAKS)
def test_a_planted_leak_is_refused_by_name_with_what_was_met(sql, words, label):
    world = planted(sql, label)
    with pytest.raises(Leak) as caught:
        world.train()
    told = str(caught.value)
    assert "feature 'x': " in told
    assert words in told
    assert caught.value.columns == ("x",)
    for part in ("label 'label'", "gold.trn", "95 % from", "allowed: below 0.99", " — ",
                 "train.features.exclude: [x]", "train.leak_guard.allow: {x: why}",
                 "models/gold/ml/model.yml"):  # fmt: skip
        assert part in told
    assert world.sql("select count(*) from information_schema.tables where table_schema = 'ml'") \
        == [(0,)]  # fmt: skip


HONEST = [
    ("v", "y"),
    ("u", "y"),
    ("id || 'x'", "y"),
    ("case when v < 0.9 then u end", "y"),
    ("case when y or v < 0.2 then v end", "y"),
    ("case when not y and v < 0.9 then v end", "y"),
    ("u", "k"),
    ("case when y then v > 0.5 else 0 end + (v > 0.99)::int", "y"),
    ("case when y and v < 0.6 or v > 0.97 then 'reason ' || (v * 9)::int else 'none' end", "y"),
    ("case when not y and v < 0.6 then 'stays' else 'none' end", "y"),
    ("n + v * 0.6", "n"),
    ("case when n > 1 then v end", "n"),
]


@pytest.mark.parametrize(("sql", "label"), HONEST)
def test_a_strong_honest_feature_trains(sql, label):
    if (sql, label) == ("u", "k"):
        sql = "round(u + v * 0.3, 2)"
    planted(sql, label).train()


def test_many_values_that_only_one_class_has_are_refused_together():
    """None of the 16 reasons is frequent, and none of the others is the usual one."""
    sql = "case when y and v < 0.6 then 'reason ' || (v * 25)::int else 'open ' || (u * 9)::int end"
    with pytest.raises(Leak, match=r"is one of \d+ values such as 'reason \d+' are 'true' to a"):
        planted(sql, rows=12_000).train()


def test_few_rows_that_are_separated_by_chance_are_not_refused():
    assert planted("y", rows=150).train().version == 1


def test_a_leak_that_is_allowed_trains_and_the_reason_is_kept():
    world = planted("y::int + v")
    world.train({"train.leak_guard": {"allow": {"x": "asked on the day itself"}}})
    told = world.sql(
        "select feature, signal, metric, value, low > 0.99, rows, class, allowed "
        "from ml.leak_checks where version = 1 and feature = 'x' and signal = 'value'"
    )
    assert told == [("x", "value", "roc_auc", 1.0, True, 3200, None, "asked on the day itself")]
    told = world.sql("select metric, class, part, allowed from ml.leak_checks where feature = 'x' "
                     "and signal = 'part'")  # fmt: skip
    ((metric, class_, part, why),) = told
    assert (metric, class_, why) == ("share", "true", "asked on the day itself")
    assert part.startswith("is")
    others = world.sql("select distinct feature, allowed from ml.leak_checks where feature <> 'x'")
    assert sorted(others) == [("a", None), ("c", None)]


def test_what_is_left_out_is_not_looked_at():
    world = planted("y")
    world.train({"train.features": {"exclude": ["x"]}})
    assert world.sql("select count(*) from ml.leak_checks where feature = 'x'") == [(0,)]


def test_the_threshold_is_the_declared_one():
    strong = planted("a * 0.3 + u * 0.7 + v * 0.3")
    strong.train()
    with pytest.raises(Leak, match=r"feature 'x'.*allowed: below 0.9 at"):
        strong.train({"train.leak_guard": {"implausible": 0.9}})


def test_every_leak_is_named_at_once_and_a_transform_by_what_it_reads():
    world = planted("y::int + v")
    changes = {"train.transform": {"twice": "x * 2"}, "train.features": {"exclude": ["x"]}}
    with pytest.raises(Leak, match="feature 'twice'") as caught:
        world.train(changes)
    assert caught.value.columns == ("x",)
    with pytest.raises(Leak, match=r"(?s)'x': .*'twice': |'twice': .*'x': "):
        world.train({"train.transform": {"twice": "x * 2"}})


def test_a_name_that_is_allowed_and_is_no_feature_is_refused():
    world = planted("v")
    with pytest.raises(UsageError, match=r"allow names 'xx', which is no feature.*it has: x, a, c"):
        world.train({"train.leak_guard": {"allow": {"xx": "why"}}})


@pytest.mark.parametrize(
    ("guard", "told"),
    [
        ({"implausible": 0.4}, "train.leak_guard.implausible is 0.4"),
        ({"allow": {"a": ""}}, "train.leak_guard.allow"),
        ({"allow": ["a"]}, "allowed: a mapping"),
        ({"alow": {}}, "unknown key train.leak_guard.alow"),
    ],
)
def test_a_guard_declared_wrongly_is_refused(world, guard, told):
    with pytest.raises(UsageError, match=told.replace(".", r"\.")):
        world.spec({"train.leak_guard": guard})


def test_a_leak_is_a_fault_of_the_data():
    leak = Leak("x", fix="y", columns=["z"])
    assert isinstance(leak, PipelineError)
    assert leak.exit_code == 1
    # As a run tells in which file the model stands.
    assert str(type(leak)(f"m.yml: {leak.problem}", fix=leak.fix)) == "m.yml: x — y"
