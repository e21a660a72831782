"""image_classifier: learnt from photos, scored, bad photos left out, repeats on one side."""

import copy
import json

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ml.errors import PipelineError, UsageError
from ml.leaks.guard import Leak
from ml.versions import registry
from tests.unit.ml.photos import BAD, encoded, stripes

pytest.importorskip("skimage", reason="goldloop[images] is not installed")

SMALL = {"size": 32, "cells": 4, "descriptors": ["hog", "colour"]}
CHANGES = {
    "problem.success": [{"metric": "accuracy", "at_least": 0.6}],
    "train.time": None,
    "train.split": {"by": "random", "test": 0.3},
    "train.features": {"include": ["photo"]},
    "estimator": {"preset": "image_classifier", "params": SMALL, "seed": 0},
}


@pytest.fixture
def photos(world):
    """60 photos of stripes, upright or lying, in gold.trn and in gold.ftr."""
    world.changes = copy.deepcopy(CHANGES)
    world.sql("drop table gold.trn")
    world.sql("drop table gold.ftr")
    world.sql("create table gold.trn (id varchar, photo blob, y boolean, day date)")
    rows = [
        (f"K{at:02}", encoded(stripes(at, upright=at % 2 == 0)), at % 2 == 0) for at in range(60)
    ]
    world.conn.executemany("insert into gold.trn values (?, ?, ?, '2025-01-01')", rows)
    world.sql("create table gold.ftr as select * exclude (y) from gold.trn")
    return world


def spoil(world, table):
    label = ", true" if table == "trn" else ""
    for name, (content, _) in BAD.items():
        world.conn.execute(
            f"insert into gold.{table} values (?, ?{label}, '2025-01-01')", [name, content]
        )


def test_photos_are_told_as_plain_scikit_learn_tells_their_descriptors(photos):
    from ml.images.describer import Describer
    from ml.images.description import Description

    version = photos.train()
    assert version.status == "champion"
    assert json.loads(version.features)[0]["described"] == {
        **SMALL,
        "descriptors": ["hog", "colour"],
    }
    assert {"pillow", "scikit-image"} <= json.loads(version.libraries).keys()
    rows = photos.sql("select photo, y from gold.trn order by id")
    describer = Describer(Description.of(SMALL))
    made = np.array([each.vector for each in describer.of([photo for photo, _ in rows])], float)
    labels = np.array([label for _, label in rows])
    learnt = _learnt(photos)
    plain = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    plain.fit(made[learnt], labels[learnt])
    photos.score()
    scores = [score for *_, score in photos.predictions()]
    np.testing.assert_allclose(scores, plain.predict_proba(made)[:, 1], atol=1e-9)


def _learnt(world) -> np.ndarray:
    from sklearn.model_selection import train_test_split

    labels = [label for (label,) in world.sql("select y from gold.trn order by id")]
    return np.sort(
        train_test_split(np.arange(60), test_size=0.3, random_state=0, stratify=labels)[0]
    )


def test_a_bad_photo_is_left_out_of_training_named_and_the_rest_is_learnt_from(photos):
    before = photos.train()
    spoil(photos, "trn")
    after = photos.train(run="run-2")
    assert (after.train_rows, after.test_rows) == (before.train_rows, before.test_rows)
    assert after.artifact_sha256 == before.artifact_sha256
    rows = photos.sql("select key->>'id', feature, reason, remedy from ml.left_out order by all")
    assert {key for key, *_ in rows} == set(BAD)
    assert all(BAD[key][1] in reason and remedy for key, _, reason, remedy in rows)


def test_a_bad_photo_has_no_prediction_and_its_row_says_why(photos):
    photos.train()
    spoil(photos, "ftr")
    result = photos.score(run="run-2")
    assert (result.rows, len(result.left_out)) == (60, len(BAD))
    assert {row[0] for row in photos.predictions()} == {f"K{at:02}" for at in range(60)}
    kept = photos.sql("select key->>'id' from ml.left_out where run_id = 'run-2'")
    assert {key for (key,) in kept} == set(BAD)
    photos.sql("delete from gold.ftr where id in ('null', 'text')")
    assert photos.score(run="run-2").rows == 60
    assert photos.sql("select count(*) from ml.left_out where run_id = 'run-2'") == [(5,)]


def test_photos_of_which_none_can_be_read_stop_the_training(photos):
    photos.sql("update gold.trn set photo = 'no photo'::blob")
    with pytest.raises(PipelineError, match="no photo in 'photo' of gold.trn can be read"):
        photos.train()


def test_each_photo_is_described_once_in_a_training(photos, monkeypatch):
    from ml.images import describer

    seen = []
    true = describer.describe
    monkeypatch.setattr(
        describer, "describe", lambda photo, how: seen.append(1) or true(photo, how)
    )
    photos.train(
        {
            "train.validate": {"folds": 3},
            "tune": {"params": {"C": [0.01, 1.0]}, "trials": 2, "folds": 2},
        }
    )
    assert len(seen) == 60 + 1  # and a blank one, to know how many descriptors there are


