"""What a measured number may be: soda's thresholds, and the same in words."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

_WORDS = {
    "must_be": "exactly",
    "must_not_be": "anything but",
    "must_be_greater_than": "more than",
    "must_be_greater_than_or_equal": "at least",
    "must_be_less_than": "less than",
    "must_be_less_than_or_equal": "at most",
    "must_be_between": "",
    "must_be_not_between": "outside of",
}
_LOWER = {"greater_than": "more than", "greater_than_or_equal": "at least"}
_UPPER = {"less_than": "less than", "less_than_or_equal": "at most"}


def number(value: float) -> str:
    """Return ``value`` as a person writes it: whole where it is whole, else six digits."""
    return f"{value:.0f}" if value == round(value) else f"{value:.6g}"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class Range(_Part):
    """Two bounds; the lower is below the upper, whichever way they are meant."""

    greater_than: float | None = None
    greater_than_or_equal: float | None = None
    less_than: float | None = None
    less_than_or_equal: float | None = None

    @model_validator(mode="after")
    def _has_two_bounds(self) -> "Range":
        given = self.model_dump(exclude_none=True)
        lower, upper = ([given[key] for key in side if key in given] for side in (_LOWER, _UPPER))
        if len(lower) != 1 or len(upper) != 1:
            raise ValueError(f"allowed: one of {', '.join(_LOWER)} and one of {', '.join(_UPPER)}")
        return self

    @property
    def bounds(self) -> tuple[float, float]:
        """What stands as the bound below and the bound above."""
        given = self.model_dump(exclude_none=True)
        return next(given[k] for k in _LOWER if k in given), next(
            given[k] for k in _UPPER if k in given
        )

    @property
    def words(self) -> str:
        """Both bounds in words."""
        said = (_LOWER | _UPPER).items()
        given = self.model_dump(exclude_none=True)
        return " and ".join(f"{word} {number(given[key])}" for key, word in said if key in given)


class Threshold(_Part):
    """Exactly one comparison."""

    must_be: float | None = None
    must_not_be: float | None = None
    must_be_greater_than: float | None = None
    must_be_greater_than_or_equal: float | None = None
    must_be_less_than: float | None = None
    must_be_less_than_or_equal: float | None = None
    must_be_between: Range | None = None
    must_be_not_between: Range | None = None

    @model_validator(mode="after")
    def _has_one_comparison(self) -> "Threshold":
        given = [key for key in _WORDS if getattr(self, key) is not None]
        if len(given) != 1:
            met = " and ".join(given) or "none"
            raise ValueError(f"allowed: exactly one of {', '.join(_WORDS)}; it has {met}")
        between, outside = self.must_be_between, self.must_be_not_between
        if between and between.bounds[0] >= between.bounds[1]:
            raise ValueError(f"no number is {between.words}; allowed: the lower bound first")
        # soda reads the bounds of this one as the two outer sides: above the one, below the other.
        if outside and outside.bounds[0] <= outside.bounds[1]:
            raise ValueError(
                "must_be_not_between allows what is above greater_than or below less_than, "
                "so allowed: greater_than above less_than"
            )
        return self

    @property
    def words(self) -> str:
        """What is allowed, in words."""
        (key,) = (key for key in _WORDS if getattr(self, key) is not None)
        met = getattr(self, key)
        if key == "must_be_not_between":
            above, below = met.bounds
            return f"outside of {number(below)} to {number(above)}"
        return met.words if isinstance(met, Range) else f"{_WORDS[key]} {number(met)}"

    @property
    def unit_text(self) -> str:
        """What stands behind the number: its unit, empty where it is a plain number."""
        return ""


class ShareThreshold(Threshold):
    """A number of rows, or their share of the rows looked at in percent."""

    metric: Literal["count", "percent"] = "count"

    @property
    def unit_text(self) -> str:
        """Percent, or nothing."""
        return " %" if self.metric == "percent" else ""


class AgeThreshold(Threshold):
    """An age; soda's unit is the hour unless another is given."""

    unit: Literal["minute", "hour", "day"] = "hour"

    @property
    def unit_text(self) -> str:
        """The unit, in the plural."""
        return f" {self.unit}s"
