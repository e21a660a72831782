"""ONNX bytes made ready to be asked: held against limits, opened on the processor alone."""

from collections.abc import Iterator
from typing import Any

from ml.errors import UsageError

_FIRST_LINE = 200


class NotRun(Exception):
    """ONNX bytes that ONNX Runtime cannot be asked of; the text says why."""


def open_session(content: bytes) -> Any:
    """Return an ``onnxruntime.InferenceSession`` of ``content``.

    Raises NotRun with what is wrong with the bytes, UsageError where the extra ``onnx`` is not
    installed.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise UsageError(
            f"an ONNX model needs {error.name}, which is not installed",
            fix="type: pip install 'goldloop[onnx]'",
        ) from None
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's errors are of whichever of its two packages is there
        raise NotRun(f"it is no ONNX model ({_first_line(error)})") from error
    _check_self_contained(model)
    onnxruntime.disable_telemetry_events()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(
            content, sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # the runtime's errors share no class of their own
        raise NotRun(
            f"ONNX Runtime {onnxruntime.__version__} cannot run it, which is of {_made_by(model)}: "
            f"{_first_line(error)}"
        ) from error


def _check_self_contained(model: Any) -> None:
    """Refuse what is no model, and numbers that lie in other files than this one."""
    if not model.graph.node or not model.graph.output:
        raise NotRun("it is no ONNX model (it has no nodes or no outputs)")
    graphs = [model.graph, *model.functions]
    for tensor in (tensor for graph in graphs for tensor in _tensors(graph)):
        if tensor.external_data or tensor.data_location == tensor.EXTERNAL:
            raise NotRun(
                f"its tensor '{tensor.name}' lies in another file; allowed: one file that holds "
                "all (onnx.save_model(..., save_as_external_data=False))"
            )


def _tensors(graph: Any) -> Iterator[Any]:
    """Yield every tensor in ``graph``, a graph or a function, and in the graphs within it."""
    yield from getattr(graph, "initializer", ())
    for sparse in getattr(graph, "sparse_initializer", ()):
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                yield from _tensors(inner)


def _made_by(model: Any) -> str:
    """Say which versions of the format and of its operators ``model`` was written in."""
    sets = ", ".join(f"{each.domain or 'ai.onnx'} {each.version}" for each in model.opset_import)
    return f"IR version {model.ir_version} with operators of {sets or 'no version'}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:_FIRST_LINE] if lines else type(error).__name__
