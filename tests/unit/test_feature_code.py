"""Which code made a table, as the dbt manifest tells it."""

import copy
from typing import Any

from dataops.manifest import Manifest
from ml.relation import Relation
from orchestration.features.code import feature_code, feature_inputs, manifest_hash

FTR, SILVER, SEED = "model.p.ftr", "model.p.silver", "seed.p.countries"


def node(
    name: str, kind: str, checksum: str, above: list[str], macros: list[str]
) -> dict[str, Any]:
    return {
        "name": name,
        "resource_type": kind,
        "schema": "gold",
        "alias": name,
        "checksum": {"checksum": checksum},
        "depends_on": {"nodes": above, "macros": macros},
    }


def macro(package: str, sql: str, macros: list[str]) -> dict[str, Any]:
    return {"package_name": package, "macro_sql": sql, "depends_on": {"macros": macros}}


RAW: dict[str, Any] = {
    "nodes": {
        FTR: node("ftr", "model", "1", [SILVER, SEED], ["macro.p.days"]),
        SILVER: node("silver", "model", "2", ["source.p.shop.orders"], []),
        SEED: node("countries", "seed", "3", [], []),
        "model.p.beside": node("beside", "model", "4", [SILVER], []),
    },
    "sources": {
        "source.p.shop.orders": {
            "resource_type": "source",
            "schema": "landing",
            "identifier": "shop__orders",
        }
    },
    "exposures": {},
    "macros": {
        "macro.p.days": macro("p", "days", ["macro.p.inner", "macro.dbt.datediff"]),
        "macro.p.inner": macro("p", "inner", []),
        "macro.dbt.datediff": macro("dbt", "datediff", []),
    },
}


def changed(*path: str, to: str) -> Manifest:
    raw = copy.deepcopy(RAW)
    here = raw
    for step in path[:-1]:
        here = here[step]
    here[path[-1]] = to
    return Manifest(raw)


def test_the_code_of_a_table_is_its_own_and_that_of_all_above() -> None:
    assert set(feature_code(Manifest(RAW), "ftr")) == {FTR, SILVER, SEED}
    assert feature_code(Manifest(RAW), "ftr") == feature_code(Manifest(copy.deepcopy(RAW)), "ftr")


def test_a_changed_file_changes_the_hash_of_its_node_alone() -> None:
    before = feature_code(Manifest(RAW), "ftr")
    after = feature_code(changed("nodes", SILVER, "checksum", "checksum", to="other"), "ftr")
    assert [each for each in before if before[each] != after[each]] == [SILVER]


def test_a_changed_macro_changes_the_nodes_that_use_it_unless_it_is_dbts_own() -> None:
    before = feature_code(Manifest(RAW), "ftr")
    after = feature_code(changed("macros", "macro.p.inner", "macro_sql", to="other"), "ftr")
    assert [each for each in before if before[each] != after[each]] == [FTR]
    upgraded = changed("macros", "macro.dbt.datediff", "macro_sql", to="other")
    assert feature_code(upgraded, "ftr") == before


def test_what_a_table_is_made_from_is_its_sources_and_seeds() -> None:
    assert feature_inputs(Manifest(RAW), "ftr") == {
        SEED: Relation("gold", "countries"),
        "source.p.shop.orders": Relation("landing", "shop__orders"),
    }


def test_the_hash_of_a_manifest_changes_with_any_node() -> None:
    beside = changed("nodes", "model.p.beside", "checksum", "checksum", to="other")
    assert manifest_hash(Manifest(RAW)) == manifest_hash(Manifest(copy.deepcopy(RAW)))
    assert manifest_hash(Manifest(RAW)) != manifest_hash(beside)
