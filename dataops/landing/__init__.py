"""Ingest: from files as upstream systems deliver them to tables of the landing schema."""

from dataops.landing.declaration import LandingSource, parse_landing
from dataops.landing.ingest import ingest
from dataops.landing.report import LandingProgress, SourceReport
from dataops.landing.tables import create_landing_tables

__all__ = [
    "LandingProgress",
    "LandingSource",
    "SourceReport",
    "create_landing_tables",
    "ingest",
    "parse_landing",
]
