"""Fitting: from the rows learnt from to a model that tells."""

from ml import estimators
from ml.dataset import TrainingSet
from ml.errors import PipelineError
from ml.features import Encoder, fit_encoder, infinite
from ml.holdout import Parts
from ml.model import Model
from ml.spec import ModelSpec


def fit_model(spec: ModelSpec, found: TrainingSet, parts: Parts) -> Model:
    """Return the model that ``spec`` declares, fitted on ``parts.learnt`` alone.

    Raises PipelineError for features of which nothing can be learnt.
    """
    encoder = _encoder(spec, found, parts)
    inputs = encoder.encode(parts.learnt.features)
    estimator = estimators.fit(spec, encoder, inputs, parts.learnt.labels, found.classes)
    return Model(encoder, estimator, spec.task, found.classes)


def _encoder(spec: ModelSpec, found: TrainingSet, parts: Parts) -> Encoder:
    """Learn the encoder from the rows learnt from; refuse features nothing can be learnt of."""
    columns, rows = found.features, parts.learnt.features
    fix = f"leave it out or mend it in the SQL of {found.source.dbt_name}, then: "
    fix += found.source.build
    endless = infinite(columns, rows) or infinite(columns, parts.held.features)
    if endless:
        raise PipelineError(
            f"feature '{endless[0]}' is infinite in rows of {found.source.relation} (a division "
            "by zero?); allowed: finite numbers and null",
            fix=fix,
        )
    encoder = fit_encoder(
        columns,
        rows,
        reads_text=estimators.reads_text(spec),
        most=estimators.most_categories(spec),
    )
    empty = [each.name for each in encoder.features if each.missing == rows.num_rows]
    if empty:
        named = ", ".join(f"'{name}'" for name in empty)
        raise PipelineError(
            f"feature {named} is null in all {rows.num_rows:,} rows of "
            f"{found.source.relation} that are learnt from; nothing can be learnt of it",
            fix=fix,
        )
    return encoder
