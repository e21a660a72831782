"""What a contract file may say, and what is refused, with the file named."""

import subprocess
import sys
from pathlib import Path

import pytest

from dataops.contracts import Contract, parse_contracts
from ml.errors import UsageError
from ml.relation import Relation

HEAD = "dataset: warehouse/gold/parts\ncheck_attributes: {owner: Stores, severity: block}\n"
WHOLE = """
columns:
  - name: weight
    checks:
      - missing:
      - invalid: {valid_min: 0, threshold: {metric: percent, must_be_less_than: 2.5}}
      - aggregate:
          function: avg
          threshold: {must_be_between: {greater_than: 1, less_than_or_equal: 9}}
          attributes: {severity: warn}
      - aggregate: {function: maxLength, qualifier: Long Ones, threshold: {must_be_less_than: 9}}
checks:
  - row_count:
  - freshness: {column: made_at, threshold: {unit: day, must_be_less_than: 2}}
  - metric: {qualifier: ratio, expression: sum(a) / sum(b), threshold: {must_not_be: 0}}
  - failed_rows: {qualifier: odd, query: select 1 where false, attributes: {severity: warn}}
"""


def write(folder: Path, text: str, path: str = "gold/parts.yml") -> Path:
    file = folder / "contracts" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return folder / "contracts"


def parsed(folder: Path, body: str, head: str = HEAD) -> Contract:
    (contract,) = parse_contracts(write(folder, head + body))
    return contract


def refusal(folder: Path, text: str, path: str = "gold/parts.yml") -> str:
    with pytest.raises(UsageError) as caught:
        parse_contracts(write(folder, text, path))
    assert f"contracts/{path}" in str(caught.value)
    return str(caught.value)


def test_every_check_has_a_name_before_anything_is_run(tmp_path: Path) -> None:
    contract = parsed(tmp_path, WHOLE)
    assert contract.relation == Relation("gold", "parts")
    assert (contract.owner, contract.file) == ("Stores", "contracts/gold/parts.yml")
    assert [(c.name, c.kind, c.column, c.severity) for c in contract.checks] == [
        ("contract_missing_weight", "missing", "weight", "block"),
        ("contract_invalid_weight", "invalid", "weight", "block"),
        ("contract_avg_weight", "aggregate", "weight", "warn"),
        ("contract_maxlength_weight_long_ones", "aggregate", "weight", "block"),
        ("contract_row_count", "row_count", None, "block"),
        ("contract_freshness_made_at", "freshness", "made_at", "block"),
        ("contract_metric_ratio", "metric", None, "block"),
        ("contract_failed_rows_odd", "failed_rows", None, "warn"),
    ]


def test_what_is_allowed_is_told_in_words(tmp_path: Path) -> None:
    assert [check.allowed for check in parsed(tmp_path, WHOLE).checks] == [
        "exactly 0",
        "less than 2.5 %",
        "more than 1 and at most 9",
        "less than 9",
        "more than 0",
        "less than 2 days",
        "anything but 0",
        "exactly 0",
    ]


def test_a_name_of_a_check_is_fit_for_a_graph_whatever_the_column_is_called(
    tmp_path: Path,
) -> None:
    body = "columns: [{name: 'Größe (cm)', checks: [{missing: }]}]"
    assert [c.name for c in parsed(tmp_path, body).checks] == ["contract_missing_gr__e__cm_"]


def test_files_that_are_no_contracts_and_a_folder_that_is_not_there_hold_none(
    tmp_path: Path,
) -> None:
    assert parse_contracts(tmp_path / "contracts") == []
    assert parse_contracts(write(tmp_path, "hello", "README.md")) == []


