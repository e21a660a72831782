"""The error a step raised, found under what Dagster has wrapped around it."""

from typing import Any

from ml.errors import GoldloopError, PipelineError, UsageError

# Each error below is shown as it is; what else went wrong is shown with the name of its class.
KNOWN: dict[str, type[GoldloopError]] = {
    kind.__name__: kind for kind in (UsageError, PipelineError)
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
