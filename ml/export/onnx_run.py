"""An ONNX model asked of the rows tried, in ONNX Runtime."""

import numpy as np
import pyarrow as pa

from ml.errors import PipelineError
from ml.export.onnx import input_names
from ml.export.parity import Told
from ml.imported.session import open_session
from ml.model import Model


def run(content: bytes, model: Model, features: pa.Table) -> Told:
    """Return the predictions and the scores that ``content`` tells of ``features``.

    A missing text is handed over as one that is no category.
    """
    given = {}
    for at, (feature, name) in enumerate(
        zip(model.encoder.features, input_names(model), strict=True)
    ):
        values = features.column(at)
        if feature.kind == "category":
            unseen = _unseen(feature.categories)
            found = [unseen if each is None else each for each in values.to_pylist()]
            given[name] = np.array(found, dtype=object).reshape(-1, 1)
        else:
            numbers = values.cast(pa.float64()).to_numpy()
            given[name] = np.asarray(numbers, dtype=np.float64).reshape(-1, 1)
    try:
        session = open_session(content)
        kept = {each.name for each in session.get_inputs()}
        given = {name: values for name, values in given.items() if name in kept}
        prediction, score = session.run(["prediction", "score"], given)
    except Exception as error:  # the runtime's errors share no class of their own
        raise PipelineError(
            f"the ONNX model does not run: {str(error).splitlines()[0]}; nothing was written",
            fix="use --to sql, or goldloop score",
        ) from error
    return list(prediction.tolist()), np.asarray(score, dtype=np.float64)


def _unseen(categories: tuple[str, ...]) -> str:
    name = ""
    while name in categories:
        name += "?"
    return name
