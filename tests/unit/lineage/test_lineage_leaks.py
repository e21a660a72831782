"""Features that are made of the label: each way of doing it is planted, each honest one passes."""

import pytest

from dataops.lineage.graph import Lineage
from dataops.lineage.leaks import Leaks, find_leaks


def table(*columns):
    return dict.fromkeys(columns, "INT")


CATALOG = {
    "landing": {
        "plans": table("plan_id", "customer_id", "price", "ended_at", "end_reason"),
        "answers": table("customer_id", "has_left"),
    },
    "silver": {
        "plans": table("plan_id", "customer_id", "price", "ended_at", "end_reason"),
        "lost": table("customer_id", "as_of", "is_lost"),
        "rates": table("country", "share_lost"),
    },
    "gold": {
        "ftr_plans": table("customer_id", "counted_at", "known_at", "plans", "lost_before"),
        "spine": table("customer_id", "as_of"),
    },
    "predictions": {"loss": table("customer_id", "score"), "tone": table("customer_id", "score")},
}
COMPILED = {
    "silver.plans": "select plan_id, customer_id, price, ended_at, end_reason from landing.plans",
    "silver.lost": """
        select customer_id, as_of, min(case when ended_at < as_of + 30 then 1 else 0 end) = 1
            as is_lost
        from silver.plans cross join gold.spine group by customer_id, as_of
    """,
    "silver.rates": "select customer_id % 9 as country, avg(is_lost) as share_lost "
    "from silver.lost group by all",
    "gold.ftr_plans": """
        select customer_id, as_of as counted_at, as_of as known_at, count(*) as plans,
            count(*) filter (where is_lost) as lost_before
        from silver.lost group by customer_id, as_of
    """,
}
TRAINING = """
with features as (
    select customer_id, as_of from gold.spine
),

plans as (
    select * from silver.plans
),

labels as (
    select customer_id, as_of, is_lost as was_lost from silver.lost
),

ratings as (
    select * from silver.rates
),

final as (
    select
        features.customer_id,
        features.as_of,
        labels.was_lost as is_churned,
        {feature} as feature
    from features
    inner join labels on labels.customer_id = features.customer_id
    left join plans on plans.customer_id = features.customer_id
    left join ratings on true
)

select * from final
"""


def judge(sql: str, label: str = "is_churned", lagged: str = "") -> Leaks:
    lineage = Lineage(COMPILED | {"gold.trn": sql}, CATALOG)
    views = {"gold.trn": {"gold.ftr_plans"}}
    return find_leaks(
        lineage,
        "gold.trn",
        label,
        ["feature"],
        views=views,
        predictions=["predictions.loss"],
        lagged=[lagged],
    )


@pytest.mark.parametrize(
    ("feature", "way"),
    [
        ("labels.was_lost", "trn.feature ← trn(labels).was_lost"),
        ("not labels.was_lost", "trn.feature ← trn(labels).was_lost"),
        ("cast(labels.was_lost as int) * 3 + features.as_of", "trn.feature ← trn(labels).was_lost"),
        ("avg(labels.was_lost) over (partition by plans.price)", "trn(labels).was_lost"),
        ("(select max(is_lost) from silver.lost)", "trn.feature ← lost.is_lost"),
        ("ratings.share_lost", "trn.feature ← rates.share_lost ← lost.is_lost"),
        ("(select max(score) from predictions.loss)", "trn.feature ← loss.score"),
    ],
)
def test_a_feature_made_of_the_label_is_found_with_the_way(feature, way):
    leaks = judge(TRAINING.format(feature=feature))
    assert [each.column for each in leaks.found] == ["feature"]
    assert way in leaks.found[0].way
    assert not leaks.unresolved


def test_what_the_model_told_is_no_leak_where_it_comes_by_a_lagged_model_alone(monkeypatch):
    before = "select customer_id, score as told_before from predictions.loss"
    monkeypatch.setitem(COMPILED, "gold.before", before)
    monkeypatch.setitem(CATALOG["gold"], "before", table("customer_id", "told_before"))
    sql = TRAINING.format(feature="(select max(told_before) from gold.before)")
    (leak,) = judge(sql).found
    assert leak.way == "trn.feature ← before.told_before ← loss.score"
    assert not judge(sql, lagged="gold.before").found
    past_it = TRAINING.format(feature="(select max(score) from predictions.loss)")
    assert judge(past_it, lagged="gold.before").found


@pytest.mark.parametrize(
    "label",
    [
        "coalesce(labels.was_lost, 0)",
        "ifnull(labels.was_lost, false)::int",
        "not coalesce(labels.was_lost, 0)",
        "nullif(labels.was_lost, -1)",
        "case when labels.was_lost then 1 else 0 end",
        "case labels.was_lost when 1 then 'lost' when 0 then 'kept' end",
        "case when labels.was_lost = 1 or labels.was_lost in (2, 3) then 'lost' else 'kept' end",
        "case when labels.was_lost is null then 0 else labels.was_lost end",
        "if(labels.was_lost, 'lost', 'kept')",
        "case when coalesce(labels.was_lost, 0) = 1 then 'lost' else 'kept' end",
    ],
)
def test_a_label_in_other_words_is_the_label_so_that_what_is_made_of_it_elsewhere_is_found(label):
    sql = TRAINING.format(feature="ratings.share_lost").replace("labels.was_lost as", label + " as")
    (leak,) = judge(sql).found
    assert leak.way == "trn.feature ← rates.share_lost ← lost.is_lost"


