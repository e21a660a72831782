"""All that a project and its current release know of the features: gathered, read-only."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from dataops.features.catalog import Feature, catalog
from dataops.features.declaration import ttl_seconds
from dataops.features.duplicates import Alike, duplicates
from dataops.features.measures import Measured, ViewMeasured, measure
from dataops.features.usage import Use, uses
from ml.declaration.duration import ALLOWED
from ml.errors import PipelineError, UsageError
from ml.relation import Relation
from ml.tables import exists
from orchestration.declared import declared_models
from orchestration.features.commands import checked_views
from orchestration.project import Project

WINDOW = "30 days"


@dataclass(frozen=True)
class Facts:
    """The features of a project; ``views`` has what was measured of those that are built."""

    features: Sequence[Feature]
    views: Mapping[str, ViewMeasured]
    uses: Mapping[str, Sequence[Use]]
    now: datetime

    def measured(self, feature: Feature) -> Measured | None:
        """Return what was measured of ``feature``, None if the release does not have it."""
        view = self.views.get(feature.view.name)
        return view.features.get(feature.name) if view else None

    def age_days(self, feature: Feature) -> float | None:
        """Return how many days ago the newest event of the feature's view was."""
        view = self.views.get(feature.view.name)
        return (self.now - view.newest).total_seconds() / 86_400 if view and view.newest else None

    def document(self, feature: Feature) -> dict[str, Any]:
        """Return all of a feature as JSON holds it."""
        view, measured = self.views.get(feature.view.name), self.measured(feature)
        moved = measured.drift if measured else None
        return {
            "feature": feature.name,
            "view": feature.view.name,
            "description": feature.description,
            "owner": feature.view.owner,
            "entity": list(feature.view.declared.entity),
            "ttl": feature.view.declared.ttl,
            "file": feature.view.file,
            "passed_on_from": feature.passed_on_from,
            "is_built": measured is not None,
            "rows": view.rows if view else None,
            "newest": view.newest if view else None,
            "newest_known": view.newest_known if view else None,
            "age_days": self.age_days(feature),
            "null_share": measured.null_share if measured else None,
            "distinct": measured.distinct if measured else None,
            "drift": moved.index if moved else None,
            "kolmogorov_smirnov": moved.kolmogorov_smirnov if moved else None,
            "drift_is_large": bool(moved and moved.is_large),
            "used_by": [asdict(use) for use in self.uses[feature.full_name]],
        }


def gather(project: Project, window: str = WINDOW, views: Sequence[str] = ()) -> Facts:
    """Return the facts of every feature, or of those of ``views``, over stretches of ``window``.

    Without a release, and of views that it does not have, nothing is measured. Raises UsageError
    for a window that is no duration.
    """
    seconds = _seconds(window)
    features = _features(project, views)
    specs = declared_models(project)
    measured = {}
    if project.warehouse.current_release() is None:
        used = uses(None, project.manifest, specs, features)
        return Facts(features, {}, used, datetime.now(UTC))
    with project.warehouse.read() as connection:
        for view in {feature.view.name: feature.view for feature in features}.values():
            if exists(connection, Relation(view.relation.schema, view.relation.name)):
                measured[view.name] = measure(connection, view, seconds)
        used = uses(connection, project.manifest, specs, features)
    return Facts(features, measured, used, datetime.now(UTC))


def alike(project: Project, views: Sequence[str] = ()) -> list[Alike]:
    """Return the pairs of features with nearly the same values in the current release.

    With ``views`` only pairs with a feature of those.
    """
    if project.warehouse.current_release() is None:
        raise PipelineError(
            f"{project.home} has no release, and values are compared in one",
            fix="type: goldloop run",
        )
    features = _features(project, ())
    with project.warehouse.read() as connection:
        built = [each for each in features if exists(connection, each.view.relation)]
        new = [each for each in built if each.view.name in views]
        return duplicates(connection, built, new if views else None)


def _features(project: Project, views: Sequence[str]) -> list[Feature]:
    found = catalog(project.manifest, checked_views(project))
    return [each for each in found if not views or each.view.name in views]


def _seconds(window: str) -> int:
    try:
        seconds = ttl_seconds(window)
    except ValueError:
        seconds = None
    if not seconds:
        raise UsageError(
            f"--window is '{window}'; allowed: {ALLOWED}",
            fix="correct --window",
        )
    return seconds
