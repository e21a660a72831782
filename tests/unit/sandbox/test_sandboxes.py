import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from dataops.manifest import Manifest
from dataops.sandbox import Sample, Sandbox, Sandboxes, borrowed, copy_in
from dataops.sandbox.changes import compare_with_base
from dataops.warehouse import Release, Warehouse
from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from ml.tables import COLUMNS

VISITS, PEOPLE = Relation("gold", "visits"), Relation("landing", "people")


@pytest.fixture
def sandbox(warehouse: Warehouse, release: Release, manifest: Manifest) -> Sandbox:
    return Sandboxes(warehouse).create("mine", release, [manifest])[0]


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[object, ...]:
    return connection.execute(sql).fetchall()[0]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_sandbox_reads_what_the_release_has_and_holds_no_row_of_it(sandbox: Sandbox) -> None:
    with sandbox.connect() as connection:
        assert one(connection, "select count(*) from warehouse.gold.visits") == (5000,)
        assert one(connection, "select count(*) from landing.visits") == (5000,)
        tables = connection.execute(
            "select table_name from duckdb_tables() where database_name <> 'release'"
        ).fetchall()
    assert tables == []


def test_whatever_a_sandbox_writes_the_release_keeps_its_bytes(
    sandbox: Sandbox, release: Release
) -> None:
    before = digest(release.file)
    with sandbox.connect() as connection:
        connection.execute("create schema gold")
        connection.execute("create table gold.visits as select * from warehouse.gold.visits")
        connection.execute("delete from gold.visits")
        connection.execute("drop view landing.visits")
        for attempt in (
            "delete from release.gold.visits",
            "drop table release.gold.visits",
            "create table release.gold.other as select 1 as a",
            "insert into warehouse.gold.visits select * from warehouse.gold.visits",
            "drop view warehouse.gold.visits",
            "create table warehouse.gold.other as select 1 as a",
        ):
            with pytest.raises(duckdb.Error, match="read-only|is not an? table"):
                connection.execute(attempt)
    assert digest(release.file) == before
    assert release.file.stat().st_mode & 0o222 == 0


def test_personal_columns_are_masked_in_every_relation_they_reach(sandbox: Sandbox) -> None:
    with sandbox.connect() as connection:
        for table in ("landing.people", "bronze.brz_people"):
            people, names, born, sizes = one(
                connection,
                "select count(*), count(distinct full_name) filter (where full_name like 'pii_%'), "
                f"min(born_date)::varchar, count(shoe_size) from warehouse.{table}",
            )
            assert (people, names, born, sizes) == (500, 500, "1980-01-01", 0)
        assert one(
            connection,
            "select count(*) from warehouse.gold.visits as v "
            "inner join warehouse.bronze.brz_people as p using (person_id, full_name)",
        ) == (5000,)


def test_what_the_project_does_not_declare_is_not_shown(sandbox: Sandbox) -> None:
    with (
        sandbox.connect() as connection,
        pytest.raises(duckdb.CatalogException, match="secrets"),
    ):
        connection.execute("from warehouse.landing.secrets")


def test_joins_hold_in_a_sample_and_the_same_rows_are_drawn_each_time(
    warehouse: Warehouse, release: Release, manifest: Manifest
) -> None:
    drawn = []
    for name in ("first", "second"):
        made, told = Sandboxes(warehouse).create(
            name, release, [manifest], sample=Sample.parse("20%", ["person_id"])
        )
        with made.connect() as connection:
            ids = connection.execute("select person_id from landing.people order by 1").fetchall()
            orphans = one(
                connection,
                "select count(*) from landing.visits as v anti join warehouse.bronze.brz_people "
                "as p on p.person_id = lower(trim(v.person_id))",
            )
            visits = one(connection, "select count(*) from landing.visits")
        assert orphans == (0,)
        assert visits == (10 * len(ids),)
        assert {how.by for how in told if how.share is not None} == {"person_id"}
        drawn.append(ids)
    assert drawn[0] == drawn[1]
    assert 60 <= len(drawn[0]) <= 140


@pytest.mark.parametrize(("text", "by", "least", "most"), [("100", [], 60, 140), ("2%", [], 3, 25)])
def test_without_a_column_rows_are_drawn_table_by_table(
    text: str, by: list[str], least: int, most: int,
    warehouse: Warehouse, release: Release, manifest: Manifest,
) -> None:  # fmt: skip
    sample = Sample.parse(text, by)
    made, _ = Sandboxes(warehouse).create("rows", release, [manifest], sample=sample)
    with made.connect() as connection:
        found = one(connection, "select count(*) from landing.people")
        versions = one(connection, "select count(*) from warehouse.ml.model_versions")
    assert least <= int(str(found[0])) <= most
    assert versions == (1,)


@pytest.mark.parametrize("text", ["0%", "101%", "0", "-5", "five", "", "5 %%", "1e3"])
def test_a_sample_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="allowed: a share above 0 %"):
        Sample.parse(text)


@pytest.mark.parametrize("name", ["", "Mine", "a b", "../up", "-x", "ünder", "a/b"])
def test_a_name_that_is_no_plain_word_is_refused(
    name: str, warehouse: Warehouse, release: Release, manifest: Manifest
) -> None:
    with pytest.raises(UsageError, match="cannot name a sandbox"):
        Sandboxes(warehouse).create(name, release, [manifest])