@pytest.mark.parametrize("by", ["random", "none", "time", "column"])
def test_the_same_photo_on_both_sides_is_refused_unless_a_group_keeps_it_on_one(photos, by):
    photos.sql("alter table gold.trn add column held boolean default false")
    photos.sql("alter table gold.trn add column hash varchar")
    photos.sql("update gold.trn set held = id >= 'K40', day = day + (id[2:])::integer")
    # K50 shows what K01 shows: by time, and by the column, it is held out.
    photos.sql(
        "update gold.trn set y = false, photo = (select photo from gold.trn where id = 'K01') "
        "where id = 'K50'"
    )
    photos.sql("update gold.trn set hash = sha256(photo)")
    split = {"by": by, **({"column": "held"} if by == "column" else {})}
    changes = {"train.split": split, "train.time": "day" if by == "time" else None}
    if by == "time":
        del photos.changes["train.time"]
    else:
        changes.pop("train.time")
    with pytest.raises(Leak, match="1 photo of gold.trn stands in 2 rows.*id K01 and id K50"):
        photos.train(changes)
    if by in ("random", "none"):
        version = photos.train({**changes, "train.split": {**split, "group": ["hash"]}})
        assert version.status == "champion"
    allowed = {"train.leak_guard": {"allow": {"photo": "stock photos"}}}
    assert photos.train({**changes, **allowed}).status in ("champion", "rejected")


def test_folds_keep_one_photo_on_one_side_where_it_is_the_group(photos):
    from ml.data.dataset import find_training_set, read
    from ml.fitting.out_of_fold import make_folds
    from tests.unit.ml.world import NOW

    photos.sql("insert into gold.trn select 'L' || id, photo, y, day from gold.trn")
    photos.sql("alter table gold.trn add column hash varchar")
    photos.sql("update gold.trn set hash = sha256(photo)")
    spec = photos.spec({"train.split": {"by": "none", "group": ["hash"]}})
    found = find_training_set(photos.conn, spec, photos.relations, NOW)
    rows = read(photos.conn, found)
    for fold in make_folds(spec, found, rows, 5):
        both = np.intersect1d(rows.photos[fold.learnt], rows.photos[fold.judged])
        assert not len(both)


def test_a_class_reads_photos_too(photos):
    estimator = {"class": "sklearn.svm.SVC", "reads": "images", "params": {**SMALL, "C": 2.0}}
    version = photos.train({"estimator": estimator})
    assert version.status == "champion"
    model = registry.load(photos.conn, version)
    assert type(model.estimator.steps[-1][1]).__name__ == "SVC"
    assert photos.score().rows == 60


def test_a_version_is_served_as_it_was_trained_whatever_the_declaration_says_by_now(photos):
    photos.train()
    photos.score()
    before = photos.predictions()
    photos.changes["estimator.params"] = {"size": 64}
    photos.score(run="run-2")
    assert photos.predictions() == before


def test_a_champion_that_describes_otherwise_is_compared_by_its_own_descriptors(photos):
    photos.train()
    photos.train({"estimator.params": {**SMALL, "size": 48, "descriptors": ["colour"]}})
    against = photos.sql("select reason, rows from ml.comparisons where against like 'model@%'")
    assert all(row == (None, 18) for row in against)
    assert against


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"estimator.params": {"size": 8}}, ["estimator.params.size is 8", "32 to 512"]),
        ({"estimator.params": {"size": 64, "cells": 32}}, ["2 pixels", "4 or more"]),
        ({"estimator.params": {"descriptors": ["sift"]}}, ["['sift']", "hog, lbp, colour"]),
        ({"estimator.params": {"descriptors": []}}, ["descriptors is []"]),
        ({"estimator.params": {"depth": 3}}, ["unknown parameter", "depth"]),
        ({"tune": {"params": {"size": [32, 64]}}}, ["tune.params.size", "estimator.params"]),
        ({"score.explain": {"top": 2}}, ["score.explain", "image_classifier"]),
        ({"train.features": {}}, ["'day' is DATE", "image_classifier reads photos"]),
        ({"estimator": {"preset": "boosted_trees"}}, ["'photo' is BLOB", "image_classifier"]),
    ],
)
def test_what_is_not_allowed_is_refused_by_name(photos, changes, words):
    with pytest.raises(UsageError) as refused:
        photos.train(changes)
    for word in words:
        assert word in str(refused.value)


def test_a_function_of_sql_refuses_photos_and_says_where_predictions_are(photos, tmp_path):
    from orchestration.dbt_plugin.telling import Teller

    photos.train()
    key = {"model": "model", "version": 1, "folder": str(tmp_path), "many": False, "top": 0}
    with pytest.raises(UsageError, match="model@1 reads photos.*goldloop score model"):
        Teller.load(photos.conn, key)
