"""``python -m simulator --out landing``: the simulation without the rest of the project."""

import argparse
import sys
from datetime import date
from pathlib import Path

from simulator.settings import Settings
from simulator.world import simulate


def main(arguments: list[str] | None = None) -> int:
    """Simulate as asked; return 0, or 2 for settings or a folder that cannot be used."""
    usual = Settings()
    parser = argparse.ArgumentParser(prog="python -m simulator", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("landing"))
    parser.add_argument("--days", type=int, default=usual.days)
    parser.add_argument("--customers", type=int, default=usual.customers)
    parser.add_argument("--seed", type=int, default=usual.seed)
    parser.add_argument("--dirt", type=float, default=usual.dirt)
    parser.add_argument("--start", type=date.fromisoformat, default=usual.start)
    asked = parser.parse_args(arguments)
    try:
        settings = Settings(asked.days, asked.customers, asked.seed, asked.dirt, asked.start)
        summary = simulate(settings, asked.out)
    except (ValueError, FileExistsError, NotADirectoryError) as error:
        parser.error(str(error))
    for name, count in summary.tables.items():
        sys.stdout.write(f"{name}: {count.files} files, {count.rows} rows, {count.bytes} bytes\n")
    sys.stdout.write(f"spoiled: {sum(summary.spoiled.values())}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