@pytest.mark.parametrize(
    "label",
    ["ended_at is not null", "case when ended_at is null then 0 else 1 end",
     "case when price > 100 then 1 else 0 end", "coalesce(ended_at <= 30, false)",
     "case when ended_at = price then 1 else 0 end", "coalesce(ended_at, price)"],
)  # fmt: skip
def test_a_label_that_is_less_than_a_column_is_not_that_column(label):
    sql = f"""
    with labels as (select customer_id, {label} as y from silver.plans),
    before as (select customer_id % 9 as k, max(ended_at) as last, avg(price) as paid
               from silver.plans group by all)
    select labels.y, before.last + before.paid as feature from labels, before
    """
    assert judge(sql, "y").found == ()


@pytest.mark.parametrize(
    "feature",
    [
        "plans.price",
        "datediff('day', plans.ended_at, features.as_of)",
        "(select count(*) from silver.plans as p where p.ended_at < features.as_of)",
        "(select max(score) from predictions.tone)",
        "1",
    ],
)
def test_a_feature_that_shares_facts_with_the_label_is_none(feature):
    assert judge(TRAINING.format(feature=feature)).found == ()


def test_what_a_feature_shares_with_the_label_is_told():
    told = judge(TRAINING.format(feature="(select max(ended_at) from silver.plans)"))
    assert told.shared == {"feature": ("plans.ended_at",)}
    assert judge(TRAINING.format(feature="plans.end_reason")).shared == {}


def test_a_column_that_alone_is_read_where_the_label_is_read_is_told():
    sql = """
    select spine.as_of as honest, plans.ended_at > 3 as y, plans.end_reason as feature
    from gold.spine left join silver.plans on plans.customer_id = spine.customer_id
    """
    lineage = Lineage(COMPILED | {"gold.trn": sql}, CATALOG)
    told = find_leaks(lineage, "gold.trn", "y", ["honest", "feature"], views={})
    assert told.beside == {"feature": ("silver.plans",)}
    alone = find_leaks(lineage, "gold.trn", "y", ["feature"], views={})
    assert alone.beside == {}


@pytest.mark.parametrize(
    ("label", "feature", "is_leak"),
    [
        ("has_left = 1", "case when has_left = 0 then 5 else 6 end", True),
        ("ended_at > price", "ended_at - price", True),
        ("ended_at > price", "price * 2", False),
        ("ended_at is not null", "coalesce(ended_at, 0) + price", True),
        ("max(ended_at) over () > 3", "ended_at", False),
    ],
)
def test_a_feature_made_of_all_that_the_label_is_made_of_in_its_row_is_a_leak(
    label, feature, is_leak
):
    sql = f"""
    select {label} as y, {feature} as feature
    from silver.plans inner join landing.answers using (customer_id)
    """
    assert bool(judge(sql, "y").found) is is_leak


def test_another_row_of_the_same_table_is_not_the_labels_row():
    sql = """
    select calls.ended_at > 3 as y, before.ended_at as feature
    from silver.plans as calls
    left join silver.plans as before on before.plan_id = calls.plan_id - 1
    """
    assert judge(sql, "y").found == ()


def test_a_label_of_the_same_group_is_compared_by_its_group_key_alone():
    sql = """
    with grouped as (select customer_id, max(ended_at) as last, sum(price) as spent
                     from silver.plans group by customer_id)
    select last > 3 as y, {} as feature from grouped
    """
    assert judge(sql.format("spent"), "y").found == ()
    assert judge(sql.format("last + spent"), "y").found


def cut(view: str) -> str:
    """A training set as the macro compiles it, with the label's own view in ``view``."""
    return f"""
    with spine as (select customer_id, as_of, is_lost as y from silver.lost),
    {view} as (
        select customer_id as _key_1, counted_at as _event_time, known_at as _known_time,
            lost_before
        from gold.ftr_plans
    )
    select spine.*, {view}.lost_before as feature from spine
    left join {view} on {view}._key_1 = spine.customer_id
    """


def test_an_earlier_label_that_was_known_in_time_is_told_and_not_refused():
    leaks = judge(cut("ftr_plans"), "y")
    assert leaks.found == ()
    (through,) = leaks.cut
    assert through.way == "trn.feature ← ftr_plans.lost_before ← lost.is_lost"


def test_the_same_view_joined_by_hand_is_refused():
    sql = """
    with ftr_plans as (select customer_id, lost_before from gold.ftr_plans),
    spine as (select customer_id, is_lost as y from silver.lost)
    select spine.*, ftr_plans.lost_before as feature
    from spine left join ftr_plans using (customer_id)
    """
    assert judge(sql, "y").found[0].way == "trn.feature ← ftr_plans.lost_before ← lost.is_lost"


def test_a_view_that_no_call_of_the_macro_names_is_no_cut():
    lineage = Lineage(COMPILED | {"gold.trn": cut("ftr_plans")}, CATALOG)
    assert find_leaks(lineage, "gold.trn", "y", ["feature"], views={}).found


def test_lineage_that_is_not_resolved_is_told_of_the_feature_it_is_of():
    lineage = Lineage({"gold.trn": None}, CATALOG)
    leaks = find_leaks(lineage, "gold.trn", "y", ["feature"], views={})
    assert leaks.found == ()
    assert leaks.unresolved == {"feature": "gold.trn: it has no compiled SQL"}
    half = judge("select y, feature from silver.plans cross join gold.nowhere", "y")
    assert "feature" in half.unresolved
