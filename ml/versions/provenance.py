"""Where a version or a prediction came from: the run, the release it worked on, the code."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Provenance:
    """What the caller knows and the engine writes down beside all it makes.

    ``run_id`` is the run that trains or scores, ``release`` the published warehouse the run
    started from (None before the first), ``code_version`` the commit or hash of the project,
    ``manifest_hash`` the hash of what dbt would build. ``feature_code`` has, for a scoring, the
    hash of the code of each dbt node that made the scored table.
    """

    run_id: str
    release: str | None = None
    code_version: str | None = None
    manifest_hash: str | None = None
    feature_code: Mapping[str, str] = field(default_factory=dict)

    @property
    def kept(self) -> dict[str, Any]:
        """What a version keeps of it, by column."""
        return {
            "run_id": self.run_id,
            "release": self.release,
            "code_version": self.code_version,
            "manifest_hash": self.manifest_hash,
        }
