"""The step before an estimator that takes neither missing values nor codes of categories."""

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

from ml.data.features import Encoder


def encode_step(
    encoder: Encoder, *, sparse: bool = True, positive: bool = False
) -> ColumnTransformer:
    """Return the step for the features of ``encoder``, not yet fitted.

    Numbers are filled with their mean beside a flag that they were missing, and scaled; each
    category gets a column of its own. ``sparse`` is whether the estimator takes a sparse matrix;
    with ``positive`` numbers lie between 0 and 1.
    """
    scale = MinMaxScaler(clip=True) if positive else StandardScaler()
    numbers = Pipeline([("fill", SimpleImputer(add_indicator=True)), ("scale", scale)])
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=sparse)
    plain = positions(encoder, "number") + positions(encoder, "boolean")
    return ColumnTransformer(
        [
            ("numbers", numbers, sorted(plain)),
            ("categories", categories, positions(encoder, "category")),
        ],
        sparse_threshold=0.3 if sparse else 0.0,
    )


def positions(encoder: Encoder, kind: str) -> list[int]:
    """Return where the features of ``kind`` stand."""
    return [at for at, feature in enumerate(encoder.features) if feature.kind == kind]
