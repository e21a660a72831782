"""The commands about ML models, of one that SQL trains: they work, or say what to do instead."""

from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dataops.warehouse import Warehouse
from ml.errors import UsageError
from ml.relation import Relation
from tests.parsed import write_parsed
from tests.unit.ml.world import DECLARED, small_world
from tests.unit.test_feature_code import node
from tests.unit.test_why_and_export_commands import call


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose one release has a version that SQL trained, as the plugin leaves it."""
    folder = tmp_path_factory.mktemp("project")
    trained = node("buyers", "model", "1", [], []) | {
        "original_file_path": "models/buyers.sql", "config": {"materialized": "ml_model"}
    }  # fmt: skip
    other = node("ftr", "model", "1", [], []) | {"config": {"materialized": "table"}}
    exposure = {
        "name": "churn", "type": "ml", "original_file_path": "m.yml", "description": "d",
        "owner": {"name": "o"}, "config": {"meta": {"ml": {**DECLARED, "train": {
            **DECLARED["train"], "on": "ftr"}}}},
    }  # fmt: skip
    nodes = {"model.p.buyers": trained, "model.p.ftr": other}
    manifest = {"metadata": {}, "nodes": nodes, "sources": {}, "exposures": {"e": exposure}}
    write_parsed(folder, manifest)
    world = small_world()
    world.name = "buyers"
    world.sql("alter table gold.trn rename to buyers__training")
    world.relations["buyers"] = Relation("gold", "buyers__training")
    world.train({"train.on": "buyers", "score.on": "buyers"})
    warehouse = Warehouse(folder / "warehouse")
    candidate = warehouse.open("run-1")
    world.sql(f"attach '{warehouse.candidate}' as copy")
    world.sql("copy from database memory to copy")
    world.sql("detach copy")
    candidate.publish({}, datetime.now(UTC))
    return folder


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("models", "why", "buyers", "--key", "1"), r"ml_explain_predict\(ref\('buyers'\), ref"),
        (("models", "health", "buyers"), r"ml_validate_skew\(ref\('buyers'\), ref\(…\)\)"),
        (("train", "buyers"), r"type: goldloop run, or: dbt build --select buyers"),
        (("score", "buyers"), r"ml_predict\(ref\('buyers'\), ref\(…\)\) }}; then: goldloop run"),
        (("experiment", "buyers", "--without", "a"), r"declare an exposure over the same"),
    ],
)
def test_what_is_of_predictions_says_what_to_write_in_sql(
    project: Path, words: tuple[str, ...], told: str
) -> None:
    said = r"'buyers' is trained by SQL, in models/buyers.sql; allowed here: .*\(churn\).*"
    with pytest.raises(UsageError, match=said + told):
        call(project, *words)


def test_a_name_that_is_none_is_offered_those_that_sql_trains(project: Path) -> None:
    for words in (("train", "buyer"), ("models", "export", "buyer", "--to", "sql")):
        with pytest.raises(UsageError, match=r"'buyer' is no ML model .* it has: buyers, churn"):
            call(project, *words)


def test_an_export_scores_the_table_that_was_learnt_from(project: Path) -> None:
    shown = call(project, "models", "export", "buyers", "--to", "sql")
    assert "rows scored both ways: largest difference 0" in shown
    content = (project / "target/exports/buyers@1.sql").read_text()
    with duckdb.connect(str(project / "warehouse/current/warehouse.duckdb"), True) as connection:
        assert len(connection.execute(content).fetchall()) == 600


def test_a_version_is_listed_shown_and_made_again(project: Path) -> None:
    assert "buyers@1" in call(project, "models")
    assert "buyers@1, champion" in call(project, "models", "show", "buyers")
    assert "the same version, to the byte" in call(project, "models", "reproduce", "buyers@1")
