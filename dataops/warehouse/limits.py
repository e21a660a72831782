"""How much of its past a warehouse folder keeps."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How many releases and refused candidates stay, and how many bytes the latter may fill.

    Named releases, the current one and those a sandbox reads stay whatever their number.
    """

    releases: int = 10
    quarantined: int = 3
    quarantined_bytes: int = 5_000_000_000
