import io
import json
import operator
import pickle
import sys
import zipfile
from datetime import timedelta
from functools import partial

import numpy as np
import pytest
import skops.io
from scipy.special import expit
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.svm import LinearSVC

from ml.data.features import Encoder, Feature
from ml.declaration.presets import PRESETS
from ml.errors import PipelineError
from ml.estimators import fit
from ml.versions import artifact

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
    ("mlp", {"hidden_layer_sizes": [5, 4], "max_iter": 30}),
    ("mlp", {"solver": "sgd", "early_stopping": True, "max_iter": 30}),
    ("random_forest", {"n_estimators": 5}),
    ("random_forest", {"n_estimators": 5, "max_features": 2, "criterion": "entropy"}),
    ("text_classifier", {}),
    ("text_classifier", {"analyzer": "char_wb", "ngram_range": [2, 4], "use_idf": False}),
    ("text_classifier", {"stop_words": ["word1"], "strip_accents": "unicode", "binary": True}),
]


def load(data, **changes):
    known = {"digest": artifact.sha256(data), "libraries": LIBRARIES, "of": "model@1"}
    return artifact.load(data, **{**known, **changes})


@pytest.mark.parametrize(("preset", "params"), PARAMS)
@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_what_was_kept_tells_the_same_when_it_is_read_again(world, preset, params, classes):
    spec = world.spec({"estimator": {"preset": preset, "params": params}})
    reads_text = PRESETS[preset].reads == "text"
    encoder = Encoder((Feature("t", "VARCHAR", "text"),)) if reads_text else ENCODER
    inputs = TEXTS if reads_text else NUMBERS
    fitted = fit(spec, encoder, inputs, np.arange(300) % classes)
    again = load(artifact.dump(fitted))
    assert np.array_equal(again.predict_proba(inputs), fitted.predict_proba(inputs))


@pytest.mark.parametrize(
    ("preset", "params"),
    [
        ("boosted_trees", {"max_iter": 10}),
        ("linear_regression", {}),
        ("linear_regression", {"alpha": 0}),
        ("linear_regression", {"alpha": 0.1, "l1_ratio": 0.5}),
        ("mlp", {"max_iter": 30}),
        ("random_forest", {"n_estimators": 5}),
        ("random_forest", {"n_estimators": 2, "criterion": "absolute_error"}),
    ],
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_regression_tells_the_same_when_it_is_read_again(world, preset, params):
    estimator = {"preset": preset, "params": params}
    changes = {"problem.success": [{"metric": "r2", "at_least": 0}], "estimator": estimator}
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
        (expit, r"expit \(FunctionNode\)"),
        ([np.add], r"numpy.add \(FunctionNode\)"),
        (partial(np.load, allow_pickle=True), r"numpy.load \(FunctionNode\)"),
        ({"estimator": print}, r"builtins.print \(TypeNode\)"),
        (LogisticRegression().fit, r"LogisticRegression \(MethodNode\)"),
        (operator.methodcaller("fit"), r"operator.methodcaller \(OperatorFuncNode\)"),
        (timedelta(1), r"datetime.timedelta \(ConstructorFromReduceNode\)"),
        (b"bytes", r"builtins.bytes \(BytesNode\)"),
        (KFold(), r"KFold \(ObjectNode\)"),
        (frozenset, r"builtins.frozenset \(TypeNode\)"),
    ],
    ids=lambda each: each if isinstance(each, str) else "it",
)
def test_a_type_that_is_not_on_our_list_is_refused_by_name_although_skops_may_trust_it(
    stranger, told
):
    with pytest.raises(PipelineError, match=f"cannot be kept: .*{told}"):
        artifact.dump(stranger)
    data = skops.io.dumps({"estimator": stranger, "vocabulary": "[]"})
    with pytest.raises(PipelineError, match=f"not on the list of trusted types: .*{told}"):
        load(data)


