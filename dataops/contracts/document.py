"""What may stand in a contract file: soda's contract YAML, less what dbt says already."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from dataops.contracts.contract import Severity
from dataops.contracts.threshold import AgeThreshold, ShareThreshold, Threshold

Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Name = Annotated[str, StringConstraints(min_length=1)]


def _text_or_number(met: Any) -> Any:
    if isinstance(met, bool) or not isinstance(met, str | int | float):
        raise ValueError("allowed: text or a number (quote yes, no, on, off and dates)")
    return met


Values = Annotated[
    tuple[Annotated[Any, AfterValidator(_text_or_number)], ...], Field(min_length=1, strict=False)
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Attributes(_Part):
    """Who answers for the relation, and what a failure does unless a check says otherwise."""

    owner: Text = Field(description="Who answers for it.")
    severity: Severity = Field(description="What a failed check does: `block` or `warn`.")
    key: Annotated[tuple[Name, ...], Field(strict=False)] = Field(
        (), description="The columns that name a failing row in messages."
    )


class CheckAttributes(_Part):
    """What one check has otherwise than its contract."""

    severity: Severity


class ColumnPart(_Part):
    """One column with its checks."""

    name: Name
    checks: Annotated[tuple[Any, ...], Field(min_length=1, strict=False)]


class Document(_Part):
    """A contract file."""

    dataset: Text
    check_attributes: Attributes
    columns: Annotated[tuple[ColumnPart, ...], Field(strict=False)]
    filter: Text | None = None
    checks: Annotated[tuple[Any, ...], Field(strict=False)] = ()


class Format(_Part):
    """A regular expression with the name people know the format by."""

    name: Text
    regex: Text


class Check(_Part):
    """What every kind of check may have."""

    name: Text | None = None
    qualifier: Text | None = None
    filter: Text | None = None
    attributes: CheckAttributes | None = None
    threshold: Threshold


class Missing(Check):
    """How many rows have no value in the column."""

    missing_values: Values | None = None
    missing_format: Format | None = None
    threshold: ShareThreshold = ShareThreshold(must_be=0)


class Invalid(Missing):
    """How many rows have a value in the column that is not allowed there."""

    valid_values: Values | None = None
    invalid_values: Values | None = None
    valid_format: Format | None = None
    invalid_format: Format | None = None
    valid_min: float | None = None
    valid_max: float | None = None
    valid_length: int | None = None
    valid_min_length: int | None = None
    valid_max_length: int | None = None


class Aggregate(Check):
    """One number over the column's values."""

    function: Literal["avg", "sum", "min", "max", "avgLength", "minLength", "maxLength"]


class RowCount(Check):
    """How many rows there are."""

    threshold: Threshold = Threshold(must_be_greater_than=0)


class Freshness(Check):
    """How old the newest value of a date or timestamp is when the contract is verified."""

    column: Name
    threshold: AgeThreshold


class Metric(Check):
    """One number that an SQL expression over the rows, or a query of its own, gives."""

    qualifier: Text
    expression: Text | None = None
    query: Text | None = None


class FailedRows(Check):
    """How many rows an SQL condition holds for, or a query gives."""

    qualifier: Text
    expression: Text | None = None
    query: Text | None = None
    threshold: ShareThreshold = ShareThreshold(must_be=0)


COLUMN_KINDS: Mapping[str, type[Check]] = {
    "missing": Missing,
    "invalid": Invalid,
    "aggregate": Aggregate,
}
KINDS: Mapping[str, type[Check]] = {
    "row_count": RowCount,
    "freshness": Freshness,
    "metric": Metric,
    "failed_rows": FailedRows,
}
# soda has these too; said in two places, the two would come to differ.
DBT_OWNS = ("schema", "duplicate")
