"""A scratch copy of the warehouse: dbt runs of this project against a file of the test's own."""

import json
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

PROJECT = Path(__file__).parents[3]
LOADED_AT = datetime(2030, 1, 1)


class Scratch:
    """dbt on ``folder/warehouse.duckdb``; nothing outside ``folder`` is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse.duckdb"
        output = {"type": "duckdb", "path": str(self.warehouse), "threads": 4}
        profile = {"goldloop": {"target": "dev", "outputs": {"dev": output}}}
        # JSON is YAML.
        (folder / "profiles.yml").write_text(json.dumps(profile))

    def dbt(self, *arguments: str) -> None:
        environment = os.environ | {
            "DBT_PROFILES_DIR": str(self.folder),
            "DBT_TARGET_PATH": str(self.folder / "target"),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "DO_NOT_TRACK": "1",
        }
        done = subprocess.run(
            [str(Path(sys.executable).parent / "dbt"), "--quiet", *arguments],
            cwd=PROJECT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def manifest(self) -> dict[str, Any]:
        return json.loads((self.folder / "target" / "manifest.json").read_text())

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with duckdb.connect(self.warehouse, read_only=True) as connection:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def land(self, tables: dict[str, list[dict[str, Any]]]) -> None:
        """Insert rows into landing tables as ingest would; each row has ``_delivered_at``."""
        with duckdb.connect(self.warehouse) as connection:
            for table, rows in tables.items():
                for place, row in enumerate(rows, start=1):
                    delivered = row["_delivered_at"]
                    record = {"_file": f"{table}_{delivered:%Y-%m-%dT%H%M}", "_row": place}
                    record |= row | {"_loaded_at": LOADED_AT}
                    names = ", ".join(record)
                    marks = ", ".join("?" for _ in record)
                    connection.execute(
                        f"insert into landing.{table} ({names}) values ({marks})",
                        list(record.values()),
                    )

    def predict_tones(self, tones: dict[str, tuple[datetime, float]]) -> None:
        """Write the tone of calls as the scoring of ``call_sentiment`` would.

        What the version itself says of a call, which it may have learnt from, is the opposite.
        """
        with duckdb.connect(self.warehouse) as connection:
            connection.executemany(
                "insert into predictions.call_sentiment (call_id, as_of_date, prediction, score, "
                "feature_score, learnt_until, model_name, model_version, run_id, scored_at) "
                "values (?, ?, ?, ?, ?, ?, 'call_sentiment', 1, 'run', ?)",
                [
                    [call_id, started_at.date(), score < 0.5, 1 - score, score]
                    + [started_at - timedelta(days=9), LOADED_AT]
                    for call_id, (started_at, score) in tones.items()
                ],
            )
