"""What tests of screens share."""

from collections.abc import Iterator
from functools import cache

import pytest
from streamlit.components.v2 import manifest_scanner

from core import access
from core import studio as home
from core.access import Person
from core.settings import Settings
from core.studio import Studio
from tests.screens.support import at_home


@pytest.fixture(scope="session", autouse=True)
def scanned_once() -> Iterator[None]:
    """A server looks once through all installed packages for components; AppTest would before every screen (0.3 s)."""
    with pytest.MonkeyPatch.context() as patched:
        known = cache(manifest_scanner.scan_component_manifests)
        patched.setattr(manifest_scanner, "scan_component_manifests", known)
        yield


@pytest.fixture
def studio(furnished: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    """That of this process, as screens find it."""
    yield at_home(monkeypatch, furnished.data_dir)
    home.current().engine.dispose()
    home.current.cache_clear()


@pytest.fixture
def me(studio: Studio) -> Person:
    return access.local_person(studio)
