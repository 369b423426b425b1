"""The simulated company as Anthropic's Console knows it: workspaces, API keys and members."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from agent_spend.sandbox.scenario import Person, Scenario

ORGANIZATION_ID = "7c0f6e2a-1111-4222-8333-444455556666"
PROD, STAGING, DEV = "wrkspc_01SimProd", "wrkspc_01SimStaging", "wrkspc_01SimDev"
CLAUDE_CODE, LEGACY, DEFAULT = "wrkspc_01SimClaudeCode", "wrkspc_01SimLegacy", "wrkspc_01SimDefault"
LEGACY_DAYS = 3
#: Full days between the simulated present and the watermark of the analytics API.
ANALYTICS_LAG_DAYS = 4
CI_KEY_NAME = "ci-claude-code"


@dataclass(frozen=True)
class Workspace:
    """One Console workspace. Reports print the default workspace as null."""

    workspace_id: str
    name: str
    tags: tuple[tuple[str, str], ...] = ()
    archived_at: str | None = None


@dataclass(frozen=True)
class Key:
    """One API key. ``workspace_id`` is ``None`` for the default workspace, as reports show it."""

    key_id: str
    name: str
    workspace_id: str | None
    environment: str | None = None
    cost_center: str | None = None
    owner_email: str | None = None
    status: str = "active"
    first_day: date | None = None
    last_day: date | None = None
    creator_id: str | None = None

    @property
    def is_tagged(self) -> bool:
        """Whether the company's secret manager knows this key."""
        return self.cost_center is not None


WORKSPACES = (
    Workspace(DEFAULT, "Default"),
    Workspace(PROD, "Production", (("cost_center", "CC-420"), ("env", "prod"))),
    Workspace(STAGING, "Staging", (("cost_center", "CC-420"), ("env", "staging"))),
    Workspace(DEV, "Development", (("cost_center", "CC-440"), ("env", "dev"))),
    Workspace(CLAUDE_CODE, "Claude Code"),
    Workspace(LEGACY, "Legacy Tools", (("cost_center", "CC-430"), ("env", "prod")), "2026-11-01T08:00:00Z"),
)


def rotation_day(scenario: Scenario) -> date:
    """The day the ranker's key is replaced; old and new key are both used on it."""
    return scenario.first_day + timedelta(days=scenario.days // 2)


@lru_cache(maxsize=8)
def machine_keys(scenario: Scenario) -> tuple[Key, ...]:
    """Keys that programs use, the untagged and the rotated ones included."""
    rotated, legacy_end = rotation_day(scenario), scenario.first_day + timedelta(days=LEGACY_DAYS - 1)
    orgs = ("payments", "platform", "search", "mobile")
    payments, platform, search, mobile = (f"lead-{org}@acme.test" for org in orgs)
    return (
        Key("apikey_01SimCheckoutProd", "checkout-agent-prod", PROD, "prod", "CC-410", payments),
        Key("apikey_01SimInvoiceProd", "invoice-matching-prod", PROD, "prod", "CC-410", payments),
        Key("apikey_01SimNightlyBatch", "nightly-enrichment-prod", PROD, "prod", "CC-430", search),
        Key("apikey_01SimSupportUs", "support-triage-prod", PROD, "prod", "CC-420", platform),
        Key("apikey_01SimRankerOld", "ranker-prod", PROD, "prod", "CC-430", search, "archived", last_day=rotated),
        Key("apikey_01SimRankerNew", "ranker-prod", PROD, "prod", "CC-430", search, first_day=rotated),
        Key("apikey_01SimEvalStaging", "eval-harness-staging", STAGING, "staging", "CC-420", platform),
        Key("apikey_01SimCiCode", CI_KEY_NAME, STAGING, "staging", "CC-420", platform),
        Key("apikey_01SimDevSandbox", "mobile-dev", DEV, "dev", "CC-440", mobile),
        Key("apikey_01SimLegacy", "summariser", LEGACY, "prod", "CC-430", search, "archived", last_day=legacy_end),
        Key(scenario.incidents.untagged_key_id, "test key 2", None, creator_id=user_id(scenario.people[0])),
    )


@lru_cache(maxsize=8)
def personal_keys(scenario: Scenario) -> tuple[tuple[Person, Key], ...]:
    """The key Claude Code mints for each developer who logs in through the Console."""
    return tuple(
        (person, Key(personal_key_id(person), f"claude_code_key_{person.email.split('@')[0]}", CLAUDE_CODE,
                     creator_id=user_id(person)))
        for person in console_developers(scenario)
    )


def console_developers(scenario: Scenario) -> list[Person]:
    """People whose Claude Code runs on the pay-per-token organisation: every third, from the second on."""
    return [person for person in scenario.people if person.number % 3 == 1]


def subscribers(scenario: Scenario) -> list[Person]:
    """People with a Claude seat: every third, from the first on; ``seat_cron_person`` is one of them."""
    return [person for person in scenario.people if person.number % 3 == 0]


def personal_key_id(person: Person) -> str:
    return f"apikey_01SimClaudeCode{person.number:05d}"


def user_id(person: Person) -> str:
    return f"user_01Sim{person.number:05d}"


def registry_rows(scenario: Scenario) -> list[dict]:
    """What the company's secret manager says about its Anthropic keys, one dict a tagged machine key."""
    return [
        {
            "vendor": "anthropic",
            "key_id": key.key_id,
            "key_name": key.name,
            "environment": key.environment,
            "cost_center": key.cost_center,
            "owner_email": key.owner_email,
            "workspace_id": key.workspace_id,
        }
        for key in machine_keys(scenario)
        if key.is_tagged
    ]
