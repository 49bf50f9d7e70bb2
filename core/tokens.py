"""Secrets that people hand on: link tokens, passwords of links, and signatures of ours."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

_COST = {"n": 2**14, "r": 8, "p": 1}
"""About 50 ms and 16 MB a try."""


def fresh() -> str:
    """256 bits as 43 characters that fit into an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: whoever reads the database cannot open anything with it."""
    return hashlib.sha256(_bytes(token)).hexdigest()


def sealed(password: str) -> str:
    """What is kept of a password: its scrypt hash with a salt of its own."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${_scrypt(password, salt)}"


def opens(password: str, seal: str) -> bool:
    """True when this is the password that was sealed; takes as long when it is not."""
    _, salt, hashed = seal.split("$")
    return hmac.compare_digest(_scrypt(password, bytes.fromhex(salt)), hashed)


def signed(secret: bytes, *parts: str) -> str:
    """Our signature under these parts, in their order; 144 bits as 24 characters."""
    body = b"".join(b"%d:%b" % (len(part), part) for part in map(_bytes, parts))  # so that no parts can run together
    return base64.urlsafe_b64encode(hmac.digest(secret, body, hashlib.sha256)[:18]).decode()


def genuine(secrets: Iterable[bytes], signature: str, *parts: str) -> bool:
    """True when one of these made this signature under these parts; takes as long whichever it is, or none."""
    found = [same(signature, signed(secret, *parts)) for secret in secrets]
    return any(found)


def same(one: str, other: str) -> bool:
    """Compared in a time that tells nothing of where they differ."""
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _scrypt(password: str, salt: bytes) -> str:
    return hashlib.scrypt(_bytes(password), salt=salt, dklen=32, **_COST).hex()


def _bytes(text: str) -> bytes:
    """Also of text that is no text: what came from outside may hold half a character."""
    return text.encode(errors="surrogatepass")
