"""From a declaration that names a file to a model that tells: found, checked, nothing learnt."""

from collections.abc import Sequence

from ml.data.features import Feature
from ml.imported.binding import check_output, inputs_of, named_features, told_as
from ml.imported.estimator import Imported
from ml.imported.file import content_of, refused, session_of
from ml.spec import ModelSpec


def check_file(spec: ModelSpec) -> None:
    """Raise UsageError for a file that cannot be imported or lacks what is declared of it."""
    session = session_of(spec, content_of(spec))
    named_features(spec, session)
    check_output(spec, session)


def features_read(spec: ModelSpec) -> tuple[str, ...]:
    """Return the names of the features that the model takes, in the order of its inputs."""
    taken = named_features(spec, session_of(spec, content_of(spec)))
    return tuple(dict.fromkeys(name for names in taken.values() for name in names))


def imported(
    spec: ModelSpec,
    features: Sequence[Feature],
    classes: Sequence[str] = (),
    content: bytes | None = None,
) -> Imported:
    """Return the model that ``spec`` names, over ``features`` and the label's ``classes``.

    ``content`` are the bytes where they are kept already; else the file is read. Raises UsageError
    where the file does not fit the declaration, the features or the classes.
    """
    data = content_of(spec) if content is None else content
    session = session_of(spec, data)
    check_output(spec, session)
    what, output = told_as(spec)
    return Imported(
        content=data,
        name=f"estimator.onnx '{spec.estimator.onnx}' of ML model '{spec.name}'",
        inputs=inputs_of(spec, session, features),
        what=what,
        output=output,
        features=tuple(feature.name for feature in features),
        classes=tuple(classes),
        columns=_columns(spec, classes),
    )


def _columns(spec: ModelSpec, classes: Sequence[str]) -> tuple[int, ...]:
    """Return which column of the probabilities is that of each of the label's ``classes``."""
    declared = spec.estimator.outputs.classes if spec.estimator.outputs else ()
    if not declared:
        return tuple(range(len(classes)))
    if sorted(declared) != sorted(classes):
        raise refused(
            spec,
            f"tells the classes {', '.join(declared)} (estimator.outputs.classes), and label "
            f"'{spec.train.label}' has {', '.join(classes)}; allowed: the same ones",
        )
    return tuple(declared.index(name) for name in classes)
