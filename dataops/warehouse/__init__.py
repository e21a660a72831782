"""The warehouse folder: a run works on a candidate, and publishes it whole or not at all."""

from dataops.disk import FILE
from dataops.warehouse.candidate import Candidate
from dataops.warehouse.counting import count_rows
from dataops.warehouse.folder import Warehouse
from dataops.warehouse.limits import Limits
from dataops.warehouse.quarantine import Quarantined
from dataops.warehouse.release import Release

__all__ = ["FILE", "Candidate", "Limits", "Quarantined", "Release", "Warehouse", "count_rows"]
