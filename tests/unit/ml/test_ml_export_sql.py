"""The exported SELECT tells what the model tells, to the last bits; the gate sees when not."""

from dataclasses import replace

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.anatomy import Ensemble, dissect
from ml.columns import Column, find
from ml.data.features import infinite
from ml.errors import PipelineError, UsageError
from ml.export.literals import number, text
from ml.export.sql import Scored, select_sql
from ml.export.writer import export_sql
from ml.fitting.calibration import Calibration, Curve, Sigmoid
from ml.model import Model
from ml.scoring.stream import predictions_of
from ml.versions import registry
from tests.unit.ml.estimated import COLOURS, ESTIMATORS, FEATURES, SHAPES, fitted, matrix

MODELS = {name: fitted(name) for name in ESTIMATORS}
NAMES = ("a", "colour", "b", "shape", "d")
COLUMNS = [Column(name, feature.type) for name, feature in zip(NAMES, FEATURES, strict=True)]


def executed(model, inputs):
    """What the SELECT tells of ``inputs``, and what the model does, both as it is written down."""
    conn = duckdb.connect()
    conn.execute(
        "create table t (n int, a double, colour varchar, b double, shape varchar, d bool)"
    )
    names = (None, COLOURS, None, SHAPES, None)
    rows = [
        [at, *(_plain(value, each) for value, each in zip(row, names, strict=True))]
        for at, row in enumerate(inputs.tolist())
    ]
    conn.executemany("insert into t values (?, ?, ?, ?, ?, ?)", rows)
    told_type = "VARCHAR" if model.classes else "DOUBLE"
    sql = select_sql(model, Scored("t", COLUMNS, {"n": "n"}, told_type))
    found = conn.execute(f"select * exclude (n) from ({sql}) order by n").fetchall()
    prediction, score = predictions_of(model, model.tell(inputs))
    return found, list(zip(prediction.to_pylist(), score.to_pylist(), strict=True))


def _plain(value, categories):
    if np.isnan(value):
        return None
    return categories[int(value)] if categories else value


