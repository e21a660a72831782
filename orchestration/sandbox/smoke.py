"""A smoke test of ML models: on a sample, what was trained scores however good it is."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from duckdb import DuckDBPyConnection

if TYPE_CHECKING:
    from ml.versions.registry import ModelVersion


def however_good(
    connection: DuckDBPyConnection, version: "ModelVersion", run_id: str
) -> "ModelVersion":
    """Return ``version``, champion though it is rejected."""
    from ml.data.checks import utc
    from ml.versions import decisions

    if version.status != "rejected":
        return version
    cause = decisions.Cause("promote", utc(datetime.now(UTC)), run_id, "smoke")
    return decisions.promote(connection, version, cause, "a smoke test scores")
