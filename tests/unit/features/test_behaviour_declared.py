"""A wrong declaration of behaviour is named with its file and what is allowed."""

from pathlib import Path
from typing import Any

import pytest

from dataops.features.behaviours import check_behaviours
from dataops.features.installed import CALLED, check_macros
from dataops.features.views import feature_views
from dataops.manifest import Manifest
from ml.errors import UsageError
from tests.unit.features.test_features_declared import manifest, node, unique

EVENTS = ("rider", "name", "price", "happened_at", "landed_at")
VIEW = {
    "entity": ["rider"], "event_time": "as_of", "known_time": "as_of", "ttl": "1 day", "owner": "x",
}  # fmt: skip
FEATURES: dict[str, Any] = {
    "rides_7d": {"count": "ride", "over": "7 days"},
    "paid_7d": {"sum": "price", "of": ["ride", "tip"], "over": "7 days"},
}
DECLARED = {
    "event": "name", "time": "happened_at", "known": "landed_at", "every": "1 day",
    "features": FEATURES,
}  # fmt: skip
CALL = "{{ behaviour(ref('slv_rides')) }}\n"


def project(
    change: dict[str, Any] | None = None,
    view: dict[str, Any] | None = None,
    sql: str = CALL,
    columns: tuple[str, ...] = ("rider", "rides_7d", "paid_7d", "as_of"),
) -> Manifest:
    declared = {
        key: value for key, value in (DECLARED | (change or {})).items() if value is not None
    }
    meta = {"feature_view": VIEW | (view or {}), "behaviour": declared}
    described = {name: {"description": name} for name in columns}
    model = node("ftr_rides", meta, described, raw_code=sql)
    events = node("slv_rides", {}, {name: {} for name in EVENTS})
    spine = node("moments", {}, {"rider": {}, "as_of": {}})
    return manifest(model, unique("ftr_rides"), events, spine)


def refusal(project: Manifest) -> str:
    with pytest.raises(UsageError) as caught:
        check_behaviours(project, feature_views(project))
    assert "behaviour of 'ftr_rides' in models/ftr_rides.yml" in str(caught.value)
    assert "dbt parse" in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("sql", "every"),
    [
        (CALL, "1 day"),
        ("{{ behaviour(events=ref('p', \"slv_rides\"), moments=ref('moments')) }}", None),
        ("{{- behaviour(ref('slv_rides'), calendar = ref('moments')) -}}", None),
        ("with slv as (select 1) {{ behaviour('slv') }}", "1 day"),
    ],
)
def test_what_is_declared_rightly_goes_through(sql: str, every: str | None) -> None:
    right = project({"every": every}, sql=sql)
    check_behaviours(right, feature_views(right))


def feature(**told: Any) -> dict[str, Any]:
    return {"features": FEATURES | {"paid_7d": told}}


WRONG = [
    ({"evnt": "name"}, ["unknown key evnt", "event"]),
    ({"time": None}, ["time is missing"]),
    ({"event": "nme"}, ["event is 'nme', no described column of slv_rides", "slv_rides.yml"]),
    ({"known": "landed"}, ["known is 'landed'", "landed_at"]),
    ({"superseded": "corrected_at"}, ["superseded is 'corrected_at'", "landed_at"]),
    (feature(sum="prize", over="7 days"), ["features.paid_7d is 'prize'", "price"]),
    (feature(summ="price", over="7 days"), ["unknown key features.paid_7d.summ", "sum"]),
    (feature(sum="price"), ["features.paid_7d.over is missing"]),
    (feature(sum="price", over="a week"), ["features.paid_7d.over is 'a week'", "30 days"]),
    (feature(sum="price", over="0 days"),
     ["features.paid_7d.over is '0 days'", "whole number from 1", "or unlimited"]),
    (feature(sum="price", avg="price", over="1 day"), ["features.paid_7d", "one of count"]),
    (feature(over="1 day"), ["features.paid_7d", "allowed: one of count"]),
    (feature(count="ride", of="tip", over="1 day"), ["allowed: of beside one of sum"]),
    (feature(count=[], over="1 day"), ["features.paid_7d.count is []", "a list of one or more"]),
    ({"features": {}}, ["features is {}"]),
    ({"features": FEATURES | {"tips": {"count": "tip", "over": "1 day"}}},
     ["feature 'tips' is not described", "rides_7d"]),
    ({"features": {"rides_7d": FEATURES["rides_7d"]}},
     ["column 'paid_7d' is described and no feature"]),
    ({"every": "unlimited"}, ["every is 'unlimited'", "whole number from 1"]),
    ({"every": "0 days"}, ["every is '0 days'"]),
    ({"every": None}, ["its moments are from none of them", "moments, calendar, every"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "words"), WRONG)
def test_a_wrong_behaviour_is_refused_by_name_and_file(
    change: dict[str, Any], words: list[str]
) -> None:
    told = refusal(project(change))
    assert [word for word in words if word not in told] == []


def test_a_behaviour_and_its_call_and_its_view_must_fit() -> None:
    assert "the SQL is not {{ behaviour(" in refusal(project(sql="select 1"))
    assert "known_time of its feature view is 'rides_7d'" in refusal(
        project(view={"known_time": "rides_7d"})
    )
    calendar = "{{ behaviour(ref('slv_rides'), calendar=ref('moments')) }}"
    assert "its moments are from calendar and every" in refusal(project(sql=calendar))
    moments = "{{ behaviour(ref('slv_rides'), moments=ref('slv_rides')) }}"
    assert "the event time of the view is 'as_of', no described column of slv_rides" in refusal(
        project({"every": None}, sql=moments)
    )
    undeclared = project()
    del undeclared.raw["nodes"]["model.p.ftr_rides"]["config"]["meta"]["behaviour"]
    assert "calls behaviour() and config.meta.behaviour is None" in refusal(undeclared)
    no_view = project()
    del no_view.raw["nodes"]["model.p.ftr_rides"]["config"]["meta"]["feature_view"]
    assert "it has no config.meta.feature_view" in refusal(no_view)


@pytest.mark.parametrize("macro", CALLED)
def test_a_model_that_calls_a_macro_the_project_has_not_is_told_what_to_type(
    macro: str, tmp_path: Path
) -> None:
    calling = node("trn", {}, {}, raw_code=f"{{{{ {macro}(ref('x')) }}}}")
    with pytest.raises(UsageError, match=rf"calls {macro}, .* features install"):
        check_macros(manifest(calling), tmp_path)