def test_a_name_that_is_taken_is_refused_unless_it_is_to_be_replaced(
    sandbox: Sandbox, warehouse: Warehouse, release: Release, manifest: Manifest
) -> None:
    sandboxes = Sandboxes(warehouse)
    with pytest.raises(UsageError, match="there already — .*--replace"):
        sandboxes.create("mine", release, [manifest])
    with sandbox.connect() as connection:
        connection.execute("create table kept as select 1 as a")
    (sandbox.target / "compiled").mkdir(parents=True)
    (sandbox.target / "partial_parse.msgpack").touch()
    fresh, _ = sandboxes.create("mine", release, [manifest], replace=True)
    with fresh.connect() as connection, pytest.raises(duckdb.CatalogException):
        connection.execute("from kept")
    assert [path.name for path in fresh.target.iterdir()] == ["partial_parse.msgpack"]


def test_a_release_that_a_sandbox_reads_is_not_pruned_until_it_is_dropped(
    sandbox: Sandbox, warehouse: Warehouse, release: Release
) -> None:
    candidate = warehouse.open("run-two")
    candidate.publish({}, datetime.now(UTC))
    assert warehouse.prune(1) == []
    Sandboxes(warehouse).drop("mine")
    assert [each.id for each in warehouse.prune(1)] == [release.id]
    told = [(e.outcome, e.name, e.release) for e in warehouse.ledger.events(kind="sandbox")]
    assert told == [("created", "mine", release.id), ("dropped", "mine", release.id)]


def test_a_sandbox_that_is_not_there_is_named_with_those_that_are(
    sandbox: Sandbox, warehouse: Warehouse
) -> None:
    for act in (Sandboxes(warehouse).find, Sandboxes(warehouse).drop):
        with pytest.raises(UsageError, match="no sandbox 'mien'; there are: mine"):
            act("mien")


def test_a_half_made_sandbox_is_listed_and_can_be_dropped(
    sandbox: Sandbox, warehouse: Warehouse
) -> None:
    (sandbox.folder / "ready").unlink()
    sandboxes = Sandboxes(warehouse)
    assert [each.is_whole for each in sandboxes.every()] == [False]
    with pytest.raises(UsageError, match="there is no sandbox 'mine'"):
        sandboxes.find("mine")
    sandboxes.drop("mine")
    assert sandboxes.every() == []


def test_a_damaged_release_makes_no_sandbox_and_leaves_nothing(
    warehouse: Warehouse, release: Release, manifest: Manifest
) -> None:
    release.file.chmod(0o644)
    with release.file.open("r+b") as handle:
        handle.truncate(5000)
    with pytest.raises(PipelineError, match="damaged"):
        Sandboxes(warehouse).create("mine", release, [manifest])
    assert list(Sandboxes(warehouse).root.glob("*")) == []


def test_a_missing_manifest_makes_no_sandbox_and_leaves_nothing(
    warehouse: Warehouse, release: Release, manifest: Manifest
) -> None:
    release.manifest.unlink()
    with pytest.raises(UsageError, match="not a dbt manifest"):
        Sandboxes(warehouse).create("mine", release, [manifest])
    assert list(Sandboxes(warehouse).root.glob("*")) == []


def test_the_state_has_nodes_in_the_base_and_sources_in_the_sandbox(sandbox: Sandbox) -> None:
    state = json.loads((sandbox.state / "manifest.json").read_text())
    assert {node["database"] for node in state["nodes"].values()} == {"warehouse"}
    assert {node["database"] for node in state["sources"].values()} == {"sandbox"}


def test_what_is_not_built_is_lent_and_taken_back(sandbox: Sandbox) -> None:
    with sandbox.connect() as connection:
        with borrowed(connection, [VISITS, PEOPLE]):
            assert one(connection, "select count(*) from gold.visits") == (5000,)
        with pytest.raises(duckdb.CatalogException):
            connection.execute("from gold.visits")
        assert one(connection, "select count(*) from landing.people") == (500,)


def test_the_models_are_copied_once_and_then_are_the_sandboxs_own(sandbox: Sandbox) -> None:
    with sandbox.connect() as connection:
        copy_in(connection, COLUMNS)
        connection.execute("update ml.model_versions set status = 'retired'")
        copy_in(connection, COLUMNS)
        assert one(connection, "select status from ml.model_versions") == ("retired",)
        assert one(connection, "select status from warehouse.ml.model_versions") == ("champion",)


def test_what_differs_is_what_was_built_and_no_personal_value_is_shown(
    sandbox: Sandbox, manifest: Manifest
) -> None:
    with sandbox.connect() as connection:
        connection.execute("create schema gold")
        connection.execute(
            "create view gold.visits as select * replace (pages + (visit_id = 7)::int as pages, "
            "case when visit_id = 8 then 'Ann' else full_name end as full_name) "
            "from warehouse.gold.visits"
        )
    difference = compare_with_base(
        sandbox, [VISITS, Relation("gold", "unbuilt")],
        keys={VISITS: ("visit_id",)}, masked={VISITS: ("full_name",)},
    )  # fmt: skip
    [table] = difference.tables
    assert (table.relation, table.changed, table.added, table.removed) == (VISITS, 2, 0, 0)
    assert {column.name: column.changed for column in table.columns} == {"pages": 1, "full_name": 1}
    assert "Ann" not in str(difference)
    assert difference.models == ()
