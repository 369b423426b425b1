"""What is known, since when, and what needs a look: freshness, coverage, revisions, findings, unmatched identifiers."""

from dataclasses import dataclass
from datetime import date, timedelta

from agent_spend.checks.catalog import title
from agent_spend.errors import EXPECTED_GAPS
from agent_spend.publish.page.audience import Audience, Names, Place
from agent_spend.publish.page.source import Source, is_data
from agent_spend.publish.page.vocabulary import LATENCY_DAYS, USAGE_FEEDS, VENDORS

STRIP_DAYS = 42
MONTHLY_FEEDS = frozenset({"vendor_invoices"})
REVISIONS_SHOWN = 20
TOP_FINDINGS = 8


@dataclass(frozen=True)
class Freshness:
    """How far one vendor's data reaches.

    ``state`` is ``fresh``, ``late``, ``refused``, ``failing``, ``not_connected``, or ``unknown`` without a coverage report.
    ``cause`` says why a late one is late: ``refused``, ``failed``, or nothing where the vendor has not got there.
    """

    vendor: str
    state: str
    through: date | None
    days_behind: int
    message: str
    cause: str = ""


@dataclass(frozen=True)
class FeedDays:
    """One feed: days by state, and a strip of its last weeks (``None`` where nothing is known).

    ``wanting`` are the days that were refused, failed or came in part.
    """

    feed: str
    counts: dict[str, int]
    newest: date | None
    revised_days: int
    message: str
    wanting: list[date]
    strip: list[tuple[date, str | None]]


@dataclass(frozen=True)
class Finding:
    """One line of "Needs a look": the newest of the findings of one kind about one subject."""

    row: dict
    title: str
    who: str
    text: str
    link: str
    repeats: int


def freshness(source: Source) -> list[Freshness]:
    """One line a vendor, connected or not."""
    return [_freshness(vendor, source) for vendor in VENDORS]


def _freshness(vendor: str, source: Source) -> Freshness:
    lines = [row for row in source.coverage if any(row["feed"] in feeds for feeds in USAGE_FEEDS[vendor])]
    newest = source.vendor_through.get(vendor)
    if newest is None:
        refused = [row for row in lines if row["state"] == "forbidden"]
        missing = [row for row in lines if row["state"] == "missing"]
        is_untold = source.through is not None and not source.coverage
        state = "refused" if refused else "failing" if missing else "unknown" if is_untold else "not_connected"
        said = [row["message"] or "" for row in refused or missing or lines]
        return Freshness(vendor, state, None, 0, said[-1] if said else "")
    behind = (source.through - newest).days
    after = {_state(row) for row in lines if row["usage_day"] > newest}
    cause = "refused" if "forbidden" in after else "failed" if "missing" in after else ""
    return Freshness(vendor, "late" if behind > LATENCY_DAYS[vendor] else "fresh", newest, behind, "", cause)


def coverage(source: Source) -> list[FeedDays]:
    """One line a feed: those with wanting days first, those that are not connected last."""
    feeds: dict[str, list[dict]] = {}
    for row in source.coverage:
        feeds.setdefault(row["feed"], []).append(row)
    found = [_feed_days(feed, rows, source.through) for feed, rows in sorted(feeds.items())]
    return sorted(found, key=lambda feed: (not feed.wanting, "not_connected" in feed.counts and feed.newest is None))


def _feed_days(feed: str, rows: list[dict], through: date | None) -> FeedDays:
    counts: dict[str, int] = {}
    by_day = {row["usage_day"]: _state(row) for row in rows}
    for state in by_day.values():
        counts[state] = counts.get(state, 0) + 1
    end = max([day for day in (through, rows[-1]["usage_day"]) if day])
    if feed in MONTHLY_FEEDS:
        strip = [(row["usage_day"], _state(row)) for row in rows[-12:]]
    else:
        strip = [(day, by_day.get(day)) for day in (end - timedelta(days=n) for n in reversed(range(STRIP_DAYS)))]
    troubled = [row for row in rows if row["message"] and _is_troubled(row)]
    return FeedDays(
        feed=feed, counts=counts,
        wanting=[day for day, state in by_day.items() if state in ("missing", "forbidden", "partial")],
        newest=max((row["usage_day"] for row in rows if is_data(row)), default=None),
        revised_days=sum(1 for row in rows if (row["revision"] or 0) > 1),
        # A tag beside it says that the feed is not connected.
        message=troubled[-1]["message"].removeprefix("not connected: ") if troubled else "", strip=strip,
    )


