"""k-means, PCA and isolation forests by the front doors: trained, judged, described, scored."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.data.features import Feature
from ml.declaration.presets import PRESETS
from ml.errors import UsageError
from ml.experiment.asking import Asked
from ml.experiment.run import Settings, experiment
from ml.kinds.profiles import _number, profiles_of, told_clusters
from ml.monitoring.watch import watch
from ml.versions import registry
from ml.versions.reproduce import reproduce
from ml.why import why
from tests.unit.ml.world import FILE, NOW, World, small_world

NO_LABEL = {"train.label": None, "train.features": {"exclude": ["y"]}}
CLUSTERS = {
    **NO_LABEL,
    "estimator": {"preset": "k_means", "params": {"n_clusters": 3}},
    "problem.success": [{"metric": "silhouette", "beats_baseline_by": 0.0, "judge": "value"}],
}
COMPONENTS = {
    **NO_LABEL,
    "estimator": {"preset": "pca", "params": {"n_components": 2}},
    "problem.success": [{"metric": "explained_variance", "at_least": 0.1}],
}
ANOMALIES = {
    **NO_LABEL,
    "estimator": {
        "preset": "isolation_forest",
        "params": {"contamination": 0.05, "n_estimators": 20},
    },
    "problem.success": [{"metric": "stability", "at_least": 0.1}],
}


@pytest.fixture(scope="module")
def clustered() -> World:
    world = small_world()
    assert world.train(CLUSTERS).status == "champion"
    world.score(CLUSTERS)
    return world


def test_clusters_are_numbered_by_size_and_rows_go_to_the_nearest(clustered):
    rows = clustered.sql("select prediction, score, distances from predictions.model")
    assert len(rows) == 600
    for cluster, score, distances in rows:
        assert distances[cluster - 1] == score == min(distances)
    sizes = dict(clustered.sql("select distinct cluster, rows from ml.cluster_profiles"))
    assert sizes[1] >= sizes[2] >= sizes[3]
    assert sum(sizes.values()) == 480


def test_profiles_are_those_of_sql_over_the_rows_learnt_from(clustered):
    clustered.sql(
        "create or replace temp table inside as select trn.*, prediction as k from gold.trn "
        "inner join predictions.model using (id) where day < (select test_from from "
        "ml.model_versions where version = 1)"
    )
    told = clustered.sql(
        "select p.mean, p.median, p.whole_mean, p.apart, q.* from ml.cluster_profiles as p "
        "inner join (select k, avg(b), median(b), (select avg(b) from inside), "
        "(select stddev_pop(b) from inside) from inside group by k) as q on p.cluster = q.k "
        "where p.feature = 'b' and p.value is null"
    )
    assert len(told) == 3
    for mean, median, whole, apart, _, avg, mid, everything, spread in told:
        if avg is None:
            assert (mean, median, apart) == (None, None, None)
            continue
        assert (mean, median, whole) == (
            pytest.approx(avg), pytest.approx(mid), pytest.approx(everything),
        )  # fmt: skip
        assert apart == pytest.approx((avg - everything) / spread)
    shares = clustered.sql(
        "select mean, share_of from ml.cluster_profiles as p inner join (select k, "
        "avg((c = 'red' and c is not null)::integer) as share_of from inside group by k) as q "
        "on p.cluster = q.k where feature = 'c' and value = 'red'"
    )
    assert shares
    for mean, share in shares:
        assert mean == pytest.approx(share)


def test_clusters_are_told_in_words_what_sets_them_apart_first(clustered):
    version = registry.champion(clustered.conn, "model")
    told = told_clusters(clustered.conn, version)
    assert [number for number, *_ in told] == [1, 2, 3]
    assert any("b is missing 100%" in words for *_, words in told)


def test_a_model_without_a_label_is_watched(clustered):
    spec = clustered.spec(CLUSTERS)
    watched = watch(clustered.conn, spec, clustered.relations, "run-1", now=NOW)
    assert watched.version is not None
    assert watched.moved
    assert watched.labels == []


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), min_size=1, max_size=40))
def test_a_profile_of_a_number_is_that_of_a_loop(rows):
    values = np.array([value for value, _ in rows])
    inside = np.array([is_in for _, is_in in rows])
    found = _number((1, 1, 1.0), Feature("a", "DOUBLE", "number"), values, inside)
    mine = [value for value, is_in in rows if is_in]
    if not mine:
        assert found.mean is None
        assert found.apart is None
        return
    assert found.mean == pytest.approx(sum(mine) / len(mine), abs=1e-6)
    middle = sorted(mine)
    half = len(middle) // 2
    assert found.median == pytest.approx(
        middle[half] if len(middle) % 2 else (middle[half - 1] + middle[half]) / 2
    )


def test_the_same_training_gives_the_same_version_to_the_byte():
    for changes in (CLUSTERS, COMPONENTS, ANOMALIES):
        world = small_world()
        version = world.train(changes)
        assert world.train(changes).reused
        assert reproduce(world.conn, version, world.relations).same_bytes


@pytest.mark.parametrize("changes", [CLUSTERS, COMPONENTS])
def test_a_newer_version_is_measured_beside_the_champion(changes):
    world = small_world()
    world.train(changes)
    world.sql("update gold.trn set a = a + 0.001 where id < 'K0050'")
    second = world.train(changes)
    assert (second.version, second.status) == (2, "champion"), second.reason
    assert "not worse than model@1" in second.reason


def test_what_clusters_nothing_does_not_score():
    world = small_world()
    # Uniform, independent: shuffled rows are as good.
    world.sql(
        "create or replace table gold.trn as select id, day, y, hash(id || 'one') % 1000 as a, "
        "hash(id || 'other') % 1000 as b from gold.trn"
    )
    made = world.train({**CLUSTERS, "problem.success": [
        {"metric": "silhouette", "beats_baseline_by": 0.05}]})  # fmt: skip
    assert made.status == "rejected"
    assert "the baseline's" in made.reason


def test_the_number_of_clusters_is_searched_for():
    world = small_world()
    world.sql(
        "create or replace table gold.trn as select id, day, y, "
        "hash(id) % 4 * 10 + a as a, hash(id) % 4 // 2 * 30 + a * a as b from gold.trn"
    )
    tune = {"params": {"n_clusters": [2, 3, 4, 5, 6]}, "trials": 5, "folds": 2}
    made = world.train({**CLUSTERS, "estimator": {"preset": "k_means"}, "tune": tune})
    assert made.params == '{"n_clusters": 4}'
    assert world.sql("select count(*) from ml.trials") == [(5,)]


def test_components_rebuild_what_the_score_says_they_lose():
    world = small_world()
    made = world.train(COMPONENTS)
    world.score(COMPONENTS)
    model = registry.load(world.conn, made)
    (shares,) = world.sql(
        "select list(distinct explained order by explained desc) from ml.components"
    )[0]
    assert shares == pytest.approx(model.estimator[-1].explained_variance_ratio_.tolist())
    ids = world.sql("select a, b, c, d, id from gold.ftr order by id")
    told = world.sql("select prediction, score from predictions.model order by id")
    codes = {name: at for at, name in enumerate(("blue", "green", "red"))}
    matrix = np.array([[a, np.nan if b is None else b, codes.get(c, np.nan), d]
                       for a, b, c, d, _ in ids], dtype=float)  # fmt: skip
    scaled = model.estimator[0].transform(matrix)
    parts = np.array([prediction for prediction, _ in told])
    away = np.linalg.norm(scaled - model.estimator[1].inverse_transform(parts), axis=1)
    assert away == pytest.approx([score for _, score in told])


def test_anomalies_are_those_that_scikit_learn_flags_and_a_threshold_moves_them():
    world = small_world()
    made = world.train(ANOMALIES)
    world.score(ANOMALIES)
    flagged = Counter(world.sql("select prediction from predictions.model"))
    assert 20 <= flagged[(True,)] <= 50
    lowest = world.sql("select min(score) from predictions.model where prediction")[0][0]
    assert lowest >= made.threshold
    declared = {**ANOMALIES, "estimator": {**ANOMALIES["estimator"], "decide": {"threshold": 0.9}}}
    assert world.train(declared).threshold == 0.9


def test_a_label_is_judged_by_and_never_learnt_from():
    world = small_world()
    changes = {
        "train.split": {"by": "random", "test": 0.3},
        "estimator": ANOMALIES["estimator"],
        "problem.success": [{"metric": "roc_auc", "at_least": 0.0}],
    }
    made = world.train(changes)
    assert '"y"' not in made.features
    assert {"roc_auc", "average_precision", "stability"} <= made.metrics.keys()
    world.sql("update gold.trn set y = not y")
    turned = world.train(changes)
    assert turned.artifact_sha256 == made.artifact_sha256 or turned.train_rows == made.train_rows
    assert turned.metrics["roc_auc"] == pytest.approx(1 - made.metrics["roc_auc"], abs=0.15)


def test_planted_anomalies_are_found():
    world = small_world()
    world.sql("update gold.trn set y = false")
    world.sql("update gold.trn set y = true, a = 9, b = 900 where id like '%77'")
    made = world.train(
        {
            "train.split": {"by": "random", "test": 0.5},
            "estimator": ANOMALIES["estimator"],
            "problem.success": [{"metric": "roc_auc", "at_least": 0.95}],
        }
    )
    assert made.status == "champion", made.reason


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"train.label": "y"}, "train.label is 'y', but a clustering has no label"),
        ({"train.split": {"by": "none"}}, "a clustering is judged on rows held out"),
        ({"train.validate": {"folds": 3}}, "train.validate is"),
        ({"score.explain": {"top": 3}}, "score.explain is"),
        ({"score.as_feature": {}}, "score.as_feature is"),
        ({"problem.baseline": "a"}, "problem.baseline is 'a', but this is a clustering"),
        ({"estimator": {"class": "sklearn.cluster.KMeans"}}, "allowed: a preset: k_means"),
        ({"estimator": {"preset": "boosted_trees"}}, "silhouette judges a clustering"),
        ({"score.key": ["distances"]}, "score.key names 'distances'"),
        (
            {"estimator": {"preset": "k_means", "decide": {"threshold": 0.5}}},
            "estimator.decide is",
        ),
    ],
)
def test_what_says_nothing_of_clusters_is_refused_by_name(changes, told):
    with pytest.raises(UsageError) as error:
        small_world().spec({**CLUSTERS, **changes})
    assert told in str(error.value)
    assert FILE in str(error.value)


def test_what_tells_by_a_label_is_refused(clustered):
    spec = clustered.spec(CLUSTERS)
    with pytest.raises(UsageError, match="goldloop models why is for models that learn a label"):
        why(clustered.conn, None, spec, clustered.relations, {"id": "K0001"})
    with pytest.raises(UsageError, match="goldloop experiment is for models"):
        experiment(
            clustered.conn, spec, clustered.relations, Asked(more=["noise"]), Settings(), now=NOW,
            views={}, join=lambda _: clustered.relations["trn"],
        )  # fmt: skip


def test_an_unknown_value_of_a_parameter_is_refused_before_rows_are_read():
    world = small_world()
    world.sql("drop table gold.trn")
    changes = {**CLUSTERS, "estimator": {"preset": "k_means", "params": {"n_clusters": -1}}}
    with pytest.raises(UsageError, match="n_clusters"):
        world.train(changes)


def test_presets_without_label_take_parameters_of_scikit_learn():
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA
    from sklearn.ensemble import IsolationForest

    for name, kind in (("k_means", KMeans), ("pca", PCA), ("isolation_forest", IsolationForest)):
        assert PRESETS[name].params <= set(kind().get_params())


def test_profiles_of_no_cluster_are_lost(clustered):
    version = registry.champion(clustered.conn, "model")
    model = registry.load(clustered.conn, version)
    from ml.data.dataset import find_training_set, read

    found = find_training_set(clustered.conn, clustered.spec(CLUSTERS), clustered.relations, NOW)
    made = profiles_of(model, read(clustered.conn, found))
    assert sum({each.cluster: each.rows for each in made}.values()) == 600
