"""Twenty-five months of a company of five, November 2024 to November 2026, in which prices, seats and people all changed.

Written by hand as the vendors' feeds give it; a few days a month are enough. What changed, and when:

- Claude API: a million input tokens on the 14th and on the 15th; 4 USD a million, 3 from 2025-07-15, 5 from 2026-03-15.
- Claude seats (P1, P2): standard 30 USD, 25 from 2026-01-01; P1 moves to premium (125) on 2026-05-16.
- Copilot seats: business 19 USD, 21 from 2025-04-01; P2 joins on 2025-03-10, P3's seat goes on 2025-09-16, P4 is on
  enterprise (39) from 2026-08-01.
- Copilot use: 250 premium requests (0.04 USD) a month until 2026-05, 100 of them charged; then AI credits: unknown by user
  on 2026-06-14, 3,500 a month from July, 10,000 from September. The pool is 3,000 a seat (7,000) until August, then 1,900
  (3,900).
- Cursor: on demand 30 USD on the 10th and 10 USD on the 28th, 5 USD included on the 10th; seats of P4 and P5 at 32 USD, 40
  from 2025-10-01; P1 joins on 2026-06-16.
- People: P4 goes from squad alpha to beta on 2025-06-10, P5 renames the GitHub login on 2026-02-01.
"""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

from finance_books import FEEDS, Books, copilot_bill

from agent_spend.catalog import SQL_DIR, Catalog
from agent_spend.models import build
from agent_spend.partitions import Window, month_end
from agent_spend.sources.files import read_folder
from agent_spend.sources.invoices.layouts import parse

