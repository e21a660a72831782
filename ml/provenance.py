"""Where a version or a prediction came from: the run, the release it worked on, the code."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Provenance:
    """What the caller knows and the engine writes down beside all it makes.

    ``run_id`` is the run that trains or scores, ``release`` the published warehouse the run
    started from (None before the first), ``code_version`` the commit or hash of the project,
    ``manifest_hash`` the hash of what dbt would build.
    """

    run_id: str
    release: str | None = None
    code_version: str | None = None
    manifest_hash: str | None = None
