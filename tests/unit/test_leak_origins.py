"""The leak guard on a project: declarations of dbt's manifest, compiled SQL, a warehouse."""

from io import StringIO
from pathlib import Path
from typing import Any

import duckdb
import pytest
from rich.console import Console

from dataops.manifest import Manifest
from dataops.sandbox import borrowed
from ml.errors import UsageError
from ml.leaks.guard import Leak
from ml.spec import ModelSpec, parse_spec
from ml.train import train
from ml.versions.provenance import Provenance
from orchestration.leaks import Origins, check_origins, relations_read, train_checked
from orchestration.sandbox import print_built
from orchestration.sandbox_build import Built
from tests.unit.ml.world import NOW, declare

VIEW = {"entity": ["id"], "event_time": "at", "known_time": "known_at", "ttl": "unlimited",
        "owner": "o"}  # fmt: skip
SQL = {
    "silver.plans": "select *, day + 1 as told_at from warehouse.landing.plans",
    "gold.ftr_calls": "select id, day as at, told_at as known_at, a as calls from silver.plans",
    "gold.ftr": "select id, a, day from warehouse.silver.plans",
}
TRAINING = """
with labels as (
    select id, a, day, ended_at < day + 30 as is_lost, end_reason, told_at
    from "warehouse"."silver"."plans"
)
select id, a, day, is_lost as y, {extra} from labels
"""


class Project:
    """A warehouse built from SQL as dbt would have compiled it."""

    def __init__(self, folder: Path) -> None:
        self.target = folder
        self.conn = duckdb.connect()
        self.conn.execute("attach ':memory:' as warehouse")
        self.conn.execute("use warehouse")
        self.conn.execute("create schema landing; create schema silver; create schema gold")
        self.conn.execute(
            "create table landing.plans as select i as id, (hash(i) % 100)::double as a, "
            "date '2025-01-01' + (i % 20)::int as day, "
            "case when hash(i, 'y') % 5 = 0 then date '2025-01-25' else date '2026-01-01' end "
            "as ended_at, case when hash(i, 'y') % 5 = 0 then 'reason ' || i % 3 end as end_reason "
            "from range(4000) as t(i)"
        )
        self.sql = dict(SQL)

    def train(self, extra: str, guard: dict[str, Any] | None = None, **train: Any) -> Origins:
        self.sql["gold.trn"] = TRAINING.format(extra=extra)
        self.build()
        self.spec = self.declared(guard, train)
        origins = check_origins(self.manifest, [self.target], self.conn, self.spec)
        with origins.told():
            train_it(self, origins)
        return origins

    def declared(self, guard: dict[str, Any] | None, train: dict[str, Any]) -> ModelSpec:
        changes = {f"train.{key}": value for key, value in train.items()}
        meta = declare(
            changes | {"train.leak_guard": guard or {}, "estimator.params": {"max_iter": 2}}
        )
        return parse_spec("model", meta, file="models/m.yml")

    def build(self) -> None:
        for relation in ("silver.plans", "gold.ftr_calls", "gold.ftr", "gold.trn"):
            self.conn.execute(f"create or replace view {relation} as {self.sql[relation]}")
            path = self.target / "compiled" / "it" / f"models/{relation}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self.sql[relation])

    @property
    def manifest(self) -> Manifest:
        nodes = {}
        for relation in self.sql:
            schema, name = relation.split(".")
            meta = {"feature_view": VIEW} if name == "ftr_calls" else {}
            columns = {each: {"name": each, "description": each} for each in
                       ("id", "at", "known_at", "calls")}  # fmt: skip
            nodes[f"model.it.{name}"] = {
                "unique_id": f"model.it.{name}", "resource_type": "model", "name": name,
                "schema": schema, "alias": name, "package_name": "it", "columns": columns,
                "original_file_path": f"models/{relation}.sql", "config": {"meta": meta},
                "depends_on": {"nodes": []},
            }  # fmt: skip
        nodes["test.it.one"] = {
            "resource_type": "test", "name": "one", "attached_node": "model.it.ftr_calls",
            "test_metadata": {"name": "one_row_per_event", "kwargs": {}}, "config": {},
        }  # fmt: skip
        return Manifest({"nodes": nodes, "sources": {}, "exposures": {}})


def train_it(project: Project, origins: Origins) -> None:
    provenance = Provenance("run-1", "release-1", "commit-1")
    train(project.conn, project.spec, project.manifest.relations, provenance, now=NOW,
          known=origins.known)  # fmt: skip


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_a_feature_made_of_the_label_is_refused_with_its_way_and_what_to_do(
    project: Project,
) -> None:
    with pytest.raises(UsageError) as caught:
        project.train("not is_lost as stays, a + 1 as more")
    told = str(caught.value)
    assert caught.value.exit_code == 2
    for part in (
        "models/m.yml: features of ML model 'model' know its label 'y'",
        "feature 'stays': it is made of the label: trn.stays ← trn(labels).is_lost",
        "train.features.exclude: [stays]", "train.leak_guard.allow: {stays: why}", "dbt parse",
    ):  # fmt: skip
        assert part in told
    assert "more" not in told


