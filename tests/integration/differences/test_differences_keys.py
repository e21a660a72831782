"""The keys of a project, read from the manifest that dbt itself writes."""

import os
import subprocess

import pytest

from dataops.differences import primary_keys
from dataops.manifest import Manifest
from ml.errors import UsageError
from ml.relation import Relation
from ml.spec import parse_spec
from orchestration.project import QUIET, dbt_executable

pytestmark = pytest.mark.long

PROJECT = """
name: keys
profile: keys
models: {keys: {+materialized: table, +schema: gold}}
"""
PROFILES = "keys: {target: own, outputs: {own: {type: duckdb, path: 'keys.duckdb', schema: main}}}"
GENERIC = """
{% test unique_combination(model, columns) %}
select {{ columns | join(', ') }} from {{ model }} group by all having count(*) > 1
{% endtest %}
"""
YAML = """
sources:
  - name: web
    schema: landing
    tables:
      - name: visits
        identifier: web__visits
        config: {meta: {landing: {path: visits/*.csv, format: csv, key: [id]}}}
        columns: [{name: id, data_type: varchar}]
  - name: predictions
    tables:
      - name: purchase
        data_tests: [{unique_combination: {arguments: {columns: [id, as_of_date, model_version]}}}]
models:
  - name: constrained
    config: {contract: {enforced: true}}
    constraints: [{type: primary_key, columns: [a, b]}]
    columns:
      - {name: a, data_type: integer, data_tests: [unique]}
      - {name: b, data_type: integer}
  - name: constrained_by_column
    config: {contract: {enforced: true}}
    columns:
      - {name: a, data_type: integer}
      - {name: b, data_type: integer, constraints: [{type: primary_key}]}
  - name: declared
    config: {meta: {key: [b, a]}}
    columns: [{name: a, data_tests: [unique]}]
  - name: combined
    data_tests: [{unique_combination: {arguments: {columns: [a, b]}}}]
  - name: single
    data_tests: [{unique_combination: {arguments: {columns: [a, b]}}}]
    columns:
      - {name: a, data_tests: [unique]}
      - {name: b, data_tests: [unique, not_null]}
  - name: in_part
    columns:
      - {name: a, data_tests: [{unique: {config: {where: "b = 1"}}}]}
  - name: none
    columns: [{name: a, data_tests: [not_null]}]
"""
MODELS = (
    "constrained",
    "constrained_by_column",
    "declared",
    "combined",
    "single",
    "in_part",
    "none",
)
ML = {
    "problem": {
        "question": "q",
        "decision": "d",
        "success": [{"metric": "roc_auc", "at_least": 0.5}],
    },
    "train": {"on": "none", "label": "a", "key": ["id"], "time": "day"},
    "estimator": {"preset": "logistic_regression"},
    "score": {"on": "none", "key": ["visit_id"], "time": "day"},
}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Manifest:
    folder = tmp_path_factory.mktemp("keys")
    files = {
        "dbt_project.yml": PROJECT,
        "profiles.yml": PROFILES,
        "tests/generic/unique_combination.sql": GENERIC,
        "models/all.yml": YAML,
        **{f"models/{name}.sql": "select 1 as a, 2 as b" for name in MODELS},
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    subprocess.run(
        [dbt_executable(), "--quiet", "parse", "--profiles-dir", "."],
        cwd=folder,
        env=os.environ | QUIET,
        check=True,
    )
    return Manifest.read(folder / "target" / "manifest.json")


def test_each_relations_key_is_what_the_project_declares_of_it(manifest: Manifest) -> None:
    schema = manifest.relations["single"].schema
    assert primary_keys(manifest) == {
        Relation("landing", "web__visits"): ("_file", "_row"),
        Relation("predictions", "purchase"): ("id", "as_of_date", "model_version"),
        Relation(schema, "constrained"): ("a", "b"),
        Relation(schema, "constrained_by_column"): ("b",),
        Relation(schema, "declared"): ("b", "a"),
        Relation(schema, "combined"): ("a", "b"),
        Relation(schema, "single"): ("b",),
    }


def test_a_models_predictions_are_known_by_what_it_scores(manifest: Manifest) -> None:
    spec = parse_spec("purchase", ML, file="models/purchase.yml")
    keys = primary_keys(manifest, [spec])
    assert keys[Relation("predictions", "purchase")] == ("visit_id", "as_of_date")


def test_a_declared_key_that_is_no_list_of_names_is_refused_by_name(manifest: Manifest) -> None:
    nodes = {id_: dict(node) for id_, node in manifest.raw["nodes"].items()}
    nodes["model.keys.none"]["config"] = {"meta": {"key": {"a": 1}}}
    with pytest.raises(UsageError, match=r"none: meta\.key is .*models/none\.sql"):
        primary_keys(Manifest({**manifest.raw, "nodes": nodes}))
