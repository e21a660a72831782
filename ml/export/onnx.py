"""A version as an ONNX model in doubles: a text or a number in for each feature, scores out."""

from collections.abc import Mapping

import numpy as np
from onnx import TensorProto

from ml.anatomy import Ensemble, Linear, Opaque, Words, dissect
from ml.anatomy.cells import Cell, Filled, Missing, Plain, Scaled
from ml.data.features import Feature
from ml.errors import UsageError
from ml.export.onnx_graph import Graph
from ml.export.onnx_trees import ensembled
from ml.fitting.calibration import NEAREST, Calibration, Curve, Sigmoid
from ml.model import Model

OUTPUTS = ("prediction", "score", "probabilities")


def onnx_model(model: Model, facts: Mapping[str, str]) -> bytes:
    """Return ``model`` as ONNX, with ``facts`` kept beside it.

    An input for each feature [rows, 1], named by :func:`input_names`: a double (NaN for missing, 1
    and 0 for a boolean), or a text; one that is no category counts as missing. Outputs:
    ``prediction`` [rows], text for a class, ``score`` [rows] and, of classes, ``probabilities``
    [rows, classes]. Raises UsageError for an estimator that cannot be written so.
    """
    try:
        anatomy = dissect(model)
    except Opaque as opaque:
        raise _refusal(str(opaque)) from None
    if isinstance(anatomy, Words):
        raise _refusal("an estimator of texts")
    names = input_names(model)
    graph = Graph(names)
    features = [
        _encoded(graph, each, name)
        for each, name in zip(model.encoder.features, names, strict=True)
    ]
    columns = graph.beside([_cell(graph, cell, features) for cell in anatomy.columns])
    raw = _raw(graph, anatomy, columns)
    _told(graph, model, _probabilities(graph, model, anatomy, raw))
    return graph.content(dict(facts))


def _refusal(what: str) -> UsageError:
    return UsageError(
        f"{what} cannot be written as ONNX; allowed: linear models, trees and forests, boosted "
        "trees",
        fix="choose another estimator, or score it here: goldloop score",
    )


def input_names(model: Model) -> list[str]:
    """Return the name of each feature's input: its own, unless an output is called so."""
    features = [feature.name for feature in model.encoder.features]
    names = []
    for name in features:
        if name in OUTPUTS:
            name = f"feature_{name}"
            while name in features:
                name += "_"
        names.append(name)
    return names


def _encoded(graph: Graph, feature: Feature, name: str) -> str:
    graph.read(name, text=feature.kind == "category")
    if feature.kind != "category":
        return name
    codes = [float(at) for at in range(len(feature.categories))]
    names = list(feature.categories) or ["no category was seen"]
    found = graph.learned(
        "LabelEncoder",
        name,
        keys_strings=names,
        values_floats=codes or [float("nan")],
        default_float=float("nan"),
    )
    return graph.number(found)


def _cell(graph: Graph, cell: Cell, features: list[str]) -> str:
    if isinstance(cell, Plain):
        return features[cell.feature]
    inner = _cell(graph, cell.of, features)
    if isinstance(cell, Filled):
        return graph.node("Where", graph.node("IsNaN", inner), graph.constant([[cell.fill]]), inner)
    if isinstance(cell, Missing) or (not isinstance(cell, Scaled) and np.isnan(cell.value)):
        return graph.number(graph.node("IsNaN", inner))
    if isinstance(cell, Scaled):
        less = graph.node("Sub", inner, graph.constant([[cell.mean]]))
        return graph.node("Div", less, graph.constant([[cell.scale]]))
    return graph.number(graph.node("Equal", inner, graph.constant([[cell.value]])))


def _raw(graph: Graph, anatomy: Linear | Ensemble, columns: str) -> str:
    """Return the raw scores [rows, outputs]."""
    if isinstance(anatomy, Linear):
        product = graph.node("MatMul", columns, graph.constant(anatomy.weights.T))
        return graph.node("Add", product, graph.constant(anatomy.intercept[None]))
    total = graph.trees(columns, **ensembled(anatomy))
    total = graph.node("Add", total, graph.constant(anatomy.base[None]))
    if anatomy.divisor == 1:
        return total
    return graph.node("Div", total, graph.constant([[anatomy.divisor]]))


