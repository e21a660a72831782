"""Builders and classes of a project's own, in a folder of their own, and what is trusted."""

import json
import sys

import pytest

from ml.data.features import Encoder, Feature
from ml.errors import PipelineError, UsageError
from ml.estimators import build, check_params
from ml.spec import Declaration
from ml.versions import registry
from tests.unit.ml.world import FILE

BUILDERS = """
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import LinearSVC

from NAME.parts import Clipped, fortieth


def numbers(features, params):
    plain = [at for at, each in enumerate(features) if each.kind != "category"]
    filled = make_pipeline(SimpleImputer(), FunctionTransformer(np.cbrt), StandardScaler())
    return Pipeline(
        [
            ("columns", ColumnTransformer([("plain", filled, plain)], remainder="drop")),
            ("model", LogisticRegression(**params)),
        ]
    )


def own(features, params):
    return make_pipeline(SimpleImputer(), Clipped(**params), LogisticRegression())


def function(features, params):
    return make_pipeline(SimpleImputer(), FunctionTransformer(fortieth), GaussianNB())


def a_lambda(features, params):
    return make_pipeline(SimpleImputer(), FunctionTransformer(lambda rows: rows), GaussianNB())


def words(features, params):
    return Pipeline([("inner", Pipeline([("w", TfidfVectorizer())])), ("model", LinearSVC())])


def remembering(features, params):
    return make_pipeline(SimpleImputer(), GaussianNB(), memory="/nowhere")


def failing(features, params):
    raise KeyError("no such feature")


def nothing(features, params):
    return None


def three(features, params, more):
    return GaussianNB()


number = 3
"""
PARTS = """
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC as Machine


class Clipped(TransformerMixin, BaseEstimator):
    def __init__(self, least=-1.0):
        self.least = least

    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        return self

    def transform(self, X):
        return X.clip(self.least)


class Steep(LogisticRegression):
    def __init__(self, C=1.0):
        super().__init__(C=C)


def fortieth(rows):
    return rows / 40
"""


@pytest.fixture
def package(world, tmp_path):
    """A package in the project's folder, under a name that no other test has imported."""
    name = f"features_{tmp_path.name}".replace("-", "_")
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text("")
    (tmp_path / name / "parts.py").write_text(PARTS)
    (tmp_path / name / "make.py").write_text(BUILDERS.replace("NAME", name))
    world.folder = tmp_path
    return name


def builder(package, function, **more):
    return {"estimator": {"builder": f"{package}.make:{function}", **more}}


def test_a_builder_of_the_project_needs_no_trust(world, package):
    changes = builder(package, "numbers", params={"C": 0.5}, class_weight="balanced")
    made = world.train(changes)
    assert (made.status, made.estimator) == ("champion", f"{package}.make:numbers")
    assert world.score(changes).rows == 600
    assert world.train(changes).reused
    assert str(world.folder) not in sys.path


def test_a_builder_reads_text_where_it_says_so(world, package):
    text = "select id, day, c || ' ' || d as t, y from gold.trn"
    world.sql(f"create or replace table gold.trn as {text}")
    world.sql("create or replace table gold.ftr as select * exclude (y) from gold.trn")
    changes = builder(package, "words", reads="text")
    changes["problem.success"] = [{"metric": "roc_auc", "at_least": 0.5, "judge": "value"}]
    world.train(changes)
    assert world.score(changes).rows == 600


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("number", "cannot be called"),
        ("three", "allowed: a function of (features, params)"),
        ("numberz", "has no 'numberz'; it has: number"),
    ],
)
def test_a_builder_that_is_none_is_told_before_any_row_is_read(world, package, function, told):
    with pytest.raises(UsageError) as caught:
        check_params(world.spec(builder(package, function)))
    assert told in str(caught.value)
    assert FILE in str(caught.value)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("failing", "failed: KeyError: 'no such feature'"),
        ("nothing", "gave NoneType; allowed: an estimator or a Pipeline of scikit-learn"),
        ("remembering", "what it keeps are pickles, never read"),
        ("own", "cannot be kept: it is made of PACKAGE.parts.Clipped (ObjectNode)"),
        ("function", "cannot be kept: it is made of PACKAGE.parts.fortieth (FunctionNode)"),
        ("a_lambda", "cannot be kept: it is made of PACKAGE.make.<lambda> (FunctionNode)"),
    ],
)
def test_what_a_builder_gives_is_refused_before_it_is_fitted(world, package, function, told):
    with pytest.raises(UsageError) as caught:
        world.train(builder(package, function))
    assert told.replace("PACKAGE", package) in str(caught.value)
    assert world.sql("from duckdb_tables() where schema_name <> 'gold'") == []


def test_the_line_that_would_trust_it_is_told(world, package):
    with pytest.raises(UsageError) as caught:
        world.train(builder(package, "own"))
    line = f"if you trust it, add to goldloop.yml: ml: {{trust: [{package}.parts.Clipped]}}, or fix"
    assert line in str(caught.value)
    with pytest.raises(UsageError, match="choose another estimator, or fix"):
        world.train(builder(package, "a_lambda"))


