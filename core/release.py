"""Which version of Image Studio this is."""

from functools import cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed


@cache
def version() -> str:
    """As it was installed, e.g. "0.1.0"."""
    try:
        return installed("image-studio")
    except PackageNotFoundError:  # the screens run from a checkout also when nobody installed it
        return "not installed"
