"""What kinds have in common whose versions tell by their artifact and nothing else they keep."""

from duckdb import DuckDBPyConnection

from ml.versions.registry import ModelVersion


class ArtifactAlone:
    """What such a kind answers: see :class:`ml.kinds.kind.Kind`."""

    def is_whole(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether what tells besides the artifact is as recorded: nothing does."""
        return True


class FittedAlone:
    """What a fitted model of such a kind answers: see :class:`ml.kinds.kind.Fitted`."""

    def keep(self, conn: DuckDBPyConnection, version: ModelVersion) -> None:
        """Keep nothing besides the artifact."""

    def is_kept(self, conn: DuckDBPyConnection, version: ModelVersion) -> bool:
        """Whether what tells besides the artifact is the same: nothing does."""
        return True
