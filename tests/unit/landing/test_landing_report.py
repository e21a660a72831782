"""What a caller is told."""

from dataops.landing import SourceReport
from dataops.landing.literal import exact_paths, literal
from dataops.landing.report import Notes


def test_one_message_speaks_for_all_files_it_holds_for() -> None:
    notes = Notes()
    for file, text in [("a", "x"), ("b", "y"), ("c", "x"), ("d", "x"), ("e", "y")]:
        notes.add(file, text)
    assert notes.messages() == ["a and 2 more files: x", "b and 1 more file: y"]


def test_a_report_is_ok_unless_a_file_or_the_source_failed() -> None:
    assert SourceReport("s", rejected=5).is_ok
    assert not SourceReport("s", files_failed=1).is_ok
    assert not SourceReport("s", error="no").is_ok


def test_texts_and_paths_are_escaped_for_duckdb() -> None:
    assert literal("it's") == "'it''s'"
    assert exact_paths(["/a[1]*.csv", "/b?.csv"]) == "/a[[]1][*].csv\0/b[?].csv"
