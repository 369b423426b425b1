"""The simulated company's seat fees, from its vendors' live lists over HTTP, against its invoices."""

from datetime import date
from decimal import Decimal

from agent_spend.project import feeds
from agent_spend.sandbox.company_files import answer_key
from agent_spend.sandbox.cursor_seats import seat_cycles
from agent_spend.sandbox.scenario import Scenario
from agent_spend.settings import Settings
from agent_spend.sources.land import land

#: From the last day of October, so that its invoices exist, to the lists of 22 November.
COMPANY = Scenario(developers=12, days=23, seed=7, end_day=date(2026, 11, 22))
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def test_october_seat_fees_are_those_of_the_invoices(sandbox_server, company):
    sandbox_server(COMPANY)
    seats = company("fct_seat_fee", "fct_seat_month")
    days = COMPANY.calendar
    for feed in ("copilot_seats", "claude_seats", "cursor_members", "cursor_usage_events", "cursor_spend",
                 "cursor_billing_cycles", "roster_members"):
        land(feeds()[feed], days, Settings.from_environment())
    seats.build("int_seat__day", days=days)
    seats.build("int_cursor__cycle")
    seats.build("fct_seat_fee", "fct_seat_month", months=[OCTOBER, NOVEMBER])
    rows = [row for row in seats.rows("fct_seat_month") if row["month"] == OCTOBER]
    fees = {vendor: sum(row["billed_usd"] for row in rows if row["vendor"] == vendor)
            for vendor in ("github_copilot", "anthropic", "cursor")}
    invoiced = {vendor: Decimal(months["2026-10"]["seat"]) for vendor, months in answer_key(COMPANY)["invoices"].items()}
    # 12 people and a contractor at 19 USD; the contractor alone is nobody in the roster.
    assert fees["github_copilot"] == invoiced["github_copilot"] == Decimal("247.00")
    assert [row["actor_id"] for row in rows if row["vendor"] == "github_copilot" and row["person_id"] is None] == ["599009"]
    assert fees["anthropic"] == invoiced["anthropic"]
    # Cursor's list of November shows who left as removed; the seat was used until then. It states no plan.
    # 26 of the 30 days of the cycle from 27 September, and 5 of the 31 of the next: 240 x 26/30 + 240 x 5/31.
    assert fees["cursor"] == invoiced["cursor"] == Decimal("246.71")
    assert {row["attribution_mode"] for row in rows if row["vendor"] == "cursor"} == {"derived"}
    # The cycle that October and November share is what the simulated team pays for it.
    [cycle] = [cycle for cycle in seat_cycles(COMPANY) if cycle.first_day == date(2026, 10, 27)]
    assert sum(row["billed_usd"] for row in seats.rows("fct_seat_fee")
               if row["vendor"] == "cursor" and row["period_start_day"] == cycle.first_day) == cycle.seat_usd == Decimal(240)
