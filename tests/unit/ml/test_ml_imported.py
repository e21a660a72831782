"""estimator.onnx: a file of the project is imported, judged and scored; a bad one is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from ml.columns import Source, describe
from ml.errors import PipelineError, UsageError
from ml.export.writer import export_onnx
from ml.versions import artifact

WHY = "goldloop[onnx] is not installed"
onnx = pytest.importorskip("onnx", reason=WHY)
pytest.importorskip("onnxruntime", reason=WHY)
helper, numpy_helper, Type = onnx.helper, onnx.numpy_helper, onnx.TensorProto

MATRIX = {
    "estimator": {
        "onnx": "m.onnx",
        "inputs": {"x": ["a", "b"]},
        "outputs": {"probabilities": "p"},
    }
}


@pytest.fixture
def project(world, tmp_path):
    world.folder = tmp_path
    world.sql("update gold.trn set b = coalesce(b, 40)")
    world.sql("update gold.ftr set b = coalesce(b, 40)")
    return world


def model(nodes, inputs, outputs, constants=(), opset=18, ir=10, domain=""):
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(constants))
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(domain, opset)], ir_version=ir
    )
    return made.SerializeToString()


def logistic(*, rows="rows", wide=2, type_=Type.FLOAT, ends="Sigmoid", **more):
    """P(true) = 1 / (1 + exp(-(3 a + 0.03 b - 3))), or what stands before the sigmoid."""
    dtype = np.float32 if type_ == Type.FLOAT else np.float64
    weights = numpy_helper.from_array(np.array([[3.0], [0.03]], dtype)[:wide], "w")
    offset = numpy_helper.from_array(np.array([-3.0], dtype), "o")
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["m"]),
        helper.make_node("Add", ["m", "o"], ["s"]),
        helper.make_node(ends, ["s"], ["p"], domain=more.get("domain", "")),
    ]
    given = helper.make_tensor_value_info("x", type_, [rows, wide])
    told = helper.make_tensor_value_info("p", type_, [rows, 1])
    return model(nodes, [given], [told], [weights, offset], **more)


def put(project, content: bytes, name="m.onnx") -> Path:
    path = project.folder / name
    path.write_bytes(content)
    return path


def test_the_files_bytes_are_the_version_and_are_judged_promoted_and_scored(project):
    content = logistic()
    put(project, content)
    version = project.train(MATRIX)
    assert version.status == "champion"
    assert (version.estimator, version.artifact_sha256) == ("m.onnx", artifact.sha256(content))
    assert bytes(project.sql("select artifact from ml.model_versions")[0][0]) == content
    assert "onnxruntime" in json.loads(version.libraries)
    assert project.train(MATRIX).reused
    # Scored by the bytes that are kept: the file may be gone.
    (project.folder / "m.onnx").unlink()
    assert project.score(MATRIX).rows == 600
    rows = project.sql("select id, a, b from gold.ftr order by id")
    wanted = {id_: 1 / (1 + np.exp(-(3 * a + 0.03 * b - 3))) for id_, a, b in rows}
    found = {id_: score for id_, _, _, score in project.predictions()}
    assert found == pytest.approx(wanted, abs=1e-6)


def test_another_file_makes_another_version(project):
    put(project, logistic())
    project.train(MATRIX)
    put(project, logistic(type_=Type.DOUBLE))
    assert project.train(MATRIX).version == 2


@pytest.mark.parametrize(
    "estimator",
    [
        {"preset": "boosted_trees", "params": {"max_iter": 15}},
        {"preset": "logistic_regression"},
        {"preset": "random_forest", "params": {"n_estimators": 5}},
    ],
)
def test_a_version_exported_and_imported_again_tells_the_same(project, estimator):
    project.sql("update gold.trn set b = null where id < 'K0100'")
    project.sql("update gold.ftr set b = null where id < 'K0100'")
    first = project.train({"estimator": estimator})
    project.score({"estimator": estimator})
    relation = project.relations["ftr"]
    source = Source("ftr", relation, describe(project.conn, relation))
    put(project, export_onnx(project.conn, project.spec(), first, source).content)
    back = {"estimator": {"onnx": "m.onnx", "outputs": {"probabilities": "probabilities"}}}
    second = project.train(back, run="run-2")
    assert second.metrics["roc_auc"] == pytest.approx(first.metrics["roc_auc"], abs=1e-9)
    assert second.status == "champion"
    project.score(back)
    told = project.predictions()
    assert len(told) == 1_200
    np.testing.assert_allclose(
        [row[3] for row in told[:600]], [row[3] for row in told[600:]], atol=1e-9
    )
    assert [row[2] for row in told[:600]] == [row[2] for row in told[600:]]


def test_a_number_is_told_and_judged(project):
    put(project, logistic(ends="Identity"))
    changes = {
        "estimator": {**MATRIX["estimator"], "outputs": {"number": "p"}},
        "problem.success": [{"metric": "rmse", "at_most": 0.01}],
        "train.label": "z",
        "train.transform": {},
    }
    project.sql(
        "create or replace table gold.trn as select * exclude (y), 3 * a + 0.03 * b - 3 as z "
        "from gold.trn"
    )
    version = project.train(changes)
    assert (version.status, version.task) == ("champion", "regression")


def test_a_label_alone_is_told_and_classes_may_stand_in_another_order(project):
    nodes = [
        helper.make_node("Gather", ["x", "i"], ["g"], axis=1),
        helper.make_node("Greater", ["g", "h"], ["p"]),
    ]
    constants = [
        numpy_helper.from_array(np.array(0), "i"),
        numpy_helper.from_array(np.array(0.5, np.float32), "h"),
    ]
    given = helper.make_tensor_value_info("x", Type.FLOAT, ["n", 2])
    told = helper.make_tensor_value_info("p", Type.BOOL, ["n"])
    put(project, model(nodes, [given], [told], constants))
    judged = {"problem.success": [{"metric": "accuracy", "at_least": 0.5}]}
    labels = {**MATRIX["estimator"], "outputs": {"label": "p"}}
    assert project.train({**judged, "estimator": labels}).status == "champion"
    put(project, logistic())
    turned = {"probabilities": "p", "classes": ["true", "false"]}
    changes = {**judged, "estimator": {**MATRIX["estimator"], "outputs": turned}}
    assert project.train(changes).status == "rejected"


def external() -> bytes:
    made = onnx.load_model_from_string(logistic())
    tensor = made.graph.initializer[0]
    tensor.data_location = Type.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", "/etc/hostname"
    return made.SerializeToString()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["cannot be read", "No such file"]),
        (b"", ["zero bytes"]),
        (b"not a model", ["no ONNX model"]),
        (logistic()[:60], ["cannot be imported"]),
        (external(), ["'w' lies in another file"]),
        (logistic(opset=99), ["operators of ai.onnx 99", "cannot run it"]),
        (logistic(ir=99), ["IR version 99"]),
        (logistic(domain="my.own"), ["my.own"]),
        (logistic(rows=1), ["1 at a time", "any number of rows"]),
        (logistic(wide=1), ["is given 2 features (a, b)", "[rows, 2]"]),
    ],
)
def test_a_bad_file_is_refused_with_one_clear_error_and_nothing_is_kept(project, content, words):
    if content is not None:
        put(project, content)
    with pytest.raises(UsageError) as refused:
        project.train(MATRIX)
    for word in ["estimator.onnx 'm.onnx'", *words]:
        assert word in str(refused.value)
    tables = project.sql("select count(*) from information_schema.tables where table_schema = 'ml'")
    assert tables == [(0,)] or project.sql("from ml.model_versions") == []


def test_a_file_beyond_the_limit_and_one_outside_the_project_are_refused(project, monkeypatch):
    monkeypatch.setattr("ml.imported.file.MOST_BYTES", 100)
    put(project, logistic())
    with pytest.raises(UsageError, match="allowed: up to 100"):
        project.train(MATRIX)
    outside = {"estimator": {**MATRIX["estimator"], "onnx": "../m.onnx"}}
    with pytest.raises(UsageError, match="within the project"):
        project.train(outside)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"inputs": {"y": "a"}}, ["no input 'y'", "it has: x"]),
        ({"inputs": {}}, ["takes 'x', which is no feature", "estimator.inputs"]),
        ({"inputs": {"x": ["a", "c"]}}, ["'c' is VARCHAR", "number or boolean"]),
        ({"outputs": {"probabilities": "q"}}, ["no output 'q'", "it has: p"]),
        ({"outputs": {"label": "p"}}, ["tensor(float)", "allowed for label"]),
        ({"outputs": {"number": "p"}}, ["judges a classification"]),
        ({"outputs": {"number": "p", "label": "p"}}, ["exactly one of"]),
        ({"outputs": {}}, ["none of them", "exactly one of"]),
        ({"outputs": {"probabilities": "p", "classes": ["no", "yes"]}}, ["no, yes", "false, true"]),
        ({"params": {"C": 1}}, ["estimator.params is declared", "imported and learns nothing"]),
        ({"class_weight": "balanced"}, ["estimator.class_weight"]),
    ],
)
def test_what_does_not_fit_the_file_is_refused_by_name(project, changes, words):
    put(project, logistic())
    with pytest.raises(UsageError) as refused:
        project.train({"estimator": {**MATRIX["estimator"], **changes}})
    for word in words:
        assert word in str(refused.value)


@pytest.mark.parametrize(
    "key", [{"tune": {"params": {"C": [1, 2]}}}, {"train.validate": {"folds": 3}},
            {"train.features": {"include": ["a"]}}, {"score.explain": {"top": 1}}]
)  # fmt: skip
def test_what_is_learnt_has_no_place_beside_an_imported_model(project, key):
    with pytest.raises(UsageError, match="imported and learns nothing|cannot be explained"):
        project.train({**MATRIX, **key})


def test_what_is_no_probability_stops_the_training(project):
    put(project, logistic(ends="Identity"))
    with pytest.raises(PipelineError, match="is no probability"):
        project.train(MATRIX)


def test_a_missing_value_is_refused_where_the_input_takes_whole_numbers(project):
    nodes = [
        helper.make_node("Cast", ["x"], ["f"], to=Type.FLOAT),
        helper.make_node("Sigmoid", ["f"], ["p"]),
    ]
    given = helper.make_tensor_value_info("x", Type.INT64, ["n", 1])
    told = helper.make_tensor_value_info("p", Type.FLOAT, ["n", 1])
    put(project, model(nodes, [given], [told]))
    changes = {"estimator": {**MATRIX["estimator"], "inputs": {"x": "b"}}}
    project.train({**changes, "problem.success": [{"metric": "roc_auc", "at_least": 0.1}]})
    project.sql("update gold.ftr set b = null where id = 'K0007'")
    with pytest.raises(PipelineError, match="takes tensor.int64., and feature 'b' is missing"):
        project.score(changes)


def test_kept_bytes_that_were_changed_are_not_asked(project):
    put(project, logistic())
    project.train(MATRIX)
    project.sql("update ml.model_versions set artifact = 'other'::blob")
    with pytest.raises(PipelineError, match="changed\\s+after it was made"):
        project.score(MATRIX)


def test_without_the_extra_one_error_says_what_to_install(project, monkeypatch):
    from ml.imported.file import _opened

    _opened.cache_clear()
    put(project, logistic())
    monkeypatch.setitem(__import__("sys").modules, "onnxruntime", None)
    with pytest.raises(UsageError, match=r"pip install 'goldloop\[onnx\]'"):
        project.train(MATRIX)