@pytest.mark.parametrize(("function", "name"), [("own", "Clipped"), ("function", "fortieth")])
def test_what_goldloop_yml_trusts_is_kept_and_read_again(world, package, function, name):
    world.trust = (f"{package}.parts.{name}",)
    changes = builder(package, function)
    made = world.train(changes)
    assert made.status == "champion"
    assert world.score(changes).rows == 600
    world.trust = ()
    with pytest.raises(PipelineError, match=f"list of trusted types: {package}.parts.{name}"):
        world.score(changes)


def test_a_class_of_the_project_needs_no_trust(world, package):
    changes = {"estimator": {"class": f"{package}.parts.Steep", "params": {"C": 3}}}
    made = world.train(changes)
    assert world.score(changes).rows == 600
    with pytest.raises(PipelineError, match="Steep"):
        registry.load(world.conn, made)
    assert registry.load(world.conn, made, world.spec(changes).trusted)


def test_a_class_of_scikit_learn_under_a_name_of_the_project_is_that_class(world, package):
    changes = {"estimator": {"class": f"{package}.parts.Machine"}}
    world.train(changes)
    assert world.score(changes).rows == 600


def test_another_s_code_under_a_name_of_the_project_is_refused(world, package, monkeypatch):
    monkeypatch.syspath_prepend(world.folder / "elsewhere")
    other = f"other_{package}"
    (world.folder / "elsewhere").mkdir()
    (world.folder / "elsewhere" / f"{other}.py").write_text(PARTS)
    with (world.folder / package / "parts.py").open("a") as parts:
        parts.write(f"\nfrom {other} import Steep as Borrowed\n")
    changes = {"estimator": {"class": f"{package}.parts.Borrowed"}}
    with pytest.raises(UsageError, match=rf"which is {other}\.Steep; allowed: one of scikit-learn"):
        world.train(changes)
    world.trust = (f"{package}.parts.Borrowed",)
    world.train(changes)
    assert world.score(changes).rows == 600


def test_code_outside_the_project_needs_trust_by_its_exact_name(world, package, monkeypatch):
    monkeypatch.syspath_prepend(world.folder)
    inside, world.folder = world.folder, world.folder / "elsewhere"
    changes = builder(package, "numbers")
    with pytest.raises(UsageError) as caught:
        world.train(changes)
    assert f"add to goldloop.yml: ml: {{trust: [{package}.make:numbers]}}" in str(caught.value)
    assert f"{package}.make" not in sys.modules
    world.trust = (f"{package}.make:numbers",)
    assert world.train(changes).status == "champion"
    assert inside.exists()


def test_a_name_that_another_module_has_taken_is_told(world, tmp_path):
    world.folder = tmp_path
    (tmp_path / "decimal.py").write_text("def make(features, params): ...")
    with pytest.raises(UsageError, match=r"Python finds decimal in .*; the name is taken"):
        check_params(world.spec({"estimator": {"builder": "decimal:make"}}))


def test_a_package_whose_name_another_module_has_taken_is_told(world, tmp_path):
    world.folder = tmp_path
    (tmp_path / "decimal").mkdir()
    (tmp_path / "decimal" / "make.py").write_text("def make(features, params): ...")
    with pytest.raises(UsageError, match=r"Python finds decimal in .*; the name is taken"):
        check_params(world.spec({"estimator": {"builder": "decimal.make:make"}}))


def test_a_module_that_cannot_be_imported_is_told(world, tmp_path):
    world.folder = tmp_path
    (tmp_path / "broken_builder.py").write_text("1 / 0")
    with pytest.raises(UsageError, match="cannot be imported: ZeroDivisionError"):
        check_params(world.spec({"estimator": {"builder": "broken_builder:make"}}))


def test_a_change_of_the_builders_package_trains_anew(world, package):
    changes = builder(package, "numbers")
    first = world.train(changes)
    with (world.folder / package / "parts.py").open("a") as parts:
        parts.write("\n# another thought\n")
    again = world.train(changes)
    assert (first.version, again.version, again.reused) == (1, 2, False)
    assert again.fingerprint != first.fingerprint


def test_neither_folder_nor_trust_is_kept_with_a_version(world, package):
    world.trust = ("some.Class",)
    made = world.train(builder(package, "numbers"))
    kept = json.loads(made.spec)
    assert set(kept) <= {*Declaration.model_fields, "name", "file"}
    assert "some.Class" not in made.spec
    assert str(world.folder) not in made.spec


def test_a_trusted_package_of_another_version_is_refused(world, package):
    changes = builder(package, "numbers")
    made = world.train(changes)
    kept = json.dumps({**json.loads(made.libraries), "numba-learn": "1.0"})
    world.sql(f"update ml.model_versions set libraries = '{kept}'")
    with pytest.raises(PipelineError, match=r"made with numba-learn 1\.0; installed is none"):
        world.score(changes)


def test_the_seed_reaches_every_step_of_what_is_built(world, package):
    changes = builder(package, "words", reads="text", seed=11)
    made = build(world.spec(changes), Encoder((Feature("t", "VARCHAR", "text"),)))
    assert made.named_steps["model"].random_state == 11
