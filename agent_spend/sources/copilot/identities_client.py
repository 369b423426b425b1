"""Which e-mail belongs to a GitHub login: one snapshot a day of the enterprise's consumed licences."""

from collections.abc import Iterator, Sequence
from datetime import date

from agent_spend.errors import State
from agent_spend.settings import Settings
from agent_spend.sources.copilot.directory_schema import LicencePage
from agent_spend.sources.copilot.listing import live_list, read_pages
from agent_spend.sources.copilot.session import github_session
from agent_spend.sources.feed import DayAnswer

IDENTITIES_FEED = "github_identities"


def fetch_identities(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """The licence list of ``GITHUB_ENTERPRISE`` for the newest requested day while that is now."""
    enterprise = settings.github_enterprise
    if not enterprise:
        message = "not connected: set GITHUB_ENTERPRISE, the licence list belongs to an enterprise"
        return (DayAnswer(day, State.NOT_CONNECTED, reason="not_connected", message=message) for day in days)
    session = github_session(settings)

    def ask(day: date) -> DayAnswer:
        where = f"{IDENTITIES_FEED} {day}: enterprise {enterprise}"
        permission = f"read:enterprise of an admin of enterprise {enterprise}"
        pages, raw = read_pages(session, f"/enterprises/{enterprise}/consumed-licenses", LicencePage, where, permission)
        rows = {}
        for user in (user for page in pages for user in page.users if user.github_com_login):
            emails = user.github_com_verified_domain_emails or []
            rows[user.github_com_login.lower()] = {
                "usage_day": day,
                "user_login": user.github_com_login,
                "email": emails[0].lower() if emails else None,
                "saml_name_id": user.github_com_saml_name_id or None,
            }
        return DayAnswer(day, State.AVAILABLE if rows else State.ZERO, list(rows.values()), raw=raw)

    return live_list(days, settings, IDENTITIES_FEED, ask)
