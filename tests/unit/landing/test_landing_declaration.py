"""What a dbt source may say under ``landing``, and how a wrong word is refused."""

from typing import Any

import pytest

from dataops.landing import parse_landing
from dataops.landing.declaration import KEYS
from ml.errors import UsageError
from ml.relation import Relation

YAML = "models/bronze/shop/_sources.yml"


def _node(landing: object, columns: dict[str, str | None] | None = None) -> dict[str, Any]:
    columns = columns if columns is not None else {"id": "varchar", "at": "timestamp"}
    return {
        "source_name": "shop",
        "name": "orders",
        "schema": "landing",
        "identifier": "shop__orders",
        "original_file_path": YAML,
        "columns": {name: {"name": name, "data_type": t} for name, t in columns.items()},
        "config": {"meta": {"landing": landing}},
    }


def test_a_declaration_is_read_whole() -> None:
    landing = {
        "path": "shop/orders/**/*.csv",
        "format": "csv",
        "key": ["id"],
        "delivered_at": "at",
        "optional": ["at"],
        "delimiter": "\t",
    }
    source = parse_landing(_node(landing))
    assert source is not None
    assert (source.name, source.relation) == ("shop.orders", Relation("landing", "shop__orders"))
    assert (source.path, source.format, source.key) == (landing["path"], "csv", ("id",))
    assert (source.delivered_at, source.optional, source.delimiter) == ("at", ("at",), "\t")
    assert [(c.name, c.type) for c in source.columns] == [("id", "varchar"), ("at", "timestamp")]
    assert set(landing) == set(KEYS)


def test_meta_may_stand_beside_the_config_as_older_manifests_have_it() -> None:
    node = _node(None)
    node["meta"] = node.pop("config")["meta"] | {"landing": {"path": "*.csv", "format": "csv"}}
    source = parse_landing(node)
    assert source is not None
    assert (source.key, source.delimiter) == ((), ",")


@pytest.mark.parametrize("config", [{}, {"meta": {}}, {"meta": {"owner": "x"}}, None])
def test_a_source_without_landing_is_none(config: object) -> None:
    assert parse_landing(_node(None) | {"config": config}) is None


GOOD = {"path": "shop/*.csv", "format": "csv"}
TEXT = {"path": "*.txt", "format": "text"}


@pytest.mark.parametrize(
    ("landing", "columns", "problem"),
    [
        (None, None, "landing is None; it must be a mapping of: path, format, key"),
        (["path"], None, r"landing is \['path'\]; it must be a mapping"),
        (GOOD | {"keys": []}, None, "unknown key 'keys'; it may have: key, "),
        (GOOD | {"delimeter": ";"}, None, "unknown key 'delimeter'; it may have: delimiter, "),
        ({"format": "csv"}, None, "landing has no path"),
        (GOOD | {"path": 5}, None, "landing.path is 5; it must be a text"),
        (GOOD | {"path": ""}, None, "landing.path is ''; it must be a text"),
        (GOOD | {"path": "/etc/*.csv"}, None, "'/etc/.*must stay below the landing folder"),
        (GOOD | {"path": "a/../../*.csv"}, None, "must stay below the landing folder"),
        (GOOD | {"path": "a\\*.csv"}, None, "must stay below the landing folder"),
        (GOOD | {"path": "."}, None, "must stay below the landing folder"),
        (GOOD | {"path": "a/**.csv"}, None, r"'\*\*\.csv'; '\*\*' can only be"),
        ({"path": "*"}, None, "landing.format is None; it may be: "),
        (GOOD | {"format": "cvs"}, None, "landing.format is 'cvs'; it may be: csv, "),
        (GOOD | {"key": "id"}, None, "landing.key is 'id'; it must be a list of column names"),
        (GOOD | {"key": [1]}, None, r"landing.key is \[1\]; it must be a list"),
        (GOOD | {"key": ["id", "id"]}, None, "names a column twice"),
        (GOOD | {"key": ["idd"]}, None, "landing.key names 'idd', .* its columns: id, at"),
        (GOOD | {"optional": ["x"]}, None, "landing.optional names 'x', which is not among"),
        (GOOD | {"key": ["id"], "optional": ["id"]}, None, "'id' is in landing.key and so cannot"),
        (GOOD | {"delivered_at": "when"}, None, "landing.delivered_at names 'when', which is not"),
        (GOOD | {"delivered_at": "id"}, None, "'id', which is varchar; it must be a date or a t"),
        (GOOD | {"delimiter": ";;"}, None, "landing.delimiter is ';;'; it must be one ASCII"),
        (GOOD | {"delimiter": '"'}, None, "it must be one ASCII character"),
        (GOOD | {"delimiter": ""}, None, "it must be one ASCII character"),
        (TEXT | {"delimiter": ";"}, {"content": "text"}, "landing.delimiter is for csv"),
        (GOOD, {}, "it declares no columns"),
        (GOOD, {"id": None}, "column 'id' has no data_type"),
        (GOOD, {"id": " "}, "column 'id' has no data_type"),
        (GOOD, {"_Row": "integer"}, "column '_Row' cannot be declared: ingest writes _file, _row"),
        (GOOD, {"id": "varchar", "ID": "varchar"}, "columns 'id' and 'ID' differ by case only"),
        (TEXT, {"body": "varchar"}, "'body' cannot be had from a text file, .* content, size_b"),
        (TEXT, {"content": "blob"}, "'content' is blob; in a text file it must be varchar"),
    ],
)
def test_a_wrong_declaration_is_refused_by_name_with_what_is_allowed(
    landing: object, columns: dict[str, str | None] | None, problem: str
) -> None:
    with pytest.raises(UsageError, match=problem) as caught:
        parse_landing(_node(landing, columns))
    assert str(caught.value).startswith("source shop.orders: ")
    assert YAML in str(caught.value)
