"""The error a step raised, found under what Dagster has wrapped around it."""

from collections.abc import Sequence
from typing import Any

from ml.errors import GoldloopError, PipelineError, UsageError


class Unpublished(PipelineError):
    """A run that may not be published, for ``reasons``, one each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__(
            "nothing was published, readers keep the release they have:\n" + "\n".join(reasons),
            fix="correct it, then: goldloop run (goldloop status says more)",
        )
        self.reasons = list(reasons)


# Each error below is shown as it is; what else went wrong is shown with the name of its class.
KNOWN: dict[str, type[GoldloopError]] = {
    "UsageError": UsageError,
    "PipelineError": PipelineError,
    "Leak": PipelineError,
    "Unpublished": PipelineError,
}


def error_of(info: Any) -> GoldloopError:
    """Return what Dagster's error ``info`` is about, as a person is told it."""
    cause = info
    while cause.cls_name not in KNOWN and cause.cause:
        cause = cause.cause
    # Dagster renders an error as "module.Class: text".
    text = cause.message.strip().split(": ", 1)[-1]
    problem, _, fix = text.rpartition(" — ")
    kind = KNOWN.get(cause.cls_name, PipelineError)
    if problem:
        return kind(problem, fix=fix)
    return kind(f"{cause.cls_name}: {text}", fix="the log is in warehouse/logs; then: goldloop run")