MONTHS = [date(2024 + (n + 10) // 12, (n + 10) % 12 + 1, 1) for n in range(25)]
FIRST, LAST = MONTHS[0], month_end(MONTHS[-1])
TARGETS = ("rpt_reconciliation_month", "rpt_finance__vendor_month", "rpt_finance__pool_month", "fct_charge_month")
PRICES = {
    "claude_prices": """\
model,band,input_usd_per_million,cache_write_5m_usd_per_million,cache_write_1h_usd_per_million,cache_read_usd_per_million,output_usd_per_million,effective_from,effective_to,source
m-1,default,4,5,8,0.4,20,2024-01-01,2025-07-15,list
m-1,default,3,3.75,6,0.3,15,2025-07-15,2026-03-15,list
m-1,default,5,6.25,10,0.5,25,2026-03-15,,list
""",
    "seat_prices": """\
vendor,plan,usd_per_month,billing,proration_rule,effective_from,effective_to,source
github_copilot,business,19,monthly,rest_of_month,2024-01-01,2025-04-01,list
github_copilot,business,21,monthly,rest_of_month,2025-04-01,,list
github_copilot,enterprise,39,monthly,rest_of_month,2024-01-01,,list
anthropic,standard,30,monthly,purchased_seats,2024-01-01,2026-01-01,list
anthropic,standard,25,monthly,purchased_seats,2026-01-01,,list
anthropic,premium,125,monthly,purchased_seats,2026-01-01,,list
cursor,standard,32,monthly,rest_of_cycle_if_used,2024-01-01,2025-10-01,list
cursor,standard,40,monthly,rest_of_cycle_if_used,2025-10-01,,list
""",
}
INVOICES = Path(__file__).parent / "two_years_invoices.csv"
TOKENS = dict.fromkeys(
    ("cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens", "web_search_requests"), 0
)
SHARED = {"service_tier": "standard", "inference_geo": "global", "workspace_id": "wrkspc_1", "model": "m-1"}


def two_years(settings, sources, folder: Path) -> Books:
    """The company's books over the whole history, built in one go."""
    sql_dir = folder / "dbt_like_sql"
    shutil.copytree(SQL_DIR, sql_dir)
    for name, text in PRICES.items():
        (sql_dir / "prices" / f"{name}.csv").write_text(text)
    books = Books(settings, Catalog(sources, sql_dir))
    for vendor, feeds in FEEDS.items():
        books.answered(vendor, FIRST, date(2026, 12, 20), feeds)
    books.answered("anthropic", FIRST, date(2026, 12, 20), ("claude_code_usage",))
    _seats(books)
    _use(books)
    invoices = folder / "invoices"
    invoices.mkdir()
    shutil.copy(INVOICES, invoices / "all.csv")
    books.write("vendor_invoices", *(row for rows in parse(read_folder("", str(invoices), ".csv")).rows.values() for row in rows))
    _build(books)
    return books


def _seats(books: Books) -> None:
    # A list holds until the next one, so lists are given where they change; a month has at least one.
    days = sorted({*MONTHS, date(2025, 3, 10), date(2025, 9, 16), date(2026, 5, 16), date(2026, 6, 16)})
    copilot, claude, cursor = [], [], []
    for day in days:
        holders = {1: date(2024, 1, 1), 3: date(2024, 1, 1), 4: date(2024, 1, 1), 5: date(2024, 1, 1), 2: date(2025, 3, 10)}
        for person, since in holders.items():
            if day < since or (person == 3 and day >= date(2025, 9, 16)):
                continue
            plan = "enterprise" if person == 4 and day >= date(2026, 8, 1) else "business"
            copilot.append({"usage_day": day, "scope": "acme", "user_id": person, "user_login": login(person, day),
                            "plan_type": plan, "created_at": datetime(since.year, since.month, since.day, 9, tzinfo=UTC)})
        for person in (1, 2):
            plan = "premium" if person == 1 and day >= date(2026, 5, 16) else "standard"
            claude.append({"usage_day": day, "person_email": email(person), "plan": plan, "source": "file"})
        for person in (4, 5, 1)[: 3 if day >= date(2026, 6, 16) else 2]:
            cursor.append({"usage_day": day, "user_id": f"u{person}", "email": email(person), "role": "member",
                           "is_removed": False})
    books.write("copilot_seats", *copilot)
    books.write("claude_seats", *claude)
    books.write("cursor_members", *cursor)
    listed = {feed: {row["usage_day"] for row in rows} for feed, rows in (
        ("copilot_seats", copilot), ("claude_seats", claude), ("cursor_members", cursor))}
    for feed, known in listed.items():
        books.write("feed_coverage", *({"feed": feed, "usage_day": day, "state": "available", "row_count": 1, "revision": 1,
                                        "last_attempt": "available"} for day in sorted(known)))


def _use(books: Books) -> None:
    tokens, costs, bills, credits, events, people = [], [], [], [], [], []
    for month in MONTHS:
        def on(day, month=month):
            return month.replace(day=day)

        for day in (on(14), on(15)):
            tokens.append(SHARED | TOKENS | {"usage_day": day, "api_key_id": "k1", "uncached_input_tokens": 1_000_000})
            price = "4" if day < date(2025, 7, 15) else "3" if day < date(2026, 3, 15) else "5"
            costs.append(SHARED | {"usage_day": day, "currency": "USD", "cost_type": "tokens", "amount_usd": price,
                                   "token_type": "uncached_input_tokens"})
        bills += _bills(month)
        used = {1: "2000", 5: "1500"} if month < date(2026, 9, 1) else {1: "6000", 5: "4000"}
        for person, amount in used.items() if month >= date(2026, 6, 1) else ():
            is_known = month >= date(2026, 7, 1)
            credits.append({"usage_day": on(14), "scope_kind": "enterprise", "scope": "acme", "user_id": person,
                            "user_login": login(person, on(14)), "ai_credits_used": amount if is_known else None,
                            "ai_credits_state": "known" if is_known else "absent"})
        days = {9: "12", 10: "18"} if month == date(2025, 6, 1) else {10: "30"}
        for day, amount in (days | {28: "10"}).items():
            person = 5 if day == 28 else 4
            events.append({"usage_day": on(day), "event_at": datetime(month.year, month.month, day, 8, tzinfo=UTC),
                           "user_email": email(person), "kind": "Usage-based", "kind_class": "usage_based", "model": "m",
                           "input_tokens": 10, "charged_usd": amount})
        events.append(events[-1] | {"usage_day": on(10), "user_email": email(5), "kind": "Included", "kind_class": "included",
                                    "charged_usd": "5"})
        for day in sorted({1, 9, 10, 14, 15, 28, month_end(month).day}):
            people += [
                {"usage_day": on(day), "person_id": f"P{n}", "name": f"P{n}", "email": email(n), "github_user_id": n,
                 "github_login": login(n, on(day)), "org": "acme", "squad": squad(n, on(day)),
                 "cost_center": f"CC-{squad(n, on(day)).upper()}", "source": "hr"}
                for n in (1, 2, 3, 4, 5)
                if not (n == 2 and on(day) < date(2025, 3, 10)) and not (n == 3 and on(day) > date(2025, 9, 30))
            ]  # fmt: skip
    for table, rows in (("claude_api_usage", tokens), ("claude_api_cost", costs), ("copilot_billing_usage", bills),
                        ("copilot_user_usage", credits), ("cursor_usage_events", events), ("roster_members", people)):
        books.write(table, *rows)


def _bills(month: date) -> list[dict]:
    # GitHub's bill of seats, in user-months; P2's first month is 22 of 31 days.
    joined = {date(2025, 3, 1): ("4.709677", "89.48")}
    enterprise = month >= date(2026, 8, 1)
    seats, usd = joined.get(month) or (
        ("4", "76") if month < date(2025, 3, 1) else
        ("5", "105") if month < date(2025, 10, 1) else
        ("4", "102") if enterprise else ("4", "84")
    )
    lines = [copilot_bill(month, usd, "0", usd, "seat", sku="Copilot Seats", unit="user-months", gross_quantity=seats)]
    if month < date(2026, 6, 1):
        premium = copilot_bill(month.replace(day=14), "10", "6", "4", "other", sku="Copilot Premium Request", unit="requests",
                               gross_quantity="250", discount_quantity="150", net_quantity="100")
        return [*lines, premium]
    gross, pool = ("35", "35") if month < date(2026, 9, 1) else ("100", "96")
    net = str(int(gross) - int(pool))
    return [*lines, copilot_bill(month.replace(day=14), gross, pool, net, gross_quantity=f"{gross}00",
                                 discount_quantity=f"{pool}00", net_quantity=f"{net}00")]


def _build(books: Books) -> None:
    wanted, todo = set(), list(TARGETS)
    while todo:
        name = todo.pop()
        if name in books.catalog.models and name not in wanted:
            wanted.add(name)
            todo.extend(books.catalog.models[name].upstream)
    days = [day.isoformat() for day in Window(FIRST, LAST).days()]
    keys = {"day": days, "month": [month.isoformat() for month in MONTHS], "none": []}
    for name, model in books.catalog.models.items():
        if name in wanted and not model.is_view:
            build(model, books.catalog, books.settings, keys[model.partitions])


def login(person: int, day: date) -> str:
    """GitHub login on a day; P5 renamed theirs."""
    return "p5-new" if person == 5 and day >= date(2026, 2, 1) else f"p{person}"


def email(person: int) -> str:
    """Work e-mail."""
    return f"p{person}@acme.test"


def squad(person: int, day: date) -> str:
    """Squad on a day; P4 moved."""
    return "beta" if person == 4 and day >= date(2025, 6, 10) else "alpha"