def test_it_may_be_allowed_or_left_out(project: Project) -> None:
    project.train("is_lost and a > 3 as x", {"allow": {"x": "it is asked at the start"}})
    project.train("is_lost as x", features={"exclude": ["x"]})


def test_a_transform_of_a_column_made_of_the_label_is_refused_by_its_own_name(
    project: Project,
) -> None:
    with pytest.raises(UsageError, match="feature 'twice': it is made of the label: trn.x ← "):
        project.train(
            "is_lost::int as x", features={"exclude": ["x"]}, transform={"twice": "x * 2"}
        )


def test_each_transform_of_one_column_is_named_and_one_of_no_column_is_none(
    project: Project,
) -> None:
    with pytest.raises(UsageError) as caught:
        project.train("is_lost::int as x", features={"exclude": ["x"]},
                      transform={"p": "x * 2", "q": "x * 3", "r": "a * 2"})  # fmt: skip
    told = str(caught.value)
    assert "feature 'p': it is made of the label" in told
    assert "feature 'q': it is made of the label" in told
    assert "train.features.exclude: [p, q])" in told
    origins = project.train("a + 1 as more", transform={"one": "1 + 1", "three": "a * 0 + 3"})
    assert not origins.leaks.unresolved


def test_a_leak_found_in_rows_is_told_with_the_way_it_came(project: Project) -> None:
    with pytest.raises(Leak, match=r"feature 'x'.*it comes by: trn.x ← plans.end_reason ← plans"):
        project.train("end_reason as x")


def test_the_known_time_of_a_view_is_found_by_lineage_and_held_against_the_time(
    project: Project,
) -> None:
    project.sql["gold.ftr_calls"] += " union all select null, null, null, null where false"
    by_hand = "(select max(known_at) from gold.ftr_calls as c where c.id = labels.id) as x"
    assert project.train(by_hand, features={"exclude": ["x"]}).known == {}
    project.sql["gold.ftr_calls"] = SQL["gold.ftr_calls"]
    training = TRAINING.replace("from labels", "from labels inner join gold.ftr_calls using (id)")
    project.sql["gold.trn"] = training.format(extra="ftr_calls.known_at as x")
    project.build()
    project.spec = project.declared(None, {"features": {"exclude": ["x"]}})
    origins = check_origins(project.manifest, [project.target], project.conn, project.spec)
    assert origins.known == {"x": "the known time of ftr_calls"}
    with pytest.raises(
        Leak, match=r"'x' \(it is the known time of ftr_calls\) lies after it in 4,000"
    ):
        train_it(project, origins)


def test_what_is_not_resolved_is_told_and_trains(project: Project) -> None:
    project.train("a + 1 as more")
    (project.target / "compiled/it/models/silver.plans.sql").unlink()
    origins = check_origins(project.manifest, [project.target], project.conn, project.spec)
    (told,) = origins.warnings
    assert "lineage does not say" in told
    assert "a, more (silver.plans: it has no compiled SQL)" in told


def test_facts_shared_with_the_label_are_told(project: Project) -> None:
    origins = project.train("(select count(*) from silver.plans where ended_at < day) as before, "
                            "datediff('day', day, date '2025-06-01') as age")  # fmt: skip
    assert origins.leaks.found == ()
    assert any("age" in told for told in origins.warnings)


def test_a_training_gives_the_version_and_what_is_told_and_says_how_far_it_is(
    project: Project,
) -> None:
    project.sql["gold.trn"] = TRAINING.format(extra="datediff('day', day, told_at) as age")
    project.build()
    project.spec, heard = project.declared(None, {}), list[str]()
    made_by = Provenance("run-1", "release-1", "commit-1")
    targets = [project.target]
    version, told = train_checked(
        project.conn, project.spec, project.manifest, targets, made_by, heard.append
    )
    assert (version.name, version.run_id) == ("model@1", "run-1")
    assert any("made of columns of sources" in each and "age" in each for each in told)
    assert any("judging model" in each for each in heard)
    built = Built(models={"model": "model@1 champion"}, lineage={"model": told})
    console = Console(record=True, width=400, quiet=False, file=StringIO())
    print_built(built, console)
    assert told[0] in console.export_text()


