"""Sandboxes: a warehouse file of one's own, with a release to read from and never to write to."""

from dataops.sandbox.base import How
from dataops.sandbox.folder import Sandbox, Sandboxes
from dataops.sandbox.graph import Graph, Stage
from dataops.sandbox.masking import personal_columns
from dataops.sandbox.sample import Sample
from dataops.sandbox.tables import borrowed, copy_in

__all__ = [
    "Graph",
    "How",
    "Sample",
    "Sandbox",
    "Sandboxes",
    "Stage",
    "borrowed",
    "copy_in",
    "personal_columns",
]
