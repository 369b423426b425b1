"""Cursor's part of the answer key, added up from the simulated events and from nothing else."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, localcontext

from agent_spend.sandbox.cursor_events import Event, events_on
from agent_spend.sandbox.cursor_team import (
    AUTOMATION_GROWTH_DAYS,
    billing_cycle,
    billing_cycles,
    from_epoch_ms,
    is_removed,
    members,
)
from agent_spend.sandbox.scenario import Scenario

BACKGROUND_SURFACES = ("automation", "cloud_agent", "service_account")
COMPARED_DAYS = 14

__all__ = ["answer_key", "events_on", "member_spend_cents"]


class _Sums:
    """Exact sums of cents by key, given out as dollar strings."""

    def __init__(self):
        self.cents: defaultdict[tuple, Decimal] = defaultdict(Decimal)

    def add(self, cents: Decimal, *key: str) -> None:
        self.cents[key] += cents

    def nested(self) -> dict:
        """Sums as nested dictionaries, one level a part of the key."""
        result: dict = {}
        for key in sorted(self.cents):
            level = result
            for part in key[:-1]:
                level = level.setdefault(part, {})
            level[key[-1]] = dollars(self.cents[key])
        return result


def answer_key(scenario: Scenario) -> dict:
    """Every Cursor figure that published tables must show.

    ``on_demand_usd`` adds ``chargedCents`` of usage-based rows only: the one kind that is cash. ``included_usd`` is
    what the plan already covers. ``not_cash_usd`` are the notional amounts on errored, aborted, free, own-key and
    subscription rows. People are lower-case e-mails; a service account's e-mail is never a person.

    Returns:
        a JSON-ready dict; money as exact dollar strings, days ISO, months ``YYYY-MM``, cycles by their start instant.
    """
    with localcontext(prec=60):
        return _answer_key(scenario)


def _answer_key(scenario: Scenario) -> dict:
    on_demand, included = defaultdict(_Sums), defaultdict(_Sums)
    not_cash, daily, monthly = _Sums(), _Background(), _Background()
    rows_by_day, rows_by_kind, tokens = Counter(), Counter(), Counter()
    for day, event in _all_events(scenario, scenario.first_day, scenario.end_day):
        iso, month = day.isoformat(), day.isoformat()[:7]
        cycle = _iso(billing_cycle(from_epoch_ms(event.at_ms))[0])
        rows_by_day[iso] += 1
        rows_by_kind[event.kind_class] += 1
        _count_tokens(tokens, event)
        if event.surface in BACKGROUND_SURFACES:
            daily.add(event, iso)
            monthly.add(event, month)
        if event.kind_class not in ("usage_based", "included"):
            not_cash.add(event.charged_cents, event.kind_class)
            continue
        sums = on_demand if event.kind_class == "usage_based" else included
        sums["total"].add(event.charged_cents, "total")
        sums["month"].add(event.charged_cents, month)
        sums["cycle"].add(event.charged_cents, cycle)
        if event.service_account is None:
            sums["person"].add(event.charged_cents, event.email)
            sums["person_day"].add(event.charged_cents, event.email, iso)
        if event.kind_class == "usage_based":
            on_demand["day"].add(event.charged_cents, iso)
            on_demand["surface"].add(event.charged_cents, event.surface)
            if event.service_account is not None:
                on_demand["account"].add(event.charged_cents, event.service_account.service_account_id)
    return {
        "events": sum(rows_by_day.values()),
        "events_by_day": {day.isoformat(): rows_by_day[day.isoformat()] for day in scenario.calendar},
        "events_by_kind_class": dict(sorted(rows_by_kind.items())),
        "tokens": dict(tokens),
        "members": [person.email for person in members(scenario)],
        "removed_members": [person.email for person in members(scenario) if is_removed(scenario, person)],
        "billing_cycles": [{"start": _iso(start), "end": _iso(end)} for start, end in billing_cycles(scenario)],
        "on_demand_usd": {
            "total": dollars(on_demand["total"].cents["total",]),
            "by_month": on_demand["month"].nested(),
            "by_billing_cycle": on_demand["cycle"].nested(),
            "by_day": {day.isoformat(): dollars(on_demand["day"].cents[day.isoformat(),]) for day in scenario.calendar},
            "by_person": on_demand["person"].nested(),
            "by_person_day": on_demand["person_day"].nested(),
            "by_service_account": on_demand["account"].nested(),
            "by_surface": on_demand["surface"].nested(),
        },
        "included_usd": {
            "total": dollars(included["total"].cents["total",]),
            "by_month": included["month"].nested(),
            "by_billing_cycle": included["cycle"].nested(),
            "by_person": included["person"].nested(),
            "by_person_day": included["person_day"].nested(),
        },
        "not_cash_usd": not_cash.nested(),
        "background_agents": {"by_day": daily.result(), "by_month": monthly.result()},
        "spend_current_cycle": _spend_current_cycle(scenario),
        "growth": _growth(scenario),
    }


class _Background:
    """Background agents' money and rows by period and surface."""

    def __init__(self):
        self._periods: dict[str, dict[str, dict]] = {}

    def add(self, event: Event, period: str) -> None:
        surfaces = self._periods.setdefault(period, {})
        entry = surfaces.setdefault(
            event.surface, {"events": 0, "on_demand_usd": Decimal(0), "included_usd": Decimal(0)}
        )
        entry["events"] += 1
        if event.kind_class == "usage_based":
            entry["on_demand_usd"] += event.charged_cents
        elif event.kind_class == "included":
            entry["included_usd"] += event.charged_cents

    def result(self) -> dict:
        def printed(entry: dict) -> dict:
            return {name: dollars(value) if isinstance(value, Decimal) else value for name, value in entry.items()}

        return {
            period: {surface: printed(entry) for surface, entry in sorted(surfaces.items())}
            for period, surfaces in sorted(self._periods.items())
        }


