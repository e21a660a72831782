"""``goldloop.yml``: what a project sets of its releases, runs and sandboxes; every key optional."""

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from dataops.warehouse import Limits
from ml.declaration.refusals import explain
from ml.errors import UsageError

FILE = "goldloop.yml"
# package.module.Class or package.module:function, nothing that stands for many.
_NAME = r"^[^\W\d]\w*(\.[^\W\d]\w*)*[.:][^\W\d]\w*$"


class _Block(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Releases(_Block):
    """``keep``: how many of the newest releases stay."""

    keep: Annotated[int, Field(ge=1)] = 10


class Quarantine(_Block):
    """How many refused candidates stay, and how many gigabytes they may fill together."""

    keep: Annotated[int, Field(ge=1)] = 3
    gigabytes: Annotated[float, Field(gt=0)] = 5.0


class Sandbox(_Block):
    """``sample_by``: the columns whose values are sampled, so that joins hold in a sample."""

    sample_by: tuple[str, ...] = ()


class Ml(_Block):
    """``trust``: the classes and builders of others that ML models may be made of, by name."""

    trust: tuple[Annotated[str, StringConstraints(pattern=_NAME)], ...] = ()


class Settings(_Block):
    """The settings of a project; ``wait_minutes``: how long a run waits for the one before it."""

    releases: Releases = Releases()
    quarantine: Quarantine = Quarantine()
    sandbox: Sandbox = Sandbox()
    ml: Ml = Ml()
    wait_minutes: Annotated[float, Field(ge=0)] = 10.0

    @property
    def limits(self) -> Limits:
        """What the warehouse folder keeps."""
        return Limits(
            self.releases.keep, self.quarantine.keep, int(self.quarantine.gigabytes * 1e9)
        )


def read_settings(folder: Path) -> Settings:
    """Read ``goldloop.yml`` of the project in ``folder``; without one, the defaults hold.

    Raises UsageError naming each key that is unknown or has a value that is not allowed.
    """
    path = folder / FILE
    if not path.is_file():
        return Settings()
    try:
        return Settings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except yaml.YAMLError as error:
        raise UsageError(f"{path} is not YAML: {error}", fix=f"correct {path}") from error
    except ValidationError as error:
        problem = "\n".join(explain(error, Settings, top=FILE))
        raise UsageError(f"{path} is refused:\n{problem}", fix=f"correct {path}") from error
