"""What an SQL model says of itself that reads what it helps to tell: ``config.meta.feedback``."""

from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from ml.declaration.part import Column, Part
from ml.declaration.refusals import explain
from ml.errors import UsageError

KEY = "feedback"


class Feedback(Part):
    """What stands under ``config.meta.feedback``."""

    lag: Column = Field(
        description="The column with the time of a row: all that the model reads of predictions "
        "was told of days before it."
    )


def declared_lag(node: Mapping[str, Any]) -> str | None:
    """Return the column that ``node`` of a dbt manifest declares, None where it declares none.

    Raises UsageError naming each key or value that is not allowed.
    """
    meta = (node.get("config") or {}).get("meta") or {}
    if KEY not in meta:
        return None
    try:
        return Feedback.model_validate(meta[KEY]).lag
    except ValidationError as error:
        told = "; ".join(explain(error, Feedback, top=f"config.meta.{KEY}"))
        raise UsageError(
            f"model '{node['name']}': {told}",
            fix=f"fix {node.get('patch_path') or node['original_file_path']} "
            f"(config: {{meta: {{{KEY}: {{lag: <a column>}}}}}}), then: dbt parse",
        ) from error
