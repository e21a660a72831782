"""``make results``: run the examples over the real files and write docs/results.md from them.

Each example is copied out, run as a person runs it, and read back from its warehouse. Beside each
version that learns a label of rows stands plain scikit-learn (:mod:`bench.plain`). With names of
examples only these are run; the rows of the others stay as the page has them.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import sklearn
from rich.console import Console

from bench.plain import plain

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "results.md"
EXAMPLES = {
    "telco_churn": "telco_churn",
    "online_retail": "online_retail/by-day",
    "electronics_reviews": "electronics_reviews",
    "banking77": "banking77",
    "trivago_clickstream": "trivago_clickstream",
    "phone_screens": "phone_screens",
    "movielens_100k": "movielens_100k",
    "bike_sharing": "bike_sharing",
}
LABELLED = ("classification", "regression")
CHAMPION = """
    select
        model, version, task, estimator, spec, label,
        train_relation, train_rows, test_rows, test_from
    from ml.model_versions
    where status = 'champion'
    order by model
"""
MADE_UP = """
    select
        sets."set", sets.rows, sets.held_rows, metric, value, low, high, real, real_low, real_high
    from ml.synthetic_sets as sets
    inner join ml.synthetic_reports as reports using ("set", version)
    where part = 'usefulness' and metric in ('roc_auc', 'rmse')
    order by sets."set"
"""
EVALUATION = """
    select value, low, high
    from ml.evaluations
    where model = ? and version = ? and data = ? and metric = ? and segment = 'all'
"""


@dataclass(frozen=True)
class Row:
    """One metric of one example: ours with its interval, the baseline, plain scikit-learn."""

    example: str
    model: str
    estimator: str
    rows: str
    metric: str
    ours: str
    baseline: str
    plain: str


def main() -> None:
    """Run the examples named, or all, over their real files, and write the page."""
    console = Console()
    asked = _asked()
    missing = [EXAMPLES[name] for name in asked.only if not (asked.data / EXAMPLES[name]).is_dir()]
    if missing:
        console.print(f"{asked.data} lacks {', '.join(missing)}; type: make results DATA=<folder>")
        sys.exit(2)
    lines = _kept(PAGE.read_text(encoding="utf-8"))
    for example in asked.only:
        with console.status(f"running examples/{example}"):
            rows = _run(example, asked.data / EXAMPLES[example])
        lines[example] = [_line(row) for row in rows]
        console.print(f"{example}: {rows[-1].metric} {rows[-1].ours}")
        # At once, so that an example that fails after hours takes nothing of the others with it.
        PAGE.write_text(_page(lines), encoding="utf-8")
    console.print(f"written: {PAGE.relative_to(ROOT)}")


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Run the examples over real files.")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("only", nargs="*", help=f"of {', '.join(EXAMPLES)}; all unless named")
    asked = parser.parse_args()
    if unknown := set(asked.only) - set(EXAMPLES):
        parser.error(f"no example {', '.join(sorted(unknown))}; there are: {', '.join(EXAMPLES)}")
    asked.only = asked.only or list(EXAMPLES)
    return asked


def _kept(page: str) -> dict[str, list[str]]:
    """Return the rows of the page, by example."""
    starts = {name: f"| [`{name}`]" for name in EXAMPLES}
    return {
        name: [line for line in page.splitlines() if line.startswith(start)]
        for name, start in starts.items()
    }


def _run(example: str, landing: Path) -> list[Row]:
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / example
        left_out = shutil.ignore_patterns("warehouse", "target", "logs", "landing")
        shutil.copytree(ROOT / "examples" / example, project, ignore=left_out)
        goldloop = Path(sys.executable).with_name("goldloop")
        for command in (["features", "install"], ["run", "--landing", landing]):
            subprocess.run(
                [goldloop, "--project-dir", project, *command],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        file = project / "warehouse" / "current" / "warehouse.duckdb"
        with duckdb.connect(str(file.resolve()), read_only=True) as conn:
            return _read(example, conn)


def _read(example: str, conn: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return a row for each metric the champion is judged by."""
    found = conn.execute(CHAMPION)
    names = [column[0] for column in found.description]
    champions = [dict(zip(names, values, strict=True)) for values in found.fetchall()]
    rows = [row for champion in champions for row in _rows(example, conn, champion)]
    return [*rows, *_made_up(example, conn)]


