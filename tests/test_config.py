"""What Streamlit is told in `.streamlit/config.toml` keeps it closed, also where a default would change one day."""

import tomllib
from pathlib import Path

import pytest
from streamlit import config

ROOT = Path(__file__).parent.parent
SAID = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())
CLOSED = {
    "server.address": "127.0.0.1",
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.maxUploadSize": 25,
    "server.fileWatcherType": "none",
    "client.showErrorDetails": "none",
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,
    "runner.magicEnabled": False,
    "browser.gatherUsageStats": False,
}


@pytest.mark.parametrize("option", CLOSED)
def test_streamlit_is_set_to_what_keeps_it_closed(option: str) -> None:
    section, _, name = option.partition(".")

    counts = SAID.get(section, {}).get(name, config.get_config_options()[option].default_val)

    assert counts == CLOSED[option]
