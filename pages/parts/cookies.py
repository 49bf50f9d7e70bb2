"""The cookie of a sign-in: Streamlit writes it and signs it with a key of ours; read here with its own function."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from streamlit import config
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from core import sign_in
from core.settings import Settings
from core.studio import Studio

DISCOVERY = "/.well-known/openid-configuration"


def sign(studio: Studio) -> None:
    """Have all cookies signed with a key that outlives restarts and is that of all machines; before the app starts."""
    config.set_option("server.cookieSecret", _key(studio))


def secrets(studio: Studio) -> dict[str, Any]:
    """What Streamlit must know to let people sign in with our providers; nothing in the other modes."""
    settings = studio.settings
    if settings.sign_in != sign_in.OIDC:
        return {}
    return {"auth": {**_own(settings, _key(studio)), **_providers(settings)}}


def claims(cookies: Mapping[str, str]) -> sign_in.Claims:
    """What the cookie of a sign-in says; nothing when there is none or one that we did not sign."""
    raw = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
    said = json.loads(raw) if raw else {}
    return said if isinstance(said, dict) else {}


def _own(settings: Settings, key: str) -> dict[str, Any]:
    return {"redirect_uri": f"{settings.public_address.rstrip('/')}/oauth2callback", "cookie_secret": key}


def _providers(settings: Settings) -> dict[str, Any]:
    return {
        provider.name: {
            "client_id": provider.client_id,
            "client_secret": provider.client_secret,
            "server_metadata_url": provider.issuer.rstrip("/") + DISCOVERY,
        }
        for provider in sign_in.providers(settings)
    }


def _key(studio: Studio) -> str:
    """Another one than that of media links: whoever learns one of them has not got the other."""
    return hmac.digest(studio.secret, b"cookies", hashlib.sha256).hex()