def changed(data, change):
    """The artifact with its members, a mapping of name to bytes, changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, kept in members.items():
            archive.writestr(name, kept)
    return found.getvalue()


def schema_changed(data, change):
    def in_schema(members):
        schema = json.loads(members["schema.json"])
        change(schema)
        members["schema.json"] = json.dumps(schema).encode()

    return changed(data, in_schema)


@pytest.fixture(scope="module")
def whole():
    return artifact.dump(LogisticRegression().fit(NUMBERS[:, 1:2], np.arange(300) % 2))


def test_a_list_of_trusted_types_inside_the_artifact_is_not_read():
    data = skops.io.dumps({"estimator": KFold(), "vocabulary": "[]"})
    names = ["sklearn.model_selection._split.KFold"]

    def with_lists(members):
        members["schema.json"] = json.dumps(
            {**json.loads(members["schema.json"]), "trusted": names, "trust": names}
        ).encode()
        members["trusted.json"] = json.dumps(names).encode()

    with pytest.raises(PipelineError, match="KFold"):
        load(changed(data, with_lists))


@pytest.mark.parametrize("module", ["sklearn.tests.test_base", "sklearn.svm.tests.x", "sklearnx"])
def test_a_class_that_is_none_of_scikit_learns_estimators_is_not_imported(whole, module):
    def other(schema):
        schema["content"]["estimator"].update(__module__=module, __class__="MyEstimator")

    with pytest.raises(PipelineError, match=rf"list of trusted types: {module}\.MyEstimator"):
        load(schema_changed(whole, other))
    assert module not in sys.modules


@pytest.mark.parametrize("protocol", [0, 1, 99, None, True])
def test_an_older_protocol_whose_loaders_read_other_keys_is_refused(whole, protocol):
    with pytest.raises(PipelineError, match="its protocol is not"):
        load(schema_changed(whole, lambda schema: schema.update(protocol=protocol)))


def test_an_artifact_that_unpacks_to_too_much_is_refused_before_it_is_unpacked(whole, monkeypatch):
    monkeypatch.setattr("ml.versions.artifact.MOST_BYTES", 1 << 20)
    assert load(whole)
    bomb = changed(whole, lambda members: members.update({"bomb.npy": bytes(2 << 20)}))
    assert len(bomb) < 20_000
    with pytest.raises(PipelineError, match="unpacked it is larger than 1,048,576 bytes"):
        load(bomb)


def test_a_zip_within_the_artifact_is_counted_too(whole, monkeypatch):
    monkeypatch.setattr("ml.versions.artifact.MOST_BYTES", 1 << 20)
    inner = changed(whole, lambda members: members.update({"bomb.npy": bytes(2 << 20)}))
    with pytest.raises(PipelineError, match="unpacked it is larger"):
        load(changed(whole, lambda members: members.update({"1.npz": inner})))


@pytest.mark.parametrize("name", ["../x.npy", "/etc/x.npy", "a/b.npy", "a\\b.npy"])
def test_a_path_within_the_artifact_is_refused(whole, name):
    with pytest.raises(PipelineError, match="it holds the path"):
        load(changed(whole, lambda members: members.update({name: b""})))


@pytest.mark.parametrize(
    "change",
    [
        lambda members: members.pop("schema.json"),
        lambda members: members.update({"schema.json": b"["}),
        lambda members: members.update({"schema.json": b"[" * 100_000}),
        lambda members: members.update({"schema.json": b"[]"}),
        lambda members: members.pop(next(name for name in members if name.endswith(".npy"))),
    ],
)
def test_an_artifact_that_is_not_whole_is_refused_whatever_was_recorded(whole, change):
    with pytest.raises(PipelineError, match="the artifact of model@1 cannot be read"):
        load(changed(whole, change))


class _Boom:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was read",))


def test_a_pickle_is_never_read():
    with pytest.raises(PipelineError, match="cannot be read"):
        load(pickle.dumps(_Boom()))


def test_a_pickled_array_inside_the_artifact_is_never_read(whole):
    planted = io.BytesIO()
    np.save(planted, np.array([_Boom()], dtype=object), allow_pickle=True)

    def pickled(members):
        for name in members:
            if name.endswith(".npy"):
                members[name] = planted.getvalue()

    with pytest.raises(PipelineError, match="allow_pickle=False"):
        load(changed(whole, pickled))


def test_the_words_are_kept_apart_wherever_a_vectorizer_stands():
    words = TfidfVectorizer(ngram_range=(1, 2))
    both = FeatureUnion([("words", words), ("signs", CountVectorizer(analyzer="char"))])
    fitted = Pipeline([("both", both), ("model", LinearSVC())]).fit(TEXTS, np.arange(300) % 2)
    data = artifact.dump(fitted)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        schema = json.loads(archive.read("schema.json"))
    kept = json.loads(json.loads(schema["content"]["vocabulary"]["content"]))
    assert sorted(len(each) for each in kept) == sorted(
        len(each.vocabulary_) for _, each in fitted.named_steps["both"].transformer_list
    )
    assert json.dumps(schema).count("café") == 0
    again = load(data)
    assert np.array_equal(again.decision_function(TEXTS), fitted.decision_function(TEXTS))


def test_a_vocabulary_is_in_place_again_when_keeping_fails():
    words = TfidfVectorizer().fit(TEXTS)
    before = dict(words.vocabulary_)
    with pytest.raises(PipelineError):
        artifact.dump([words, print])
    assert words.vocabulary_ == before