COLUMN = "columns: [{name: a, checks: [%s]}]"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD.replace("gold/parts", "gold/part") + WHOLE, "warehouse/gold/parts"),
        (HEAD.replace("warehouse/", "") + WHOLE, "allowed in it: warehouse/gold/parts"),
        (HEAD.replace("block", "error") + WHOLE, "allowed: warn, block"),
        (HEAD.replace("owner: Stores, ", "") + WHOLE, "check_attributes.owner is missing"),
        (HEAD.replace("Stores", "''") + WHOLE, "check_attributes.owner is ''"),
        (HEAD.replace("Stores, severity: block", "Stores") + WHOLE, "severity is missing"),
        (HEAD + "colums: []", "unknown key colums"),
        (HEAD + COLUMN % "{mising: }", "unknown kind 'mising'; allowed for a column: missing"),
        (HEAD + COLUMN % "{row_count: }", "unknown kind 'row_count'"),
        (HEAD + COLUMN % "{duplicate: }", "said to dbt"),
        (HEAD + "columns: []\nchecks: [{schema: }]", "said to dbt"),
        (HEAD + "columns: []", "it has no check"),
        (HEAD + COLUMN % "missing", "allowed: one kind with its settings"),
        (HEAD + COLUMN % "{missing: }, {missing: }", "two checks are called contract_missing_a"),
        (HEAD + COLUMN % "{missing: {treshold: {must_be: 0}}}", "may have: threshold"),
        (HEAD + COLUMN % "{missing: {threshold: {}}}", "exactly one of must_be"),
        (
            HEAD + COLUMN % "{missing: {threshold: {must_be: 0, must_not_be: 1}}}",
            "it has must_be and must_not_be",
        ),
        (HEAD + COLUMN % "{missing: {threshold: {must_be: '0'}}}", "allowed: a number"),
        (HEAD + COLUMN % "{missing: {threshold: {must_be: .nan}}}", "finite number"),
        (HEAD + COLUMN % "{missing: {threshold: {metric: share, must_be: 0}}}", "percent, count"),
        (HEAD + COLUMN % "{missing: {attributes: {severity: fail}}}", "allowed: warn, block"),
        (HEAD + COLUMN % "{invalid: }", "says of no value that it is; allowed: "),
        (HEAD + COLUMN % "{invalid: {valid_values: [yes]}}", "quote yes, no"),
        (HEAD + COLUMN % "{aggregate: {function: avg}}", "threshold is missing"),
        (
            HEAD + COLUMN % "{aggregate: {function: median, threshold: {must_be: 1}}}",
            "function is 'median'; allowed: ",
        ),
        (
            HEAD + "columns: []\nchecks: [{row_count: {threshold: {must_be_between: "
            "{greater_than: 9, less_than: 1}}}}]",
            "allowed: the lower bound first",
        ),
        (
            HEAD + "columns: []\nchecks: [{row_count: {threshold: {must_be_between: "
            "{greater_than: 9}}}}]",
            "allowed: one of greater_than, greater_than_or_equal and one of less_than",
        ),
        (
            HEAD + "columns: []\nchecks: [{row_count: {threshold: {must_be_not_between: "
            "{greater_than: 1, less_than: 9}}}}]",
            "greater_than above less_than",
        ),
        (
            HEAD + "columns: []\nchecks: [{metric: {qualifier: q, threshold: {must_be: 1}}}]",
            "exactly one of expression, query",
        ),
        (
            HEAD + "columns: []\nchecks: [{failed_rows: {qualifier: q, query: select 1, "
            "threshold: {metric: percent, must_be: 1}}}]",
            "a share needs an expression",
        ),
        (HEAD + COLUMN % "{missing: , missing: }", "the key missing stands twice"),
        (HEAD + "columns: [", "it cannot be read"),
        ("", "the file"),
        ("- 1", "the file"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, told: str) -> None:
    assert told in refusal(tmp_path, text)


@pytest.mark.parametrize("path", ["parts.yml", "gold/more/parts.yml", "gold/parts.yaml"])
def test_a_contract_at_no_tables_place_is_refused(tmp_path: Path, path: str) -> None:
    assert "<schema>/<table>.yml" in refusal(tmp_path, HEAD + WHOLE, path)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path, "")
    (folder / "gold" / "parts.yml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="it cannot be read"):
        parse_contracts(folder)


def test_reading_contracts_does_not_load_the_engine_that_verifies_them(tmp_path: Path) -> None:
    write(tmp_path, HEAD + WHOLE)
    told = (
        "import sys; from pathlib import Path; from dataops.contracts import parse_contracts;"
        "assert parse_contracts(Path(sys.argv[1]));"
        "sys.exit(any(name.startswith('soda') for name in sys.modules))"
    )
    subprocess.run([sys.executable, "-c", told, tmp_path / "contracts"], check=True)
