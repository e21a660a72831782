"""Rows that cannot be used: how many there were and why, in words."""

from collections.abc import Sequence

from ml.columns import Source


def told(left_out: Sequence[tuple[str, int]], source: Source) -> str | None:
    """Return in words what was left out of ``source``, by reason how many rows; None for none."""
    said = [
        f"{many:,} {'row' if many == 1 else 'rows'} with {why}" for why, many in left_out if many
    ]
    if not said:
        return None
    return f"left out of {source.relation}: {', '.join(said)}; mend the SQL of {source.dbt_name}"
