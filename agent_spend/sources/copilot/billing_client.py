"""What GitHub bills for Copilot a day: credits by model from one report, seats and the rest from another."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from agent_spend.errors import FeedError
from agent_spend.settings import Settings
from agent_spend.sources.copilot.billing_schema import (
    CostCenters,
    TimePeriod,
    UsageLine,
    UsageLines,
    UsageReport,
    billing_rows,
    is_copilot,
    sku_class,
    summed,
)
from agent_spend.sources.copilot.scopes import REFUSED, Part, Scope, ask_scopes
from agent_spend.sources.copilot.session import each_day, get, github_session, refusal
from agent_spend.sources.feed import DayAnswer, decode
from agent_spend.sources.http import Answer, VendorSession

BILLING_FEED = "copilot_billing_usage"
#: Credits in which the two reports may differ before it is said: floating-point noise, not usage.
_NOISE = Decimal("0.0001")


def fetch_billing_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. Credits come from ``ai_credit/usage`` only, so that no credit is counted twice."""
    session = github_session(settings, own_token="GITHUB_BILLING_TOKEN")
    answered: dict[tuple[Scope, bytes], date] = {}

    def ask(day: date) -> DayAnswer:
        return ask_scopes(settings, BILLING_FEED, day, lambda scope, where: _part(session, scope, where, day, answered))

    return each_day(days, ask)


def _part(session: VendorSession, scope: Scope, where: str, day: date, answered: dict[tuple[Scope, bytes], date]) -> Part:
    credits, credits_raw = _report(session, scope, "ai_credit/usage", where, day)
    summary, summary_raw, stand_in = _summary(session, scope, where, day)
    coarse = [report for report in (credits, summary) if report.time_period is None or not report.time_period.day]
    # No two days have the same credits of the same models: it is the month's answer, whatever day is asked for.
    if credits in coarse and credits.usage_items and (other := answered.setdefault((scope, credits_raw.body), day)) != day:
        raise FeedError(
            "wrong_day", f"{where}: field timePeriod names no day, and ai_credit/usage is the same as for {other}: the answer "
            "may be a whole month's; nothing was stored, and what was stored for the other day should be read again"
        )  # fmt: skip
    if not credits.usage_items and not summary.usage_items:
        raise FeedError("no_report", f"{where}: billing shows no line of any product for this day (yet)")
    credit_lines = [item for item in credits.usage_items if sku_class(item.sku, item.unit_type) == "credits"]
    ours = [item for item in summary.usage_items if is_copilot(item)]
    other_lines = [item for item in ours if sku_class(item.sku, item.unit_type) != "credits"]
    by_model = sum((item.gross_quantity for item in credit_lines), Decimal(0))
    by_sku = sum((item.gross_quantity for item in ours if item not in other_lines), Decimal(0))
    notes = [
        f"{scope.slug}: GitHub's timePeriod is {report.time_period or 'left out'}; taken as the day that was asked for"
        for report in coarse[:1]
    ]
    notes += [f"{scope.slug}: {stand_in}"] if stand_in else []
    if abs(by_model - by_sku) > _NOISE:
        notes.append(f"{scope.slug}: ai_credit/usage holds {by_model} credits, usage/summary {by_sku}")
    if left_out := len(summary.usage_items) - len(ours):
        notes.append(f"{scope.slug}: lines of other products left out: {left_out}")
    rows = billing_rows([*credit_lines, *other_lines], day, scope.kind, scope.slug)
    return Part(rows, [credits_raw, *summary_raw], "; ".join(notes))


def _summary(session: VendorSession, scope: Scope, where: str, day: date) -> tuple[UsageReport, list[Answer], str]:
    """The day by SKU: from ``usage/summary``, which is a preview, or from plain ``usage`` where that is refused."""
    try:
        report, answer = _report(session, scope, "usage/summary", where, day)
        return report, [answer], ""
    except FeedError as error:
        if error.reason not in REFUSED:
            raise
        refused = error
    try:
        lines, raw = _lines(session, scope, where, day)
    except FeedError as error:
        raise (refused if error.reason in REFUSED else error) from None
    period = TimePeriod(day.year, day.month, day.day)
    return UsageReport(summed(lines), period), raw, f"usage/summary is refused ({refused.reason}), usage was read instead"


def _lines(session: VendorSession, scope: Scope, where: str, day: date) -> tuple[list[UsageLine], list[Answer]]:
    """Plain ``usage`` of the day. Of an enterprise it leaves out every cost center that is not asked for by its id."""
    centers: list[dict[str, str]] = [{}]
    if scope.is_enterprise:
        answer, at = _get(session, scope, "cost-centers", where)
        centers += [{"cost_center_id": center.id} for center in decode(answer.body, CostCenters, at).cost_centers]
    lines: list[UsageLine] = []
    raw: list[Answer] = []
    for center in centers:
        answer, at = _get(session, scope, "usage", where, {**_asked(day), **center})
        raw.append(answer)
        found = decode(answer.body, UsageLines, at).usage_items
        # A plain date in GitHub's samples, a full timestamp in what some have seen.
        if other := next((line.date for line in found if line.date[:10] != day.isoformat()), None):
            raise FeedError("wrong_day", f"{at}: field date is {other}, asked for {day}")
        lines += found
    return lines, raw


def _asked(day: date) -> dict[str, int]:
    # Without all three GitHub answers for a month or a year, by rules that differ between these reports.
    return {"year": day.year, "month": day.month, "day": day.day}


def _get(session: VendorSession, scope: Scope, name: str, where: str, params: dict | None = None) -> tuple[Answer, str]:
    path = f"{scope.billing_path}/settings/billing/{name}"
    where = f"{where}: GET {path}"
    answer = get(session, path, params, where)
    if answer.status != 200:
        raise refusal(answer, where, _permission(scope))
    return answer, where


def _report(session: VendorSession, scope: Scope, name: str, where: str, day: date) -> tuple[UsageReport, Answer]:
    answer, where = _get(session, scope, name, where, _asked(day))
    report = decode(answer.body, UsageReport, where)
    if report.time_period and report.time_period.contradicts(day):
        raise FeedError("wrong_day", f"{where}: field timePeriod is {report.time_period}, asked for {day}")
    return report, answer


def _permission(scope: Scope) -> str:
    return (
        f"a classic token of an admin or billing manager of {scope.kind} {scope.slug} "
        "(fine-grained tokens and apps cannot read billing); GITHUB_BILLING_TOKEN may hold one of its own"
    )
