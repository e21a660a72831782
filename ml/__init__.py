"""The engine: a connection and a declaration in, versions, metrics and predictions out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml.notebook import connect as connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    """Return ``connect``, imported when it is asked for, for it takes seconds."""
    if name == "connect":
        from ml.notebook import connect

        return connect
    raise AttributeError(f"module 'ml' has no attribute '{name}'")