def member_spend_cents(scenario: Scenario, start_ms: int, end_ms: int) -> dict[str, tuple[Decimal, Decimal]]:
    """On-demand and overall cents of each e-mail in ``[start_ms, end_ms)``; service accounts under their own e-mail."""
    spend: dict[str, tuple[Decimal, Decimal]] = {}
    for _, event in _all_events(scenario, from_epoch_ms(start_ms).date(), from_epoch_ms(end_ms).date()):
        if start_ms <= event.at_ms < end_ms and event.kind_class in ("usage_based", "included"):
            on_demand, overall = spend.get(event.email, (Decimal(0), Decimal(0)))
            cash = event.charged_cents if event.kind_class == "usage_based" else Decimal(0)
            spend[event.email] = (on_demand + cash, overall + event.charged_cents)
    return spend


def _spend_current_cycle(scenario: Scenario) -> dict:
    start, end = billing_cycles(scenario)[-1]
    people = {person.email for person in members(scenario)}
    events = _all_events(scenario, start.date(), end.date())
    in_cycle = [event for _, event in events if start <= from_epoch_ms(event.at_ms) < end]
    on_demand, overall = _Sums(), _Sums()
    for event in in_cycle:
        owner = event.email if event.email in people else "service_accounts"
        if event.kind_class == "usage_based":
            on_demand.add(event.charged_cents, owner)
        if event.kind_class in ("usage_based", "included"):
            overall.add(event.charged_cents, owner)
    return {"cycle_start": _iso(start), "on_demand_usd": on_demand.nested(), "overall_usd": overall.nested()}


def _growth(scenario: Scenario) -> dict:
    """On-demand by surface in the last fortnight and the one before it (ten days each in shorter scenarios)."""
    length = COMPARED_DAYS if scenario.days >= 2 * COMPARED_DAYS else AUTOMATION_GROWTH_DAYS
    after_first = scenario.end_day - timedelta(days=length - 1)
    before_first = after_first - timedelta(days=length)
    sums = defaultdict(lambda: [Decimal(0), Decimal(0)])
    for day, event in _all_events(scenario, before_first, scenario.end_day):
        if event.kind_class == "usage_based":
            sums[event.surface][day >= after_first] += event.charged_cents
    return {
        "before": [before_first.isoformat(), (after_first - timedelta(days=1)).isoformat()],
        "after": [after_first.isoformat(), scenario.end_day.isoformat()],
        "by_surface": {
            surface: {"before_usd": dollars(before), "after_usd": dollars(after), "change_usd": dollars(after - before)}
            for surface, (before, after) in sorted(sums.items())
        },
    }


def _count_tokens(tokens: Counter, event: Event) -> None:
    if event.tokens:
        tokens["input"] += event.tokens.input
        tokens["output"] += event.tokens.output
        tokens["cache_write"] += event.tokens.cache_write
        tokens["cache_read"] += event.tokens.cache_read


def _all_events(scenario: Scenario, first: date, last: date) -> Iterator[tuple[date, Event]]:
    for day in scenario.calendar:
        if first <= day <= last:
            yield from ((day, event) for event in events_on(scenario, day))


def dollars(cents: Decimal) -> str:
    """Exact dollars of an amount in cents, without trailing zeros or exponent."""
    with localcontext(prec=60):
        text = format(cents / 100, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _iso(moment) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
