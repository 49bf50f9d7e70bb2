"""What tests of screens share."""

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """A server looks once through all installed packages for components; AppTest would before every screen (0.3 s)."""
    with pytest.MonkeyPatch.context() as patched:
        known = cache(manifest_scanner.scan_component_manifests)
        patched.setattr(manifest_scanner, "scan_component_manifests", known)
        yield
