"""What a dbt source says of its made-up rows: ``config.meta.synthetic``, parsed and typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from ml.data.made_up import MARKS as NAMES
from ml.declaration.part import Part
from ml.declaration.refusals import explain
from ml.declaration.training import Train
from ml.errors import UsageError
from ml.relation import Relation

# What is written beside the columns of the training set, with its type.
MARKS = dict(zip(NAMES, ("boolean", "varchar", "integer"), strict=True))
# So many rows are made at the least and at the most.
LEAST_MADE, MOST_MADE = 100, 10_000_000
# Among how many real rows each value is drawn at the least, unless declared.
LEAF = 100


class Synthetic(Part):
    """What stands under ``config.meta.synthetic``."""

    train: Train = Field(
        description="The training set, as an ML model declares it: the rows learnt from are "
        "imitated, those held out judge."
    )
    task: Literal["classification", "regression"] | None = Field(
        None,
        description="Whether the label is a class or a number, as ML models have it that learn "
        "from these rows; unless given, a whole number with up to 20 values is a class.",
    )
    rows: Annotated[int, Field(ge=LEAST_MADE, le=MOST_MADE)] | None = Field(
        None, description="How many rows are made; as many as are learnt from unless given."
    )
    leaf: Annotated[int, Field(ge=20)] = Field(
        LEAF,
        description="Among how many real rows each value is drawn at the least; more copy less. "
        "Of few rows a tenth, but never fewer than 20.",
    )
    seed: Annotated[int, Field(ge=0)] = Field(
        0, description="Seeds the split, as `estimator.seed` does, and all that is drawn."
    )


@dataclass(frozen=True)
class SyntheticSet:
    """A declaration with the name of its table, the table itself and the file it stands in."""

    name: str
    relation: Relation
    file: str
    declared: Synthetic


def parse_synthetic(source_node: Mapping[str, Any]) -> SyntheticSet | None:
    """Return what a source node of a dbt manifest declares under ``synthetic``; None if nothing.

    Raises UsageError naming each key or value that is not allowed, with what is.
    """
    config = source_node.get("config") or {}
    meta = {**(source_node.get("meta") or {}), **(config.get("meta") or {})}
    if "synthetic" not in meta:
        return None
    name = source_node.get("identifier") or source_node["name"]
    file = str(source_node.get("original_file_path", "the sources' YAML"))
    asked = meta["synthetic"]
    if not isinstance(asked, Mapping):
        raise _refusal(name, file, [f"synthetic is {asked!r}; allowed: a mapping with train"])
    try:
        declared = Synthetic.model_validate(dict(asked))
    except ValidationError as error:
        told = explain(error, Synthetic, "config.meta.synthetic")
        raise _refusal(name, file, told) from None
    broken = [*_broken(declared)]
    if "landing" in meta:
        broken.append("it has landing beside synthetic; allowed: one of them")
    if broken:
        raise _refusal(name, file, broken)
    return SyntheticSet(name, Relation(source_node["schema"], name), file, declared)


def _broken(declared: Synthetic) -> list[str]:
    train, found = declared.train, []
    if train.split.by == "none":
        found.append(
            "train.split.by is 'none', but real rows that no row was made from have to judge; "
            "allowed: time, random, column"
        )
    if train.label is None:
        found.append("train.label is missing; name the column that an ML model would learn")
    if train.synthetic:
        found.append("train.synthetic marks made-up rows; allowed: with an ML model only")
    if train.transform:
        found.append("train.transform makes features of rows; allowed: with an ML model only")
    for name in (train.label, train.time, *train.key):
        if name in MARKS:
            found.append(f"the column '{name}' is one that made-up rows are marked by; rename it")
    return found


def _refusal(name: str, file: str, problems: list[str]) -> UsageError:
    told = problems[0] if len(problems) == 1 else "".join(f"\n  {text}" for text in problems)
    return UsageError(f"synthetic set '{name}': {told}", fix=f"fix {file}, then: dbt parse")
