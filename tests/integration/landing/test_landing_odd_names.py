import os
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from dataops.landing import csv_files, json_files
from dataops.landing.files import LandingFile
from dataops.landing.staging import Staging
from tests.integration.landing.loading import Loading, declare

ITEMS = declare({"id": "varchar", "n": "integer"}, "items/*.csv", "csv", name="s.items", key=["id"])


LATER = datetime(2025, 7, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("format", "clean", "broken"),
    [
        ("csv", 'id,n\n1,1\n"a,b ""c""",x\n', 'id,n\n1,1\n2\n"3,3\n'),
        ("jsonl", '{"id": "1", "n": 1}\n{"id": "1", "n"\n[]\n', '\ufeff{"id": "1", "n": 1}\n'),
    ],
)
def test_only_files_with_odd_bytes_are_read_record_by_record(
    loading: Loading, monkeypatch: pytest.MonkeyPatch, format: str, clean: str, broken: str
) -> None:
    module = {"csv": csv_files, "jsonl": json_files}[format]
    careful: list[str] = []
    inner = module._stage_careful

    def spy(staging: Staging, files: list[LandingFile], read: Callable[[int], None]) -> None:
        careful.extend(file.name for file in files)
        inner(staging, files, read)

    monkeypatch.setattr(module, "_stage_careful", spy)
    for number in range(20):
        loading.write(f"items/{number}.{format}", clean)
    loading.write(f"items/broken.{format}", broken)
    columns = {"id": "varchar", "n": "integer"}
    loading.one(declare(columns, f"items/*.{format}", format, name="s.items"))
    assert careful == [f"items/broken.{format}"]


def test_a_file_whose_name_is_not_utf8_fails_and_says_so(loading: Loading) -> None:
    loading.write("items/b.csv", "id,n\n1,1\n")
    odd = os.fsencode(loading.root) + b"/items/caf\xe9.csv"
    with open(odd, "wb") as stream:  # noqa: PTH123 - the name is bytes
        stream.write(b"id,n\n2,2\n")
    report = loading.one(ITEMS)
    assert (report.files_loaded, report.files_failed) == (1, 1)
    assert report.messages == ["items/caf\\udce9.csv: its name is not valid UTF-8 — rename it"]


@pytest.mark.parametrize("name", ["a?\\.csv", "\\*.csv", "[\\].csv"])
def test_a_file_that_no_glob_matches_alone_fails_and_says_so(loading: Loading, name: str) -> None:
    loading.write("items/b.csv", "id,n\n1,1\n")
    loading.write(f"items/{name}", "id,n\n2,2\n")
    report = loading.one(ITEMS)
    assert (report.files_loaded, report.files_failed) == (1, 1)
    assert report.messages == [
        f"items/{name}: its path has a backslash and one of * ? [, which DuckDB cannot read — "
        "rename it"
    ]
