"""docs/how-to/declare.md: what it shows is a declaration, and its builder builds."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ml.estimators import check_params
from ml.spec import parse_spec
from orchestration.settings import Settings
from tests.unit.ml.world import declare, small_world

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "declare.md").read_text(encoding="utf-8")
BLOCKS = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
(BUILDER,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("project")
    path = home / BUILDER.splitlines()[0].removeprefix("# ")
    path.parent.mkdir()
    path.write_text(BUILDER)
    scorer = home / "scorers" / "late_payment.onnx"
    scorer.parent.mkdir()
    scorer.write_bytes(a_scorer())
    return home


def a_scorer() -> bytes:
    """An ONNX model that takes `a` and tells `probabilities`."""
    onnx = pytest.importorskip("onnx", reason="goldloop[onnx] is not installed")
    pytest.importorskip("onnxruntime", reason="goldloop[onnx] is not installed")
    kind, shape = onnx.TensorProto.FLOAT, ["rows", 1]
    given = onnx.helper.make_tensor_value_info("a", kind, shape)
    told = onnx.helper.make_tensor_value_info("probabilities", kind, shape)
    node = onnx.helper.make_node("Sigmoid", ["a"], ["probabilities"])
    graph = onnx.helper.make_graph([node], "scorer", [given], [told])
    opset = [onnx.helper.make_opsetid("", 18)]
    made = onnx.helper.make_model(graph, opset_imports=opset, ir_version=10)
    return bytes(made.SerializeToString())


@pytest.mark.parametrize("block", [each for each in BLOCKS if "estimator" in each])
def test_every_estimator_on_the_page_is_one(block: dict[str, Any], folder: Path) -> None:
    meta = declare({"estimator": block["estimator"]})
    meta["train"] |= block.get("train", {})
    check_params(parse_spec("model", meta, file="models/m.yml", folder=folder))


def test_the_builder_on_the_page_is_trained_and_scores(folder: Path) -> None:
    (block,) = [each for each in BLOCKS if "builder" in each.get("estimator", {})]
    world = small_world()
    world.folder = folder
    changes = {"estimator": block["estimator"], "problem.success.0.at_least": 0.0}
    assert world.train(changes).status == "champion"
    assert world.score(changes).rows == 600


def test_what_is_trusted_on_the_page_is_a_setting() -> None:
    (block,) = [each for each in BLOCKS if "ml" in each]
    assert Settings.model_validate(block).ml.trust == tuple(block["ml"]["trust"])