def _probabilities(graph: Graph, model: Model, anatomy: Linear | Ensemble, raw: str) -> str:
    """Return [rows, classes], or numbers [rows, 1]."""
    told = {
        "identity": lambda: raw,
        "proportion": lambda: raw,
        "exp": lambda: graph.node("Exp", raw),
        "softmax": lambda: graph.node("Softmax", raw, axis=1),
        "sigmoid": lambda: _both(graph, _logistic(graph, raw)),
    }[anatomy.link]()
    return _calibrated(graph, model.calibration, told) if model.calibration else told


def _logistic(graph: Graph, of: str) -> str:
    one = graph.constant([[1.0]])
    power = graph.node("Exp", graph.node("Neg", of))
    return graph.node("Div", one, graph.node("Add", one, power))


def _both(graph: Graph, second: str) -> str:
    return graph.beside([graph.node("Sub", graph.constant([[1.0]]), second), second])


def _calibrated(graph: Graph, calibration: Calibration, told: str) -> str:
    def column(at: int) -> str:
        return graph.node("Gather", told, graph.constant([at], np.int64), axis=1)

    curves = calibration.curves
    if len(curves) == 1:
        return _both(graph, _along(graph, curves[0], column(1)))
    each = graph.beside([_along(graph, curve, column(at)) for at, curve in enumerate(curves)])
    total = graph.node("ReduceSum", each, graph.constant([1], np.int64), keepdims=1)
    above = graph.node("Greater", total, graph.constant([[0.0]]))
    even = graph.constant([[1 / len(curves)] * len(curves)])
    return graph.node("Where", above, graph.node("Div", each, total), even)


def _along(graph: Graph, curve: Curve | Sigmoid, score: str) -> str:
    if isinstance(curve, Sigmoid):
        known = graph.node("Max", score, graph.constant([[NEAREST]]))
        known = graph.node("Min", known, graph.constant([[1 - NEAREST]]))
        rest = graph.node("Log", graph.node("Sub", graph.constant([[1.0]]), known))
        odds = graph.node("Sub", graph.node("Log", known), rest)
        scaled = graph.node("Mul", odds, graph.constant([[curve.slope]]))
        return _logistic(graph, graph.node("Add", scaled, graph.constant([[curve.offset]])))
    return _straight(graph, curve, score)


def _straight(graph: Graph, curve: Curve, score: str) -> str:
    """Find the last point at or below the score, and go from there along the slope behind it."""
    x, y = np.array(curve.x), np.array(curve.y)
    width = np.diff(x)
    slopes = np.divide(np.diff(y), width, out=np.zeros_like(width), where=width > 0)
    below = graph.whole(graph.node("GreaterOrEqual", score, graph.constant(x[None])))
    at = graph.node("ReduceSum", below, graph.constant([1], np.int64), keepdims=1)

    def point(values: np.ndarray) -> str:
        return graph.node("Gather", graph.constant(values), at, axis=0)

    # Point 0 stands for what lies before the first one.
    away = graph.node("Sub", score, point(np.array([x[0], *x])))
    rise = graph.node("Mul", away, point(np.array([0.0, *slopes, 0.0])))
    return graph.node("Add", rise, point(np.array([y[0], *y])))


def _told(graph: Graph, model: Model, told: str) -> None:
    flat = graph.constant([-1], np.int64)
    if not model.classes:
        numbers = graph.node("Reshape", told, flat)
        graph.tell("prediction", numbers)
        graph.tell("score", numbers)
        return
    graph.tell("probabilities", told, width=len(model.classes))
    code = _code(graph, model, told)
    names = graph.constant(np.array(model.classes, dtype=object), object)
    graph.tell("prediction", graph.node("Gather", names, code, axis=0), text=True)
    if len(model.classes) == 2:
        score = graph.node("Gather", told, graph.constant([1], np.int64), axis=1)
    else:
        score = graph.node("ReduceMax", told, graph.constant([1], np.int64), keepdims=1)
    graph.tell("score", graph.node("Reshape", score, flat))


def _code(graph: Graph, model: Model, told: str) -> str:
    """Return the position of the class told [rows]."""
    if model.threshold is None or len(model.classes) != 2:
        return graph.node("ArgMax", told, axis=1, keepdims=0)
    second = graph.node("Gather", told, graph.constant(1, np.int64), axis=1)
    above = graph.node("GreaterOrEqual", second, graph.constant(model.threshold))
    return graph.node("Cast", above, to=TensorProto.INT64)
