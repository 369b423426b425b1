"""Settings come from the environment (and `.env`); a secret is read when a request is signed."""

import os
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from agent_spend.errors import ConfigurationError

#: Which settings a system needs before it counts as connected; alternatives are separated by "|".
REQUIRED = {
    "github_copilot": ("GITHUB_TOKEN", "GITHUB_ENTERPRISE|GITHUB_ORGS"),
    "anthropic": ("ANTHROPIC_ADMIN_KEY",),
    "claude_enterprise": ("ANTHROPIC_ANALYTICS_KEY",),
    "claude_code_metrics": ("CLAUDE_CODE_METRICS_URI",),
    "claude_team": ("CLAUDE_TEAM_CSV_URI",),
    "cursor": ("CURSOR_API_KEY",),
    "cursor_csv": ("CURSOR_CSV_URI",),
    "custom_agents": ("AGENT_TRACES_URI",),
    "roster": ("ROSTER_URI",),
    "identity_overrides": ("IDENTITY_OVERRIDES_URI",),
    "key_registry": ("KEY_REGISTRY_URI",),
    "invoices": ("INVOICES_URI",),
    "slack": ("SLACK_WEBHOOK_URL",),
}


_SIZE = re.compile(r"(?=.*[1-9])\d+(\.\d+)? ?([KMGT]i?B)", re.IGNORECASE)


def env(name: str, default: str = "") -> str:
    """Value of a non-secret setting, stripped; empty when unset."""
    return os.environ.get(name, default).strip()


def secret(name: str) -> str:
    """The value of a secret setting, read at the moment of use and never stored."""
    value = env(name)
    if not value:
        raise ConfigurationError(f"{name} is not set. Export it or add it to .env.")
    return value


@dataclass(frozen=True)
class Settings:
    """Everything this process was told, without a single secret. Build it with :meth:`from_environment`.

    ``http_rate_scale`` multiplies each vendor's documented request rate; it exists for the sandbox, whose simulated
    clock runs faster than a vendor's, and stays 1 for real vendors. ``duckdb_memory_limit`` bounds one session of the SQL
    engine, ``piece_megabytes`` the stored files (compressed several times) that one piece of a range reads.
    """

    home: Path
    github_api_url: str
    github_enterprise: str
    github_orgs: tuple[str, ...]
    anthropic_api_url: str
    cursor_api_url: str
    agent_traces_uri: str
    roster_uri: str
    identity_overrides_uri: str
    key_registry_uri: str
    invoices_uri: str
    http_rate_scale: float
    duckdb_memory_limit: str
    piece_megabytes: int

    @classmethod
    def from_environment(cls) -> "Settings":
        """Read the environment.

        Raises:
            ConfigurationError: a setting is present but unusable.
        """
        limit = env("AGENT_SPEND_DUCKDB_MEMORY_LIMIT") or "4GB"
        if not _SIZE.fullmatch(limit):
            raise ConfigurationError(f"AGENT_SPEND_DUCKDB_MEMORY_LIMIT must be a size like 4GB or 800MB, not {limit!r}.")
        return cls(
            home=Path(env("AGENT_SPEND_HOME", ".agent_spend")).expanduser().resolve(),
            github_api_url=_url("GITHUB_API_URL", "https://api.github.com"),
            github_enterprise=env("GITHUB_ENTERPRISE"),
            github_orgs=tuple(org.strip() for org in env("GITHUB_ORGS").split(",") if org.strip()),
            anthropic_api_url=_url("ANTHROPIC_API_URL", "https://api.anthropic.com"),
            cursor_api_url=_url("CURSOR_API_URL", "https://api.cursor.com"),
            agent_traces_uri=env("AGENT_TRACES_URI"),
            roster_uri=env("ROSTER_URI"),
            identity_overrides_uri=env("IDENTITY_OVERRIDES_URI"),
            key_registry_uri=env("KEY_REGISTRY_URI"),
            invoices_uri=env("INVOICES_URI"),
            http_rate_scale=_positive("AGENT_SPEND_HTTP_RATE_SCALE", "1", float, "a number above 0"),
            duckdb_memory_limit=limit,
            piece_megabytes=_positive("AGENT_SPEND_PIECE_MB", "256", int, "a whole number of megabytes above 0"),
        )

    @property
    def lake_uri(self) -> str:
        """Where the Delta tables live."""
        return env("AGENT_SPEND_LAKE_URI") or str(self.home / "lake")

    @property
    def today(self) -> date:
        """The current UTC day; ``AGENT_SPEND_TODAY`` moves it, for a sandbox whose calendar is its own."""
        moved = env("AGENT_SPEND_TODAY")
        try:
            return date.fromisoformat(moved) if moved else datetime.now(UTC).date()
        except ValueError:
            raise ConfigurationError(f"AGENT_SPEND_TODAY must be YYYY-MM-DD, not {moved!r}.") from None

    @property
    def raw_dir(self) -> Path:
        """Where vendors' answers are kept as received."""
        return self.home / "raw"

    @property
    def spool_dir(self) -> Path:
        """Where large answers wait, beside the raw ones they become; files there have no name and outlive no run."""
        return self.home / "spool"


def settings_of(system: str) -> str:
    """The settings that ``system`` (a key of :data:`REQUIRED`) needs, in words."""
    return ", ".join(" or ".join(names.split("|")) for names in REQUIRED[system])


def missing_settings(system: str) -> list[str]:
    """Names of the settings that ``system`` (a key of :data:`REQUIRED`) still needs; empty when connected."""
    return [
        " or ".join(names.split("|"))
        for names in REQUIRED[system]
        if not any(env(name) for name in names.split("|"))
    ]


def is_connected(system: str) -> bool:
    """Whether every setting that ``system`` needs is present (not whether the vendor accepts it)."""
    return not missing_settings(system)


def _positive(name: str, default: str, number: type, meant: str):
    value = env(name) or default
    try:
        if (found := number(value)) > 0:
            return found
    except ValueError:
        pass
    raise ConfigurationError(f"{name} must be {meant}, not {value!r}.")


def _url(name: str, default: str) -> str:
    value = env(name) or default
    if not value.startswith(("http://", "https://")):
        raise ConfigurationError(f"{name} must start with http:// or https://, not {value!r}.")
    if "@" in value.split("://")[1].split("/")[0]:
        raise ConfigurationError(f"{name} must not hold a user name or a password; keys have settings of their own.")
    return value.rstrip("/")
