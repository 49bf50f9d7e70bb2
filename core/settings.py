"""Settings: one frozen dataclass; a field's name in capitals is its environment variable."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from core.errors import Refused


@dataclass(frozen=True)
class Settings:
    """Every default is a working laptop: SQLite, a folder, the built-in provider, one person."""

    data_dir: Path = Path("data/local")
    """Where the embedded database, the files, the spool and the replica live."""
    database_url: str = field(default="", repr=False)
    """Empty: SQLite in DATA_DIR. Or postgresql://user:password@host/name."""
    s3_endpoint: str = ""
    """The S3 server's address; empty with a bucket means AWS itself."""
    s3_bucket: str = ""
    """Empty: files live in DATA_DIR/files. A name: files live in this S3 bucket."""
    s3_key: str = field(default="", repr=False)
    s3_secret: str = field(default="", repr=False)
    s3_region: str = "us-east-1"
    secret_key: str = field(default="", repr=False)
    """Signs media links and sign-ins. Empty: one is made and kept in DATA_DIR. Several machines need the same one."""
    old_secret_keys: str = field(default="", repr=False)
    """What SECRET_KEY was before, separated by blanks: nothing new is signed with them, and what they signed counts on
    until it ends."""
    sign_in: str = "local"
    """Who may come: "local" (one person, this machine only), "oidc" (providers) or "proxy" (whom a proxy names)."""
    public_address: str = ""
    """Where people open the studio, e.g. https://studio.example.org; providers send them back there."""
    allowed_hosts: str = ""
    """Other host names that the studio answers to, separated by blanks."""
    oidc_issuers: str = ""
    """Providers, separated by blanks: name=address of its issuer. The name stands on the button."""
    oidc_client_ids: str = ""
    """Who we are there: name=id for each provider."""
    oidc_client_secrets: str = field(default="", repr=False)
    """How we prove it: name=secret for each provider."""
    proxy_user_header: str = "X-Forwarded-Email"
    """The header in which a proxy says the e-mail address of who is there."""
    proxy_groups_header: str = ""
    """The header in which it says their groups, separated by commas; empty: roles are given otherwise."""
    sign_in_hours: int = 12
    """How long a sign-in with a provider counts."""
    sign_in_allowed: str = ""
    """E-mail addresses and @domains that are let in, separated by blanks; empty: all whom the provider lets in."""
    role_claim: str = ""
    """The claim in which providers say the groups of a person; empty: roles are given otherwise."""
    admin_groups: str = ""
    lead_groups: str = ""
    """Which groups make an admin and which a lead, separated by commas."""
    admin_emails: str = ""
    lead_emails: str = ""
    """Who is an admin and who a lead whatever their groups are, separated by blanks."""
    port: int = 8501
    """Where `studio run` listens; beyond this machine only with a sign-in of our own."""
    background: str = "here"
    """Who does background work: "here" (this process) or "elsewhere" (processes started with `studio worker`)."""
    worker_dead_seconds: int = 30
    """On Postgres: a worker without a sign of life for this long counts as dead, and others take up its work."""
    trash_days: int = 30
    """How long trashed things stay before they are purged."""
    provider_deadline: int = 300
    """Seconds that one provider call may take in all."""
    sentry_dsn: str = field(default="", repr=False)
    """Where unforeseen errors are told to as well, as Sentry gives it; empty: nowhere. Needs the extra `watch`."""
    otel_exporter_otlp_endpoint: str = ""
    """Address of an OpenTelemetry collector that is sent spans; empty: none. Needs the extra `watch`."""
    free_space_floor_mb: int = 512
    """Below this much free disk space nothing new is paid for."""
    sketch_delay: float = 0.6
    """Seconds that the built-in practice provider takes for a picture."""
    sketch_detail: float = 1.4
    """Million pixels at which practice pictures are painted, before they get the size that was asked for; fewer are
    painted faster."""
    sketch_failures: float = 0.0
    """Share of practice pictures that fail, 0 to 1, for training and demonstrations."""
    openrouter_base_url: str = "https://openrouter.ai/api/v1"
    openrouter_api_key: str = field(default="", repr=False)
    openai_base_url: str = "https://api.openai.com/v1"
    openai_api_key: str = field(default="", repr=False)
    gemini_base_url: str = "https://generativelanguage.googleapis.com/v1beta"
    gemini_api_key: str = field(default="", repr=False)
    a1111_url: str = ""
    """Address of a self-hosted AUTOMATIC1111 or Forge server started with --api."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ) -> Self:
        """Read what the environment sets; an empty variable counts as not set.

        Raises Refused naming the variable when a value cannot be read.
        """
        return cls(**{f.name: _read(f.name, f.type, environ) for f in fields(cls) if environ.get(f.name.upper())})

    @property
    def on_sqlite(self) -> bool:
        """True on the embedded default."""
        return not self.database_url

    @property
    def spool_dir(self) -> Path:
        """Where raw provider answers wait until their pictures are kept."""
        return self.data_dir / "spool"


def _read(name: str, kind: Any, environ: Mapping[str, str]) -> Any:
    try:
        return kind(environ[name.upper()])
    except ValueError:
        raise Refused(f"{name.upper()} is set to something that cannot be read as a number.") from None