def _is_troubled(row: dict) -> bool:
    if row["state"] in ("available", "provisional"):
        return bool(row["reason"])
    return _state(row) in ("missing", "forbidden", "not_connected", "partial")


def _state(row: dict) -> str:
    return "no_history" if row["state"] == "missing" and row["reason"] in EXPECTED_GAPS else row["state"]


def revisions(source: Source) -> list[dict]:
    """The newest lines of the revision log."""
    rows = source.rows("SELECT * FROM rpt_revisions ORDER BY revised_at DESC, feed, usage_day DESC, revision DESC")
    return rows[:REVISIONS_SHOWN]


def unmatched(source: Source) -> list[dict]:
    """Identifiers with usage or a seat that no person carries, the dearest first."""
    order = "list_usd DESC NULLS LAST, seat_fee_usd DESC NULLS LAST, vendor, identifier"
    return source.rows(f"SELECT * FROM rpt_unmatched ORDER BY {order}")


def findings(source: Source, audience: Audience, names: Names, budgets: list[dict]) -> list[Finding]:
    """Open findings, errors first and then by money, one line a subject. A person is named to the own org and squad only.

    Args:
        budgets: those that the audience may see; what is found about another one tells its group's amount.
    """
    seen = {f"{row['scope_kind']} {row['scope']} ({row['amount_kind']})" for row in budgets}
    groups: dict[tuple, list[dict]] = {}
    for row in source.rows("SELECT * FROM rpt_findings WHERE status = 'open' ORDER BY usage_day DESC NULLS LAST, finding_id"):
        is_budget = row["kind"] in ("budget_over_80", "budget_over_100")
        is_own = names.hide(row["subject"], audience) in seen if is_budget else audience.sees(_places(row, names))
        if is_own or (audience.org is None and not is_budget):
            groups.setdefault((row["kind"], row["vendor"], row["subject"]), []).append(row)
    found = [_finding(rows, audience, names) for rows in groups.values()]
    return _top_first(sorted(found, key=lambda finding: (
        finding.row["severity"], finding.row["amount_usd"] is None, -(finding.row["amount_usd"] or 0), finding.title, finding.who,
    )))


def _top_first(found: list[Finding]) -> list[Finding]:
    """The dearest of each kind, filled up to :data:`TOP_FINDINGS`, in their order; then the others. No kind fills the list."""
    top: list[Finding] = []
    for most in (1, 2, 3, TOP_FINDINGS):
        for finding in found:
            same = sum(1 for other in top if other.title == finding.title)
            if finding not in top and same < most and len(top) < TOP_FINDINGS:
                top.append(finding)
    return [finding for finding in found if finding in top] + [finding for finding in found if finding not in top]


def _finding(rows: list[dict], audience: Audience, names: Names) -> Finding:
    row = max(rows, key=lambda r: (r["amount_usd"] or 0, r["usage_day"] or date.min, r["finding_id"]))
    places = _places(row, names)
    is_workflow = row["kind"] == "cost_per_task_doubled"
    if places and not audience.sees(places):
        who, text = names.someone(places), ""
        link = Audience(row["org"]).file_name if row["person_id"] and who.endswith(f" in {row['org']}") else ""
    else:
        who = names.hide(row["subject"], audience)
        text = names.hide(row["explanation"], audience)
        link = f"#person-{row['person_id']}" if row["person_id"] else f"#workflow-{row['subject']}" if is_workflow else ""
    head = title(row["kind"])
    return Finding({**row, "subject": who, "explanation": text}, head, who, text, link, len(rows) - 1)


def _places(row: dict, names: Names) -> set[Place]:
    """Where the person is whom the finding is about; empty when it is about nobody."""
    found = names.places_of(row["person_id"], row["subject"])
    # A person who is not in the roster any more is known to the finding only: no squad may claim them.
    return found or ({(row["org"], None)} if row["person_id"] else set())
