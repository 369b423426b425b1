"""What GitHub bills for Copilot a day: credits by model from one report, seats and the rest from another."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from agent_spend.errors import FeedError
from agent_spend.settings import Settings
from agent_spend.sources.copilot.billing_schema import (
    CostCenters,
    TimePeriod,
    UsageItem,
    UsageLine,
    UsageLines,
    UsageReport,
    billing_rows,
    is_copilot,
    summed,
)
from agent_spend.sources.copilot.scopes import REFUSED, Part, Scope, ask_scopes
from agent_spend.sources.copilot.session import each_day, get, github_session, refusal
from agent_spend.sources.decoding import decode
from agent_spend.sources.feed import DayAnswer, Unread
from agent_spend.sources.http import Answer, VendorSession

BILLING_FEED = "copilot_billing_usage"
#: The reports that name models: of credits, and of the premium requests that ended in May 2026.
CREDITS, REQUESTS = "ai_credit/usage", "premium_request/usage"
#: Units in which two reports may differ before it is said: floating-point noise, not usage.
_NOISE = Decimal("0.0001")


def fetch_billing_usage(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. What a report by model holds is read from it only, so that nothing is counted twice."""
    session = github_session(settings, own_token="GITHUB_BILLING_TOKEN")
    answered: dict[tuple[Scope, str, bytes], date] = {}

    def ask(day: date) -> DayAnswer:
        return ask_scopes(settings, BILLING_FEED, day, lambda scope, where: _part(session, scope, where, day, answered))

    return each_day(days, ask)


def _part(session: VendorSession, scope: Scope, where: str, day: date, answered: dict[tuple[Scope, str, bytes], date]) -> Part:
    by_model = {CREDITS: _report(session, scope, CREDITS, where, day)}
    summary, summary_raw, stand_in = _summary(session, scope, where, day)
    if not by_model[CREDITS][0].usage_items and not summary.usage_items:
        raise FeedError("no_report", f"{where}: billing shows no line of any product for this day (yet)")
    found, keep = _premium_requests(session, scope, where, day, by_model[CREDITS][0], summary)
    by_model |= found
    for name, (report, answer) in {**by_model, "usage/summary": (summary, summary_raw[0])}.items():
        # No two days have the same use of the same products: it is the month's answer, whatever day is asked for.
        is_ours = any(map(is_copilot, report.usage_items))
        if report.is_coarse and is_ours and (other := answered.setdefault((scope, name, answer.body), day)) != day:
            raise FeedError(
                "wrong_day", f"{where}: field timePeriod names no day, and {name} is the same as for {other}: the answer may "
                "be a whole month's; nothing was stored, and what was stored for the other day should be read again"
            )  # fmt: skip
    reports = [report for report, _ in by_model.values()]
    by_name = [item for report in reports for item in report.usage_items]
    split = [item for item in by_name if is_copilot(item)]
    ours = [item for item in summary.usage_items if is_copilot(item)]
    notes = [
        f"{scope.slug}: GitHub's timePeriod is {report.time_period or 'left out'}; taken as the day that was asked for"
        for report in (*reports, summary) if report.is_coarse
    ][:1]  # fmt: skip
    notes += [f"{scope.slug}: {stand_in}"] if stand_in else []
    notes += [f"{scope.slug}: {REQUESTS} is refused, premium requests have no model"] if keep else []
    uses, spelled = {item.use for item in split}, {item.spelled for item in split}
    kept = [item for item in ours if item.use not in uses]
    for name, use in ((CREDITS, "credits"), (REQUESTS, "premium requests")):
        held, by_sku = _quantity(split, use), _quantity(ours, use)
        # An SKU of the summary alone, and not another spelling: with it both reports hold the same.
        alone = [item for item in ours if item.use == use and use in uses and item.spelled not in spelled]
        if name in by_model and abs(by_sku - held - _quantity(alone, use)) <= _NOISE:
            kept += alone
        elif name in by_model and abs(by_sku - held) > _NOISE:
            notes.append(f"{scope.slug}: {name} holds {held} {use}, usage/summary {by_sku}")
    if left_out := len(summary.usage_items) - len(ours) + len(by_name) - len(split):
        notes.append(f"{scope.slug}: lines of other products left out: {left_out}")
    rows = billing_rows([*split, *kept], day, scope.columns)
    return Part(rows, [*(answer for _, answer in by_model.values()), *summary_raw], "; ".join(notes), keep=keep)


def _premium_requests(
    session: VendorSession, scope: Scope, where: str, day: date, credits: UsageReport, summary: UsageReport
) -> tuple[dict[str, tuple[UsageReport, Answer]], Unread | None]:
    """Premium requests by model, where the day has any.

    Where that report is refused, the summary's line stands for them, unless they are stored already.
    """
    units, by_model = (
        {item.unit_type for item in report.usage_items if item.use == "premium requests"} for report in (summary, credits)
    )
    if not units or by_model:
        return {}, None
    try:
        return {REQUESTS: _report(session, scope, REQUESTS, where, day)}, None
    except FeedError as error:
        if error.reason not in REFUSED:
            raise
    return {}, Unread((*scope.columns, "unit"), [(*scope.columns.values(), unit) for unit in units])


def _quantity(items: Iterable[UsageItem], use: str) -> Decimal:
    return sum((item.gross_quantity for item in items if item.use == use), Decimal(0))


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
    app = "'Enterprise billing: read' where GitHub offers it" if scope.is_enterprise else "'Administration: read'"
    return (
        f"to be a classic one of an admin or billing manager of {scope.kind} {scope.slug}, or an app's or fine-grained one "
        f"with {app}; GITHUB_BILLING_TOKEN may hold one of its own"
    )