def test_the_word_of_a_version_is_told_and_what_earlier_models_told_is_not(
    project: Project,
) -> None:
    project.conn.execute(
        "create schema predictions; create table predictions.tone as select i as id, 'a' as "
        "prediction, hash(i, 's') % 97 / 97 as score, hash(i, 'f') % 89 / 89 as feature_score, "
        "hash(i, 'r') % 13 / 13 as reason_1_effect from range(4000) as t(i)"
    )
    project.sql["silver.plans"] += " left join predictions.tone using (id)"
    project.sql["silver.plans"] = project.sql["silver.plans"].replace("*,", "*, score as tone,")
    sql = "(select max({}) from silver.plans as p where p.id = labels.id) as x"
    assert not any("told by versions" in each for each in
                   project.train(sql.format("feature_score")).warnings)  # fmt: skip
    told = "\n".join(project.train(sql.format("tone")).warnings)
    assert "told by versions that may have learnt from these very rows" in told
    assert "x (trn.x ← plans.tone ← tone.score); read feature_score" in told
    assert "← tone.reason_1_effect" in project.train(sql.format("reason_1_effect")).warnings[0]
    allowed = project.train(sql.format("tone"), {"allow": {"x": "told before the row"}})
    assert not any("told by versions" in each for each in allowed.warnings)


BY_HAND = """
with labels as (select id, a, day, ended_at < day + 30 as y from silver.plans),
calls as (select id as caller, "at" as asked, calls as many from gold.ftr_calls)
select labels.*, calls.many as x from labels inner join calls on calls.caller = labels.id
"""


def joined_by_hand(project: Project, sql: str, guard: dict[str, Any] | None = None) -> None:
    project.sql["gold.trn"] = sql
    project.build()
    project.spec = project.declared(guard, {})
    check_origins(project.manifest, [project.target], project.conn, project.spec)


def test_values_that_a_view_learnt_later_are_refused_when_joined_by_hand(project: Project) -> None:
    with pytest.raises(Leak) as caught:
        joined_by_hand(project, BY_HAND)
    for part in (
        "gold.trn has values that its feature view learnt after 'day'",
        "feature 'x' (trn.x ← ftr_calls.calls) in 4,000 rows",
        "first known 2025-01-02 for id ", "at 2025-01-01", "join the view by training_set",
    ):  # fmt: skip
        assert part in str(caught.value)
    joined_by_hand(project, BY_HAND, {"allow": {"x": "it is known before it lands"}})


def test_a_view_that_a_sandbox_has_not_built_is_looked_up_in_its_base(project: Project) -> None:
    project.sql["gold.ftr_calls"] = SQL["gold.ftr_calls"].replace("silver", "warehouse.silver")
    project.sql["gold.trn"] = BY_HAND
    project.build()
    project.spec = project.declared(None, {})
    project.conn.execute("attach ':memory:' as sandbox; create schema sandbox.gold")
    project.conn.execute("create table sandbox.gold.trn as from gold.trn; use sandbox")
    lent = borrowed(project.conn, relations_read(project.manifest, project.spec))
    with lent, pytest.raises(Leak, match=r"feature 'x' \(trn.x ← ftr_calls.calls\) in 4,000 rows"):
        check_origins(project.manifest, [project.target], project.conn, project.spec)


@pytest.mark.parametrize("copied", ["::integer", "::decimal(12, 2)", "::float", "::varchar"])
def test_values_that_a_view_learnt_later_are_refused_in_whatever_type_they_are_copied(
    project: Project, copied: str
) -> None:
    with pytest.raises(Leak, match="feature 'x'"):
        joined_by_hand(project, BY_HAND.replace("calls.many as x", f"calls.many{copied} as x"))


def test_values_that_a_view_knew_in_time_pass(project: Project) -> None:
    project.sql["gold.ftr_calls"] = SQL["gold.ftr_calls"].replace("told_at", "day")
    joined_by_hand(project, BY_HAND)


@pytest.mark.parametrize("computed", ["-calls.many", "calls.many + 1", "coalesce(calls.many, 0)"])
def test_values_that_are_not_a_late_views_own_are_not_looked_up(
    project: Project, computed: str
) -> None:
    joined_by_hand(project, BY_HAND.replace("calls.many as x", f"{computed} as x"))


def test_rows_joined_by_hand_and_cut_in_time_pass(project: Project) -> None:
    cut = BY_HAND.replace(
        "calls.caller = labels.id", "calls.caller = labels.id - 20 and calls.asked < labels.day"
    )
    joined_by_hand(project, cut)
    # A value that the entity had in time as well is not told from a later one.
    project.sql["gold.ftr_calls"] = (
        SQL["gold.ftr_calls"] + " union all select id, day - 9, day - 9, a from silver.plans"
    )
    joined_by_hand(project, BY_HAND + " and calls.asked = labels.day")


@pytest.mark.parametrize("time", ["known_at", '"at"'])
def test_a_row_that_is_the_views_own_is_not_looked_up(project: Project, time: str) -> None:
    """The training set's rows are the events themselves, at their own time: nothing is joined."""
    project.sql["gold.trn"] = (
        f"select calls.id, calls.{time} as day, calls.calls as x, plans.ended_at < day + 30 as y "
        "from gold.ftr_calls as calls inner join silver.plans as plans on plans.id = calls.id"
    )
    project.build()
    project.spec = project.declared(None, {})
    project.conn.execute("create table kept as from gold.trn; drop view gold.trn")
    project.conn.execute("create table gold.trn as from kept; drop view gold.ftr_calls")
    check_origins(project.manifest, [project.target], project.conn, project.spec)
