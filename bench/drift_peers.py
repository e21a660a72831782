"""Evidently on two Parquet files, run by its own interpreter: ``preset|measures <folder>``.

Reads ``old.parquet`` and ``new.parquet`` of the folder, whose columns named x… are numbers and c…
categories. ``preset`` prints the seconds of a DataDriftPreset and what it says of each column;
``measures`` what single measures say. As JSON.
"""

import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently import __version__ as version
from evidently.metrics import ValueDrift
from evidently.presets import DataDriftPreset

NUMBERS = ("psi", "jensenshannon", "wasserstein", "ks")
CATEGORIES = ("psi", "jensenshannon")


def main() -> None:
    """Run what the command line names."""
    warnings.filterwarnings("ignore")
    what, folder = sys.argv[1], Path(sys.argv[2])
    old, new = (pd.read_parquet(folder / f"{name}.parquet") for name in ("old", "new"))
    definition = DataDefinition(
        numerical_columns=[name for name in old if name.startswith("x")],
        categorical_columns=[name for name in old if name.startswith("c")],
    )
    sides = [Dataset.from_pandas(frame, data_definition=definition) for frame in (new, old)]
    asked: list[Any] = [DataDriftPreset()]
    if what == "measures":
        asked = [
            ValueDrift(column=name, method=method)
            for name in old
            for method in (NUMBERS if name.startswith("x") else CATEGORIES)
        ]
    start = time.perf_counter()
    found = Report(asked).run(*sides).dict()
    seconds = time.perf_counter() - start
    sys.stdout.write(
        json.dumps({"seconds": seconds, "version": version, "told": _told(found)}) + "\n"
    )


def _told(found: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return what is said of each column, by the method."""
    told: dict[str, dict[str, float]] = {}
    for each in found["metrics"]:
        config = each["config"]
        if "column" in config:
            told.setdefault(config["column"], {})[config["method"]] = float(each["value"])
    return told


if __name__ == "__main__":
    main()
