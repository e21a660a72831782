"""Columns, tables and files may have any name."""

import json
import tempfile
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.integration.landing.loading import Loading, declare

letters = st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="/")
odd = st.sampled_from(
    ["select", 'a"b', "a'b", "a b", " a", "$.a", "{x}", "?", "$1", "_at", "_raw", "v0", "Ä", ";--"]
)
names = st.one_of(odd, st.text(letters, min_size=1, max_size=6))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    columns=st.lists(names, min_size=2, max_size=4, unique_by=str.casefold),
    source=st.tuples(names, names).map(lambda pair: f"{pair[0]}.{pair[1]}".replace("..", ".x")),
    file=names,
    format=st.sampled_from(["csv", "jsonl", "json", "parquet"]),
)
@example(columns=["a", "b"], source="s.t", file="?\\", format="json")
@example(columns=["a", "b"], source="s.t", file="\\", format="csv")
@example(columns=["a", "b"], source="s.t", file="[?]*", format="parquet")
def test_any_name_serves_as_column_source_or_file(
    columns: list[str], source: str, file: str, format: str
) -> None:
    if source.count(".") != 1 or any(c.casefold() in ("_file", "_row") for c in columns):
        return
    values = [f"v{i}" for i, _ in enumerate(columns)]
    declared = declare(dict.fromkeys(columns, "varchar"), f"*.{format}", format, name=source)
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as conn:
        loading = Loading(Path(folder), conn)
        path = loading.write(f"x{file}.{format}", b"")
        if format == "csv":
            rows = [columns, values]
            quoted = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
            path.write_text("\n".join([*quoted, ""]), encoding="utf-8", newline="")
        elif format == "parquet":
            pq.write_table(pa.table({c: [v] for c, v in zip(columns, values, strict=True)}), path)
        else:
            path.write_text(json.dumps(dict(zip(columns, values, strict=True))), encoding="utf-8")
        report = loading.one(declared)
        if "\\" in file and set("*?[") & set(file):
            assert (report.files_loaded, report.files_failed) == (0, 1)
            return
        assert report.messages == []
        loaded = loading.rows(
            f"select * exclude (_row, _delivered_at, _loaded_at) from {declared.relation.sql}"
        )
        assert loaded == [(*values, f"x{file}.{format}")]
