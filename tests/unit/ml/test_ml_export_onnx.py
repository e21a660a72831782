"""The ONNX model tells what the model tells; skipped where the extra is not installed."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from ml.anatomy import dissect
from ml.columns import find
from ml.data.features import Encoder
from ml.errors import PipelineError, UsageError
from ml.export.writer import export_onnx
from ml.fitting.calibration import Calibration, Curve, Sigmoid
from ml.scoring.stream import predictions_of
from tests.unit.ml.estimated import COLOURS, ESTIMATORS, SHAPES, fitted, matrix

WHY = "goldloop[onnx] is not installed"
onnx = pytest.importorskip("onnx", reason=WHY)
onnxruntime = pytest.importorskip("onnxruntime", reason=WHY)

MODELS = {name: fitted(name) for name in ESTIMATORS}


def executed(model, inputs):
    from ml.export.onnx import onnx_model
    from ml.export.onnx_run import run

    texts = {1: pa.array(COLOURS), 3: pa.array(SHAPES)}
    columns = [pa.array(inputs[:, at]) for at in range(5)]
    for at, names in texts.items():
        codes = pa.array(np.nan_to_num(inputs[:, at]).astype(int), mask=np.isnan(inputs[:, at]))
        columns[at] = names.take(codes)
    return run(onnx_model(model, {"model": "m@1"}), model, pa.table(columns, names=list("acbsd")))


def assert_same(model, inputs):
    told = model.tell(inputs)
    prediction, score = predictions_of(model, told)
    found = executed(model, inputs)
    wanted = told if told.ndim == 1 else score.to_numpy()
    assert np.abs(found[1] - wanted).max() <= 1e-9 * np.maximum(1, np.abs(wanted)).max()
    if model.classes:
        assert found[0] == prediction.to_pylist()


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_model_tells_what_the_version_tells(name):
    assert_same(MODELS[name], matrix())


@pytest.mark.parametrize("name", ["boosted two", "logistic two"])
@pytest.mark.parametrize(
    "names",
    [
        ("n0", "n1", "c0", "c1", "_n0"),
        ("score", "prediction", "feature_score", "probabilities", "x"),
    ],
    ids=["as nodes within", "as outputs"],
)
def test_features_may_be_called_as_what_the_graph_calls_its_own(name, names):
    model = MODELS[name]
    features = zip(model.encoder.features, names, strict=True)
    renamed = Encoder(tuple(replace(feature, name=called) for feature, called in features))
    assert_same(replace(model, encoder=renamed), matrix())


@pytest.mark.parametrize("name", ["boosted two", "tree"])
def test_values_at_and_beside_a_threshold_go_where_the_estimator_sends_them(name):
    model = MODELS[name]
    trees = dissect(model).trees
    column = 2 if name == "boosted two" else 0  # boosted trees count the categories first
    cuts = [float(t) for tree in trees for t in tree.threshold[tree.feature == column]]
    values = [np.nextafter(cut, way) for cut in cuts for way in (-np.inf, cut, np.inf)]
    inputs = np.repeat(matrix()[:1], len(values), axis=0)
    inputs[:, 0] = values
    assert_same(model, inputs)


@pytest.mark.parametrize(
    ("name", "curves"),
    [
        ("boosted two", [Curve((0.2, 0.4, 0.4, 0.7), (0.1, 0.3, 0.5, 0.9))]),
        ("logistic two", [Sigmoid(1.7, -0.3)]),
        ("forest three", [Curve((0.1, 0.6), (0.0, 0.5)), Sigmoid(2, 0), Curve((0.5,), (0.2,))]),
    ],
)
def test_calibration_and_threshold_are_part_of_it(name, curves):
    calibration = Calibration("isotonic", tuple(curves))
    assert_same(replace(MODELS[name], calibration=calibration, threshold=0.35), matrix())


def exported(world, changes=None):
    spec = world.spec(changes)
    source = find(world.conn, world.relations, spec.score.on, "score.on", spec.file)
    return export_onnx(world.conn, spec, world.train(changes), source)


def test_an_export_is_tried_and_says_what_it_is(world):
    export = exported(world)
    assert export.parity.greatest <= 1e-9
    assert export.parity.rows > 700
    facts = {each.key: each.value for each in onnx.load_from_string(export.content).metadata_props}
    assert facts["model"] == "model@1"
    assert facts["release"] == "release-1"


def test_an_export_that_sends_missing_values_the_wrong_way_is_refused(world, monkeypatch):
    def broken(model):
        found = dissect(model)
        trees = [replace(tree, missing_left=~tree.missing_left) for tree in found.trees]
        return replace(found, trees=tuple(trees))

    monkeypatch.setattr("ml.export.onnx.dissect", broken)
    with pytest.raises(PipelineError, match="told otherwise by the export"):
        exported(world)


def test_without_the_extra_what_to_install_is_told(world, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ml.export.onnx", None)
    with pytest.raises(UsageError, match=r"pip install 'goldloop\[onnx\]'"):
        exported(world)