def assert_same(found, wanted):
    for (prediction, score), (class_, probability) in zip(found, wanted, strict=True):
        if isinstance(class_, float):
            assert prediction == pytest.approx(class_, rel=1e-12, abs=1e-12)
            assert score is probability is None
        else:
            assert prediction == class_
            assert score == pytest.approx(probability, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_select_tells_what_the_model_tells(name):
    assert_same(*executed(MODELS[name], matrix()))


@pytest.mark.parametrize("name", ["boosted two", "boosted number"])
def test_boosted_trees_are_told_to_the_last_bit(name):
    found, wanted = executed(MODELS[name], matrix())
    assert found == wanted


@pytest.mark.parametrize("name", ["forest number", "extra number", "tree", "boosted plain"])
def test_values_at_and_beside_a_threshold_go_where_the_estimator_sends_them(name):
    model = MODELS[name]
    trees = dissect(model).trees
    cuts = sorted({float(t) for tree in trees for t in tree.threshold[tree.feature == 0]})[:40]
    values = [np.nextafter(cut, way) for cut in cuts for way in (-np.inf, cut, np.inf)]
    values += [float(np.float32(cut)) for cut in cuts]
    inputs = np.repeat(matrix()[:1], len(values), axis=0)
    inputs[:, 0] = values
    assert_same(*executed(model, inputs))


CALIBRATED = {
    "boosted two": (((0.2, 0.4, 0.4, 0.7), (0.1, 0.3, 0.5, 0.9)),),
    "forest two": (((0.0, 0.5, 1.0), (0.0, 0.2, 1.0)),),
    "logistic three": (
        ((0.1, 0.6), (0.0, 0.5)), ((0.0, 0.3, 0.9), (0.0, 0.4, 0.6)), ((0.5, 0.8), (0.0, 1.0)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CALIBRATED)
def test_calibration_and_threshold_are_part_of_it(name):
    curves = tuple(Curve(x, y) for x, y in CALIBRATED[name])
    model = replace(MODELS[name], calibration=Calibration("isotonic", curves), threshold=0.35)
    found, wanted = executed(model, matrix())
    assert_same(found, wanted)
    uncalibrated, _ = executed(MODELS[name], matrix())
    assert found != uncalibrated


@pytest.mark.parametrize("name", ["boosted two", "tree", "logistic three"])
def test_a_sigmoid_calibration_is_part_of_it(name):
    curves = (Sigmoid(1.7, -0.3), Sigmoid(0.4, 0.2), Sigmoid(2.5, 0.0))
    curves = curves if "three" in name else curves[:1]
    model = replace(MODELS[name], calibration=Calibration("sigmoid", curves))
    assert_same(*executed(model, matrix()))


@settings(max_examples=300, deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_comes_back_bit_for_bit(value):
    (back,) = duckdb.execute(f"select {number(value)}").fetchone()
    assert np.float64(back).tobytes() == np.float64(value).tobytes()
    assert duckdb.execute(f"select typeof({number(value)})").fetchone() == ("DOUBLE",)


def test_a_text_comes_back_as_it_is():
    for value in ("it's", '"', "", "\\n", "a\nb", "é漢", "';--"):
        assert duckdb.execute(f"select {text(value)}").fetchone() == (value,)


def exported(world, changes=None):
    spec = world.spec(changes)
    source = find(world.conn, world.relations, spec.score.on, "score.on", spec.file)
    return export_sql(world.conn, spec, world.train(changes), source)


@pytest.mark.parametrize("preset", ["boosted_trees", "logistic_regression", "random_forest"])
def test_the_file_scores_the_table_as_goldloop_does(world, preset):
    params = {"n_estimators": 10, "max_depth": 6} if preset == "random_forest" else {}
    changes = {"estimator": {"preset": preset, "params": params}}
    export = exported(world, changes)
    assert export.parity.greatest <= 1e-12
    assert export.parity.rows > 700  # 600 real ones and what was planted
    world.score(changes)
    differing = world.sql(
        f"select count(*) from predictions.model as p full join ({export.content.decode()}) as x "
        "using (id, as_of_date) where p.prediction is distinct from x.prediction "
        "or not abs(p.score - x.score) <= 1e-12"
    )
    assert differing == [(0,)]
    described = world.sql(f"select column_type from (describe ({export.content.decode()}))")
    assert described == [("VARCHAR",), ("DATE",), ("BOOLEAN",), ("DOUBLE",)]


def test_unseen_missing_and_great_values_are_among_the_rows_tried(world):
    exported(world)
    tried = {what for (what,) in world.sql("select distinct goldloop_what from goldloop_tried")}
    for planted in ("a is null", "c is null", "c is a value never seen", "every feature is null"):
        assert planted in tried
    assert {"a is 1e+300", "a is -1e+12"} <= {
        each.replace("1000000000000.0", "1e+12") for each in tried
    }
    cuts = [each for each in tried if each.startswith("a is 0.")]
    assert len(cuts) > 20


def test_an_export_that_sends_missing_values_the_wrong_way_is_refused_with_the_rows(
    world, monkeypatch
):
    def broken(model):
        found = dissect(model)
        assert isinstance(found, Ensemble)
        trees = [replace(tree, missing_left=~tree.missing_left) for tree in found.trees]
        return replace(found, trees=tuple(trees))

    monkeypatch.setattr("ml.export.sql.dissect", broken)
    with pytest.raises(PipelineError) as refused:
        exported(world)
    told = str(refused.value)
    assert "model@1 is not exported" in told
    assert "nothing was written" in told
    assert "model" in told.splitlines()[1]
    assert "export" in told.splitlines()[1]
    assert "null" in told


def test_an_export_that_rounds_its_leaves_is_refused(world, monkeypatch):
    monkeypatch.setattr("ml.export.sql_trees.number", lambda value: number(round(value, 8)))
    with pytest.raises(PipelineError, match=r"rows tried are told otherwise.*1e-12"):
        exported(world)


def test_a_class_told_otherwise_is_refused_although_the_score_is_the_same(world, monkeypatch):
    monkeypatch.setattr("ml.export.sql_links.text", lambda value: text("true"))
    with pytest.raises(PipelineError, match="are told otherwise"):
        exported(world)


def test_what_cannot_be_written_as_sql_is_refused(world):
    world.sql("create or replace table gold.trn as select id, c, day, y from gold.trn")
    world.sql("create or replace table gold.ftr as select id, c, day from gold.trn")
    changes = {"estimator": {"preset": "text_classifier"}}
    with pytest.raises(UsageError, match="an estimator of texts cannot be written as SQL; allowed"):
        exported(world, changes)


def test_names_of_any_kind_do_no_harm(world):
    for table in ("trn", "ftr"):
        world.sql(f"""alter table gold.{table} rename a to "f1" """)
        world.sql(f"""alter table gold.{table} rename b to "m""0;--" """)
        world.sql(f"""alter table gold.{table} rename id to "K0" """)
    export = exported(world, {"train.key": ["K0"], "score.key": ["K0"]})
    assert world.sql(f"describe ({export.content.decode()})")[0][0] == "K0"


def test_a_number_of_many_trees_is_added_up_in_steps(world):
    changes = {"estimator.params": {"max_iter": 250, "max_leaf_nodes": 4}}
    assert exported(world, changes).parity.greatest == 0.0


def test_features_made_by_sql_are_part_of_it(world):
    changes = {"train.transform": {"half": "a / 2 -- of it", "warm": "c in ('red', 'it''s')"}}
    changes["estimator"] = {"preset": "boosted_trees", "calibrate": {"method": "sigmoid"}}
    export = exported(world, changes)
    assert export.parity.greatest <= 1e-12
    world.score(changes)
    differing = world.sql(
        f"select count(*) from predictions.model as p full join ({export.content.decode()}) as x "
        "using (id, as_of_date) where not abs(p.score - x.score) <= 1e-12"
    )
    assert differing == [(0,)]


def test_a_model_that_takes_no_missing_value_is_tried_without(world, monkeypatch):
    world.sql("update gold.trn set b = 0 where b is null")
    world.sql("update gold.ftr set b = 0 where b is null")

    def tell(self, inputs):
        if np.isnan(inputs[:, 1]).any():
            raise ValueError("Input X contains NaN")
        return whole(self, inputs)

    whole = Model.tell
    exported(world)
    monkeypatch.setattr(Model, "tell", tell)
    assert 600 < exported(world).parity.rows
    assert world.sql("select count(*) from goldloop_tried where b is null") == [(0,)]


def test_the_rows_tried_hold_no_infinite_value(world):
    exported(world)
    table = world.conn.execute("select a, b from goldloop_tried").to_arrow_table()
    assert infinite([Column("a", "DOUBLE"), Column("b", "DOUBLE")], table) == []
    assert registry.champion(world.conn, "model") is not None
