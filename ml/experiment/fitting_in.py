"""Columns that a change would make features of and the model cannot read are refused here."""

from collections.abc import Iterator, Sequence

from ml import estimators
from ml.columns import Source
from ml.data.feature_choice import READABLE, unread
from ml.errors import UsageError
from ml.experiment.change import Change, joined_name
from ml.spec import ModelSpec


def check_types(spec: ModelSpec, source: Source, changes: Sequence[Change]) -> None:
    """Refuse a change that makes a feature of what ``spec``'s estimator cannot read.

    ``source`` has the features joined. Raises UsageError that names those which can be read, as
    they would be typed.
    """
    reads = estimators.reads(spec)
    for change in changes:
        typed = dict(_typed(change))
        wrong = [name for name in typed if unread(source.columns[name], reads)]
        if not wrong:
            continue
        told = ", ".join(f"{typed[name]} is {source.columns[name].type}" for name in wrong)
        usable = [word for name, word in typed.items() if name not in wrong]
        allowed = READABLE[reads]
        raise UsageError(
            f"{change.said} cannot be tried on ML model '{spec.name}': {told}; "
            f"{spec.estimator.name} reads {allowed}",
            fix=f"type instead: {' '.join(f'--with {word}' for word in usable)}"
            if usable
            else "leave it out; it names nothing that can be read",
        )


def _typed(change: Change) -> Iterator[tuple[str, str]]:
    """Yield each column that becomes a feature, and how it is typed by itself."""
    yield from ((joined_name(*each), ".".join(each)) for each in change.joined)
    yield from ((name, name) for name in change.added)