def _made_up(example: str, conn: duckdb.DuckDBPyConnection) -> list[Row]:
    """Return a row for each synthetic set: what is learnt from it, and from the real rows."""
    there = conn.execute(
        "select 1 from duckdb_tables() where schema_name = 'ml' and table_name = 'synthetic_sets'"
    ).fetchone()
    found = conn.execute(MADE_UP).fetchall() if there else []
    return [
        Row(
            example, name, "boosted_trees", f"{made:,} made up / {held:,}", metric,
            f"{value:.3f} ({low:.3f}–{high:.3f})", "–",
            f"{real:.3f} ({real_low:.3f}–{real_high:.3f})",
        )
        for name, made, held, metric, value, low, high, real, real_low, real_high in found
    ]  # fmt: skip


def _rows(example: str, conn: duckdb.DuckDBPyConnection, champion: dict[str, Any]) -> list[Row]:
    spec = json.loads(champion["spec"])
    # Without a label there is nothing that both could be held against.
    labelled = champion["task"] in LABELLED and not spec["train"].get("synthetic")
    told = plain(conn, champion, spec) if labelled else {}
    rows = []
    for metric in dict.fromkeys(each["metric"] for each in spec["problem"]["success"]):
        identity = [champion["model"], champion["version"]]
        test = conn.execute(EVALUATION, [*identity, "test", metric]).fetchone()
        baseline = conn.execute(EVALUATION, [*identity, "baseline", metric]).fetchone()
        counted = f"{champion['train_rows']:,} / {champion['test_rows']:,}"
        rows.append(
            Row(
                example, champion["model"], champion["estimator"], counted, metric,
                f"{_shown(test[0])} ({_shown(test[1])}–{_shown(test[2])})",
                _shown(baseline[0]), _shown(told[metric]) if told else "–",
            )
        )  # fmt: skip
    return rows


def _shown(value: float) -> str:
    """Return a metric as people read it: shares in thousandths, large numbers in tenths."""
    return f"{value:.3f}" if abs(value) < 10 else f"{value:,.1f}"


def _line(row: Row) -> str:
    return (
        f"| [`{row.example}`](../examples/{row.example}/README.md) | `{row.model}` | "
        f"`{row.estimator}` | {row.rows} | `{row.metric}` | {row.ours} | {row.baseline} | "
        f"{row.plain} |"
    )


def _page(lines: Mapping[str, Sequence[str]]) -> str:
    table = [line for each in lines.values() for line in each]
    return f"""# Results on real data

Made by `make results`, which runs each example over the real files as a person would and reads its warehouse
(scikit-learn {sklearn.__version__}, seed 0). Nothing but SQL and YAML tells the examples apart.

| example | model | estimator | rows learnt from / held out | metric | ours (95 % interval) | baseline | plain scikit-learn |
| --- | --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(table)}

*Ours* and its bootstrap interval are those of `ml.evaluations`. The *baseline* is what each model must beat: class shares, or
the column its declaration names. *Plain scikit-learn* is a Pipeline over the same training table, judged on the same rows:
`OrdinalEncoder` and `HistGradientBoostingClassifier` with the same parameters, for text `TfidfVectorizer` and `LinearSVC` as
they come; for photos scikit-image's `hog` and `LinearSVC`, out of fold as ours is (of 148 photos none is held out). Clusters have no label to be held against; their baseline is what is found in shuffled rows.
Of ratings the baseline is what the biases of user and film tell, of lists the films that most users have, of a forecast the
value of the same hour a week ago; errors (`rmse`, `mae`) are better the lower they are, all else the higher it is.
From 10,000 rows on both boosted trees stop early unless told otherwise, ours with a split by time on the latest rows learnt
from, scikit-learn's on rows drawn at random: that is why plain scikit-learn is ahead on `hour_demand` (63 of 300 rounds are made).
Of a synthetic set, *ours* is what boosted trees learnt from its made-up rows reach on real rows held out, and beside it
stands what the same trees reach that have learnt from the real ones ([synthetic.md](synthetic.md)).
"""  # noqa: E501


if __name__ == "__main__":
    main()
