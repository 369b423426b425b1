"""What one audience may see, and nothing else: the renderer never gets a row that is not for its reader."""

from dataclasses import dataclass
from datetime import date

from agent_spend.publish.page import health
from agent_spend.publish.page.audience import Audience, Names
from agent_spend.publish.page.budgets import build_budgets, build_reconciliation
from agent_spend.publish.page.finance import Finance, build_finance
from agent_spend.publish.page.managers import Managers, build_managers
from agent_spend.publish.page.people import People, build_people
from agent_spend.publish.page.platform import Platform, build_audit, build_platform
from agent_spend.publish.page.source import Source


@dataclass
class Payload:
    """One page. ``finance``, ``platform`` and the data health belong to the company page, ``people`` to an org's page."""

    audience: Audience
    orgs: list[Audience]
    through: date | None
    freshness: list[health.Freshness]
    findings: list[health.Finding]
    managers: Managers
    budgets: list[dict]
    finance: Finance | None = None
    platform: Platform | None = None
    people: People | None = None
    coverage: list[health.FeedDays] | None = None
    revisions: list[dict] | None = None
    unmatched: list[dict] | None = None
    audit: list[dict] | None = None
    reconciliation: list[dict] | None = None

    @property
    def reconciliation_states(self) -> dict[tuple, str]:
        """State of each month, vendor and charge kind that the reconciliation knows."""
        return {(line["month"], line["vendor"], line["line"]): line["state"] for line in self.reconciliation or ()}


def build_payload(source: Source, audience: Audience, orgs: list[Audience], names: Names) -> Payload:
    """Read the rows for one audience.

    The company page holds people only as groups of five or more. An org's page holds the people of that org, and of
    no other; the names of other orgs do not appear on it.
    """
    payload = Payload(
        audience=audience,
        orgs=[],
        through=source.through,
        freshness=health.freshness(source),
        findings=health.findings(source, audience, names),
        managers=build_managers(source, audience),
        budgets=build_budgets(source, audience, names),
    )
    if audience.org is not None:
        payload.people = build_people(source, audience.org)
        payload.audit, _ = build_audit(source, audience, names)
        return payload
    payload.orgs = [other for other in orgs if other.org is not None]
    payload.finance = build_finance(source)
    payload.reconciliation = build_reconciliation(source)
    payload.platform = build_platform(source, audience, names)
    payload.coverage = health.coverage(source)
    payload.revisions = health.revisions(source)
    payload.unmatched = health.unmatched(source)
    return payload
