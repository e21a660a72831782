"""What `--into` does with a training set that is written otherwise: right, or refused by name."""

from pathlib import Path
from typing import Any

import pytest

from dataops.manifest import Manifest
from dataops.scaffold.join_in import join_in
from ml.errors import UsageError
from tests.unit.features.test_features_declared import node
from tests.unit.scaffold.test_scaffold_feature import SQL, asked, training_set


def joined(folder: Path, sql: str) -> str:
    made = training_set(folder, sql)
    return join_in(asked(), "trn", made, folder)[folder / "models/trn.sql"]


SELECT = "    select\n        known.rider,\n        known.n\n    from known\n"
OTHERWISE = {
    "in one line": "    select known.rider, known.n\n    from known\n",
    "a last column of several lines": (
        "    select\n        known.rider,\n        case\n            when known.n > 1 then 1\n"
        "        end as n\n    from known\n"
    ),
    "a last column with a comma in it": (
        "    select\n        known.rider,\n        coalesce(known.n,\n        0) as n\n"
        "    from known\n"
    ),
    "an alias": "    select\n        k.rider,\n        k.n\n    from known as k\n",
    "a comment": SELECT.replace("    from", "        -- joined\n    from"),
    "an empty line": SELECT.replace("    from", "\n    from"),
    "the name taken": "    select\n        known.trips,\n        known.n\n    from known\n",
    "read twice": f"{SELECT}),\n\nagain as (\n{SELECT}",
    "no SQL": SELECT.replace("known.rider,", "known.rider, (("),
}


@pytest.mark.parametrize("case", OTHERWISE)
def test_a_select_of_another_shape_is_refused(tmp_path: Path, case: str) -> None:
    with pytest.raises(UsageError, match=r"trn\.sql cannot be changed by --into: it has not"):
        joined(tmp_path, SQL.replace(SELECT, OTHERWISE[case]))


@pytest.mark.parametrize("star", ["*", "known.*", "known.*, 1 as one"])
def test_a_select_of_everything_stays_as_it_is(tmp_path: Path, star: str) -> None:
    sql = SQL.replace(SELECT, f"    select {star}\n    from known\n")
    assert joined(tmp_path, sql) == sql.replace("['ftr_n']", "['ftr_n', 'ftr_trips']")


def test_a_list_without_a_view_gets_the_first(tmp_path: Path) -> None:
    assert "features=['ftr_trips']" in joined(tmp_path, SQL.replace("['ftr_n']", "[]"))


def test_a_star_of_another_relation_is_not_that_of_the_features(tmp_path: Path) -> None:
    body = SELECT.replace("known.rider", "days.*") + "    cross join days\n"
    assert "days.*,\n        coalesce(known.trips, 0) as trips,\n        known.n\n" in joined(
        tmp_path, SQL.replace(SELECT, body)
    )


CALL = "{{ training_set(spine='days', time='as_of', features=['ftr_n']) }}\n"


def test_a_model_that_is_the_call_alone_has_the_feature_by_its_list(tmp_path: Path) -> None:
    assert joined(tmp_path, CALL) == CALL.replace("['ftr_n']", "['ftr_n', 'ftr_trips']")


def test_a_call_in_a_subquery_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="a CTE that is the call of training_set"):
        joined(tmp_path, f"select known.n from ({CALL}) as known\n")


def child(folder: Path, sql: str) -> Any:
    """Join into a training set that a model under a contract reads by ``sql``."""
    made = training_set(folder, SQL)
    (folder / "models/kid.sql").write_text(sql)
    (folder / "models/kid.yml").write_text(
        "models:\n  - name: kid\n    columns:\n      - name: rider\n      - name: n\n"
    )
    kid = node("kid", {}, {"rider": {}, "n": {}}, depends_on={"nodes": ["model.p.trn"]})
    kid["config"]["contract"] = {"enforced": True}
    kid |= {"patch_path": "p://models/kid.yml", "original_file_path": "models/kid.sql"}
    nodes = {**made.raw["nodes"], "model.p.kid": kid}
    return join_in(asked(), "trn", Manifest(made.raw | {"nodes": nodes}), folder)


PASSES = [
    "select * from {{ ref('trn') }}",
    "select all_of_it.* from {{ ref('trn') }} as all_of_it",
    "with rows as (\n    select * from {{ ref('trn') }}\n),\n\nfinal as (\n    select "
    "rows.*, 1 as x\n    from rows\n)\n\nselect * from final",
]
NAMES = [
    "select rider, n from {{ ref('trn') }}",
    "with final as (\n    select rider, n from {{ ref('trn') }}\n)\n\nselect * from final",
    "with rows as (\n    select * from {{ ref('trn') }}\n)\n\nselect rider, n from rows",
    "{% for x in y %}select ({% endfor %}",
]


@pytest.mark.parametrize("sql", PASSES)
def test_a_model_that_passes_every_column_on_has_it_described(tmp_path: Path, sql: str) -> None:
    assert "- name: trips" in child(tmp_path, sql)[tmp_path / "models/kid.yml"]


@pytest.mark.parametrize("sql", NAMES)
def test_a_model_that_names_every_column_is_left_to_a_person(tmp_path: Path, sql: str) -> None:
    with pytest.raises(UsageError, match=r"kid\.sql cannot be changed .*'select \*' of trn"):
        child(tmp_path, sql)
