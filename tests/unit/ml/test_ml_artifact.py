import io
import json
import pickle
import zipfile
from functools import partial

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from ml import artifact, registry
from ml.errors import PipelineError
from ml.estimators import fit
from ml.features import Encoder, Feature
from ml.presets import PRESETS

NUMBERS = np.random.default_rng(0).normal(size=(300, 3))
NUMBERS[::7, 0] = np.nan
NUMBERS[:, 2] = np.arange(300) % 5
NUMBERS[::11, 2] = np.nan
ENCODER = Encoder(
    (
        Feature("a", "DOUBLE", "number"),
        Feature("b", "BOOLEAN", "boolean"),
        Feature("c", "VARCHAR", "category"),
    )
)
TEXTS = np.array([f"word{i % 7} word{i % 3} café" for i in range(300)], dtype=object)
LIBRARIES = artifact.library_versions()

PARAMS = [
    ("boosted_trees", {"max_iter": 10}),
    ("boosted_trees", {"max_iter": 10, "early_stopping": True}),
    ("boosted_trees", {"max_iter": 10, "interaction_cst": "pairwise", "max_features": 0.5}),
    ("logistic_regression", {}),
    ("logistic_regression", {"solver": "saga", "l1_ratio": 0.5, "max_iter": 5000}),
    ("logistic_regression", {"solver": "newton-cholesky"}),
    ("text_classifier", {}),
    ("text_classifier", {"analyzer": "char_wb", "ngram_range": [2, 4], "use_idf": False}),
    ("text_classifier", {"stop_words": ["word1"], "strip_accents": "unicode", "binary": True}),
]


def load(data, **changes):
    known = {"digest": artifact.sha256(data), "libraries": LIBRARIES, "of": "model@1"}
    return artifact.load(data, **{**known, **changes})


@pytest.mark.parametrize(("preset", "params"), PARAMS)
@pytest.mark.parametrize("classes", [2, 4])
def test_what_was_kept_tells_the_same_when_it_is_read_again(world, preset, params, classes):
    spec = world.spec({"estimator": {"preset": preset, "params": params}})
    reads_text = PRESETS[preset].reads_text
    encoder = Encoder((Feature("t", "VARCHAR", "text"),)) if reads_text else ENCODER
    inputs = TEXTS if reads_text else NUMBERS
    fitted = fit(spec, encoder, inputs, np.arange(300) % classes)
    again = load(artifact.dump(fitted))
    assert np.array_equal(again.predict_proba(inputs), fitted.predict_proba(inputs))


def test_a_regression_tells_the_same_when_it_is_read_again(world):
    changes = {"problem.success": [{"metric": "r2", "at_least": 0}]}
    fitted = fit(world.spec(changes), ENCODER, NUMBERS, NUMBERS[:, 1])
    assert np.array_equal(load(artifact.dump(fitted)).predict(NUMBERS), fitted.predict(NUMBERS))


def test_keeping_an_estimator_does_not_change_it(world):
    spec = world.spec({"estimator": {"preset": "text_classifier"}})
    encoder = Encoder((Feature("t", "VARCHAR", "text"),))
    fitted = fit(spec, encoder, TEXTS, np.arange(300) % 2)
    before = dict(fitted.named_steps["words"].vocabulary_)
    artifact.dump(fitted)
    assert fitted.named_steps["words"].vocabulary_ == before


@pytest.mark.parametrize("at", [0, 40, -1])
def test_a_changed_byte_is_refused(at):
    data = bytearray(artifact.dump(LogisticRegression().fit(NUMBERS[:, 1:2], np.arange(300) % 2)))
    digest = artifact.sha256(bytes(data))
    data[at] ^= 1
    with pytest.raises(PipelineError, match=r"the artifact of model@1 has sha256 .* was changed"):
        load(bytes(data), digest=digest)


@pytest.mark.parametrize("library", ["scikit-learn", "skops"])
def test_other_versions_of_the_libraries_that_read_it_are_refused(library):
    data = artifact.dump(LogisticRegression())
    with pytest.raises(PipelineError, match=f"was made with {library} 0.1; installed is"):
        load(data, libraries={**LIBRARIES, library: "0.1"})


@pytest.mark.parametrize(
    ("stranger", "told"),
    [
        (RandomForestClassifier(), "RandomForestClassifier"),
        (Pipeline([("words", CountVectorizer(vocabulary=["a"]))]), "CountVectorizer"),
        (partial(np.load, allow_pickle=True), "numpy"),
        ({"estimator": print}, "builtins.print"),
        ([np.add], "numpy"),
    ],
)
def test_a_type_that_is_not_on_our_list_is_refused_by_name_although_skops_may_trust_it(
    stranger, told
):
    data = skops.io.dumps({"estimator": stranger, "vocabulary": ""})
    with pytest.raises(PipelineError, match=f"not on the list of trusted types: .*{told}"):
        load(data)


def test_a_list_of_trusted_types_inside_the_artifact_is_not_read():
    data = skops.io.dumps({"estimator": RandomForestClassifier(), "vocabulary": ""})
    found = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(found, "w") as after,
    ):
        schema = json.loads(before.read("schema.json"))
        schema["trusted"] = ["sklearn.ensemble._forest.RandomForestClassifier"]
        after.writestr("schema.json", json.dumps(schema))
        after.writestr("trusted.json", json.dumps(schema["trusted"]))
    with pytest.raises(PipelineError, match="RandomForestClassifier"):
        load(found.getvalue())


class _Boom:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was read",))


def test_a_pickle_is_never_read():
    with pytest.raises((PipelineError, zipfile.BadZipFile)):
        load(pickle.dumps(_Boom()))


def test_a_pickled_array_inside_the_artifact_is_never_read():
    data = artifact.dump(LogisticRegression().fit(NUMBERS[:, 1:2], np.arange(300) % 2))
    planted = io.BytesIO()
    np.save(planted, np.array([_Boom()], dtype=object), allow_pickle=True)
    found = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as before,
        zipfile.ZipFile(found, "w") as after,
    ):
        for name in before.namelist():
            kept = planted.getvalue() if name.endswith(".npy") else before.read(name)
            after.writestr(name, kept)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load(found.getvalue())


def test_a_champion_whose_artifact_was_changed_does_not_score(world):
    world.train()
    world.sql("update ml.model_versions set artifact = 'x'::blob || artifact")
    with pytest.raises(PipelineError, match="was changed after it was made"):
        world.score()
    assert world.sql("from information_schema.tables where table_schema = 'predictions'") == []


def test_a_champion_made_with_another_scikit_learn_does_not_score(world):
    made = world.train()
    other = json.dumps({**json.loads(made.libraries), "scikit-learn": "0.24.2"})
    world.sql(f"update ml.model_versions set libraries = '{other}'")
    with pytest.raises(PipelineError, match=r"model@1 was made with scikit-learn 0\.24\.2"):
        world.score()


def test_the_mapping_of_a_version_survives_its_json(world):
    world.sql("""update gold.trn set c = 'q"' || chr(1) || chr(10) || '☃' where c = 'red'""")
    made = world.train()
    kept = registry.load(world.conn, registry.champion(world.conn, "model")).encoder
    assert kept.to_json() == made.features
    assert 'q"\x01\n☃' in kept.features[2].categories
