"""Whether photos can be described here: scikit-image is an extra."""

from importlib.util import find_spec

from ml.errors import UsageError


def check_installed() -> None:
    """Raise UsageError where scikit-image is not installed."""
    if find_spec("skimage") is None:
        raise UsageError(
            "photos are described by scikit-image, which is not installed",
            fix="type: pip install 'goldloop[images]'",
        )
