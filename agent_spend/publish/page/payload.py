"""What one audience may see, and nothing else: the renderer never gets a row that is not for its reader."""

from dataclasses import dataclass
from datetime import date

from agent_spend.publish.page import health
from agent_spend.publish.page.audience import Audience, Names
from agent_spend.publish.page.behind import Behind, build_behind
from agent_spend.publish.page.budgets import build_budgets, build_reconciliation
from agent_spend.publish.page.finance import Finance, build_finance, first_month
from agent_spend.publish.page.managers import Managers, build_managers
from agent_spend.publish.page.people import People, build_people
from agent_spend.publish.page.platform import Platform, build_platform
from agent_spend.publish.page.source import Source
from agent_spend.publish.page.workloads import Workloads, build_workloads


@dataclass
class Payload:
    """One page. ``finance``, ``platform`` and the data health belong to the company page, ``people`` to an org's or squad's.

    ``pages`` are the files one level below: orgs on the company page, squads on an org's page, none on a squad's.
    """

    audience: Audience
    pages: list[Audience]
    through: date | None
    freshness: list[health.Freshness]
    findings: list[health.Finding]
    managers: Managers
    budgets: list[dict]
    workloads: Workloads
    behind: Behind
    finance: Finance | None = None
    platform: Platform | None = None
    people: People | None = None
    coverage: list[health.FeedDays] | None = None
    revisions: list[dict] | None = None
    unmatched: list[dict] | None = None
    reconciliation: list[dict] | None = None

    @property
    def reconciliation_states(self) -> dict[tuple, str]:
        """State of each month, vendor and charge kind that the reconciliation knows."""
        return {(line["month"], line["vendor"], line["line"]): line["state"] for line in self.reconciliation or ()}


def build_payload(source: Source, audience: Audience, known: list[Audience], names: Names) -> Payload:
    """Read the rows for one audience.

    The company page holds people only as groups of five or more. An org's page holds the people of that org, a squad's
    page those of that squad, and of no other; the names of other orgs do not appear on them.
    """
    finance = build_finance(source) if audience.org is None else None
    budgets = build_budgets(source, audience, names)
    payload = Payload(
        audience=audience,
        pages=[],
        through=source.through,
        freshness=health.freshness(source),
        findings=health.findings(source, audience, names, budgets),
        managers=build_managers(source, audience),
        budgets=budgets,
        workloads=build_workloads(source, audience, names),
        behind=build_behind(source, audience, first_month(source.month), finance.months if finance else []),
        finance=finance,
    )
    if audience.org is not None:
        payload.people = build_people(source, audience)
        if audience.squad is None:
            payload.pages = [other for other in known if other.org == audience.org and other.squad]
        return payload
    payload.pages = [other for other in known if other.org and not other.squad]
    payload.reconciliation = build_reconciliation(source)
    payload.platform = build_platform(source)
    payload.coverage = health.coverage(source)
    payload.revisions = health.revisions(source)
    payload.unmatched = health.unmatched(source)
    return payload
