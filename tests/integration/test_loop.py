"""The shipped project, end to end: simulated files in, a release with two chained models out."""

import json
import math
import re
from pathlib import Path

import duckdb
import pytest
from sklearn.metrics import roc_auc_score

from dataops.features.join import join_features
from dataops.features.views import feature_views
from dataops.ledger import Ledger
from dataops.manifest import Manifest
from ml.relation import Relation
from simulator.world import simulate
from tests.shipped import SETTINGS, goldloop, query

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Landed files and the warehouse folder of one run of the shipped project."""
    folder = tmp_path_factory.mktemp("loop")
    simulate(SETTINGS, folder / "landing")
    done = goldloop(folder, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_both_models_are_good_enough_to_score(folder: Path) -> None:
    champions = query(folder, "select model from ml.model_versions where status = 'champion'")
    assert sorted(champions) == [("call_sentiment",), ("churn",)]


def test_every_call_is_scored_and_the_scores_are_features_of_the_second_model(
    folder: Path,
) -> None:
    [(calls, scored)] = query(
        folder,
        "select (select count(*) from gold.ftr_calls), "
        "(select count(*) from predictions.call_sentiment)",
    )
    assert calls == scored > 1000
    [(features,)] = query(folder, "select features from ml.model_versions where model = 'churn'")
    assert "negative_tone_90_days" in json.dumps(features)
    [(heard,)] = query(folder, "select count(negative_tone_90_days) from gold.ftr_customers")
    assert heard > 500


def test_no_tone_that_is_a_feature_was_told_by_what_had_learnt_from_its_call_or_a_later_one(
    folder: Path,
) -> None:
    """The rule, from the training set up: which rated calls the teller of each tone can know."""
    learnt = query(
        folder,
        "select p.learnt_until is null, count(*), count(p.feature_score), "
        "count(*) filter (where p.learnt_until >= p.as_of_date), "
        "bool_and(exists (select 1 from ml.earlier_models as e where e.model = p.model_name "
        "and e.version = p.model_version and e.learnt_until = p.learnt_until "
        "and e.rows = (select count(*) from gold.trn_call_sentiment as t "
        "where t.as_of_date <= p.learnt_until))) "
        "from predictions.call_sentiment as p group by 1 order by 1",
    )
    [(_, told, features, late, known), (_, _, untold, _, _)] = learnt
    assert (told, late, known, untold) == (features, 0, True, 0)
    assert int(str(told)) > 1000


def test_the_tone_a_customer_is_described_by_is_the_mean_of_such_tones_and_still_tells(
    folder: Path,
) -> None:
    rows = query(
        folder,
        """
        select any_value(f.is_churned), any_value(f.negative_tone_90_days), avg(p.feature_score)
        from gold.trn_churn as f
        left join silver.slv_support__calls as c
            on c.customer_id = f.customer_id and c._delivered_at <= f.as_of_date
            and c.started_at >= f.as_of_date - 90 and c.started_at < f.as_of_date
            and coalesce(c._superseded_at, '9999-12-31') > f.as_of_date
        left join predictions.call_sentiment as p using (call_id)
        group by f.customer_id, f.as_of_date
        """,
    )
    heard = [(bool(left), float(str(tone))) for left, tone, _ in rows if tone is not None]
    # Averages are of six decimals, so that they come out the same in whatever order.
    assert [tone for _, tone, _ in rows] == pytest.approx([own for *_, own in rows], abs=1e-6)
    assert len(heard) > 1000
    # Planted: calls turn sour before a customer leaves.
    assert roc_auc_score(*zip(*heard, strict=True)) > 0.6


def test_what_has_scored_is_watched_by_month_and_nothing_is_skewed(folder: Path) -> None:
    windows = query(
        folder,
        "select count(distinct window_from), count(psi), max(differ), count(differ) "
        "from ml.drift_metrics where model = 'churn'",
    )
    [(months, measured, differ, compared)] = windows
    assert int(str(months)) >= 8
    assert int(str(measured)) > 100
    # Training and scoring read the same rows of one view.
    assert differ == 0
    assert int(str(compared)) > 10
    done = goldloop(folder, "models", "health", "--json")
    assert done.returncode in (0, 1), done.stderr
    told = {each["model"]: each for each in json.loads(done.stdout)}
    assert done.returncode == int(any(each["alarms"] for each in told.values()))
    assert told["churn"]["has_reference"]
    assert "there is no champion" in {each["reason"] for each in told["churn"]["retrainings"]}
    events = Ledger(folder / "warehouse" / "ledger").events(kind="check")
    checks = {each.name for each in events if each.asset == "predictions.churn"}
    assert {"monitor_drift", "monitor_performance"} <= checks


def test_the_second_models_predictions_stand_in_the_marts(folder: Path) -> None:
    [(customers, expected)] = query(
        folder,
        "select count(churn_probability), avg(churn_probability) from gold.rpt_customers",
    )
    assert customers > 300
    assert 0 < expected < 0.5


def test_every_record_that_was_delivered_is_loaded_or_rejected_with_a_reason(
    folder: Path,
) -> None:
    for source, file, rows, loaded, rejected in query(
        folder, "select source, file, rows, loaded, rejected from landing.files"
    ):
        assert rows == loaded + rejected, file
        if str(file).endswith(".csv"):
            lines = (folder / "landing" / str(file)).read_bytes().split(b"\n")
            assert max(0, sum(1 for line in lines if line) - 1) == rows, (source, file)
    accounts = query(
        folder,
        "select replace(source, '.', '__'), sum(loaded), sum(rejected) "
        "from landing.files group by 1",
    )
    assert len(accounts) == 15
    for table, loaded, _ in accounts:
        assert query(folder, f'select count(*) from landing."{table}"') == [(loaded,)], table
    rejected = sum(int(str(account[2])) for account in accounts)
    [(rejects, explained)] = query(folder, "select count(*), count(reason) from landing.rejects")
    assert rejects == explained == rejected > 100
    # Only a file that cannot be read as its format has no text to show.
    without_text = query(folder, "select file from landing.rejects where raw is null")
    assert [f for (f,) in without_text if not str(f).endswith((".parquet", ".json"))] == []


def test_each_prediction_has_its_reasons_and_joins_to_all_it_came_from(folder: Path) -> None:
    [(predicted, reasoned)] = query(
        folder, "select count(*), count(reason_1_effect) from predictions.churn"
    )
    assert predicted == reasoned
    [(joined, data, manifests, code, features)] = query(
        folder,
        """
        select count(*), count(v.data_hash), count(s.manifest_hash), count(s.code_version),
            max(len(json_keys(s.feature_code)))
        from predictions.churn as p
        join ml.scorings as s
            on s.run_id = p.run_id and s.model = p.model_name and s.version = p.model_version
        join ml.model_versions as v on v.model = p.model_name and v.version = p.model_version
        """,
    )
    assert joined == data == manifests == code == predicted
    assert int(str(features)) > 20


def test_why_tells_what_made_a_score_and_the_export_tells_the_same(folder: Path) -> None:
    [(customer, score)] = query(
        folder,
        "select customer_id, score from predictions.churn "
        "order by as_of_date desc, score desc limit 1",
    )
    done = goldloop(folder, "models", "why", "churn", "--key", str(customer), "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["now"]["score"] == score
    effects = sum(each["effect"] for each in told["features"])
    assert 1 / (1 + math.exp(-told["base"] - effects)) == pytest.approx(score, abs=1e-12)
    path = folder / "churn.sql"
    done = goldloop(folder, "models", "export", "churn", "--to", "sql", "--output", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    differing = (
        f"select count(*) from predictions.churn full join ({path.read_text()}) as x "
        "using (customer_id, as_of_date) where not abs(churn.score - x.score) <= 1e-12"
    )
    assert query(folder, differing) == [(0,)]


def test_lineage_is_written_whole_where_no_terminal_folds_it(folder: Path) -> None:
    told = goldloop(folder, "lineage", "gold.rpt_retention.churn_probability", "--up")
    assert told.returncode == 0, told.stderr
    scored = [line for line in told.stdout.splitlines() if "gold.ftr_customers: plan" in line]
    assert scored
    for line in scored:
        assert len(line) > 80
        assert re.search(r"\(\d+ more\)( \(see above\))?$", line)
    assert re.search(r"columns resolved: (\d+) of \1 ", told.stdout)


def test_an_experiment_finds_what_the_simulator_planted_and_nothing_in_noise(folder: Path) -> None:
    """Tone of calls and time on task are causes of churn in simulator/truth.py."""
    words = ("--without", "negative_tone_90_days", "--without", "task_seconds_*", "--with", "noise")
    done = goldloop(folder, "experiment", "churn", *words, "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout)
    assert told["metric"] == "roc_auc"
    gains = {change["change"]: change["gain"] for change in told["changes"]}
    assert gains["--without negative_tone_90_days"]["high"] < 0
    assert gains["--without task_seconds_*"]["high"] < 0
    # Noise may cost a little, by overfitting; what it may not do is gain.
    assert gains["--with noise"]["low"] <= 0


def test_a_view_joined_for_an_experiment_gives_what_the_training_set_has(folder: Path) -> None:
    views = feature_views(Manifest.read(folder / "warehouse" / "target" / "manifest.json"))
    name, spine = "negative_tone_90_days", Relation("gold", "trn_churn")
    path = (folder / "warehouse" / "current" / "warehouse.duckdb").resolve()
    with duckdb.connect(str(path), read_only=True) as connection:
        asked = {"ftr_customer_calls": [name]}
        joined = join_features(connection, views, asked, spine, "as_of_date")
        [(rows, heard, differing)] = connection.execute(
            f"select count(*), count({name}), count(*) filter "
            f"({name} is distinct from ftr_customer_calls__{name}) from {joined.sql}"
        ).fetchall()
    assert rows > heard > 1000
    assert differing == 0


def test_a_run_with_nothing_new_trains_nothing_and_changes_no_prediction(folder: Path) -> None:
    state = (
        "select count(*), count(distinct model_version), "
        "sum(hash(customer_id, as_of_date, score)) from predictions.churn"
    )
    before = query(folder, state)
    done = goldloop(folder, "run")
    assert done.returncode == 0, done.stdout + done.stderr
    assert query(folder, state) == before
    assert query(folder, "select max(version) from ml.model_versions") == [(1,)]


def test_the_runs_before_stand_in_tables_with_what_they_made_checked_and_published(
    folder: Path,
) -> None:
    """The ledger is read when a run begins: the second run's release tells of the first."""
    record = json.loads((folder / "warehouse" / "current" / "release.json").read_text())
    runs = query(folder, "select outcome from ops.ops_runs")
    assert sorted(str(run[0]) for run in runs) == ["running", "succeeded"]
    [(assets, outcomes)] = query(
        folder, "select count(*), count(distinct outcome) from ops.ops_assets"
    )
    assert assets > 80
    assert outcomes == 1
    [(contracts,)] = query(
        folder, "select count(*) from ops.contract_results where outcome = 'passed'"
    )
    assert contracts > 200
    published = query(folder, "select release_id from ops.ops_releases")
    assert published == [(record["parent"],)]


def test_a_version_comes_out_again_from_its_release_to_the_byte_while_that_is_kept(
    folder: Path,
) -> None:
    for model in ("churn", "call_sentiment"):
        done = goldloop(folder, "models", "reproduce", f"{model}@1", "--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert json.loads(done.stdout)["same_bytes"], done.stdout
    unchanged = goldloop(folder, "train", "churn")
    assert "churn is unchanged: nothing is trained again" in unchanged.stdout
    assert goldloop(folder, "releases", "prune", "--last", "1").returncode == 0
    gone = goldloop(folder, "models", "reproduce", "churn@1")
    assert gone.returncode == 1
    assert "is gone" in gone.stderr
    assert "goldloop releases keep ID" in gone.stderr
