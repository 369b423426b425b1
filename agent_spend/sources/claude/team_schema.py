"""Lake tables of the Team plan's exports, and their CSV columns.

Anthropic offers no API for a Team plan. Its spend export is in **dollars**, unlike every API, and gives one line a person
and model (and channel) over the whole range exported; hence one export a day. The header's exact wording is not published,
so columns match whatever their case and spaces, and the e-mail column by either of its two known names.
"""

from datetime import date
from decimal import Decimal

from agent_spend.errors import FeedError
from agent_spend.sources.contract import DAY, MONEY, TEXT, WHOLE, Contract, column
from agent_spend.sources.files import SourceFile
from agent_spend.sources.lines import Line, csv_lines

_EMAIL_NAMES = ("email", "user_email")
_PLAN_NAMES = ("seat_tier", "plan")
_NO_SEAT = ("", "unassigned")


def seat_rows(file: SourceFile) -> list[dict]:
    """Rows of ``claude_seats`` without their day: one a member with a seat. Members without one and open invitations,
    which have no address, hold none.

    Raises:
        FeedError: as ``csv_lines``; ``duplicate`` for a person listed twice, naming the line; ``empty_file``
            where no line holds a seat.
    """
    rows: dict[str, dict] = {}
    for line in csv_lines(file, (), (*_EMAIL_NAMES, *_PLAN_NAMES)):
        email, plan = _either(line, _EMAIL_NAMES).lower(), _either(line, _PLAN_NAMES).lower()
        if not email or plan in _NO_SEAT:
            continue
        if email in rows:
            raise FeedError("duplicate", f"{line.where}: {email} has a seat already; a member holds one seat")
        rows[email] = {"person_email": email, "plan": plan, "source": "team_csv"}
    if not rows:
        raise FeedError("empty_file", f"{file.name} names no member with a seat; it needs an e-mail and a seat_tier a line")
    return list(rows.values())


def usage_rows(file: SourceFile, day: date) -> list[dict]:
    """Rows of ``claude_team_usage``.

    Raises:
        FeedError: as ``csv_lines``; ``bad_value`` for a negative amount or an empty one.
    """
    required = ("model", "total_net_spend_usd")
    optional = (*_EMAIL_NAMES, "total_gross_spend_usd", "account_uuid", "product", "total_requests", "total_prompt_tokens",
                "total_completion_tokens")
    return [
        {
            "usage_day": day,
            # What no member accounts for stands under a name in brackets.
            "person_email": email if "@" in (email := _either(line, _EMAIL_NAMES).lower()) else None,
            "account_id": line.text("account_uuid"),
            "product": line.text("product"),
            "model": line.text("model"),
            "requests": line.whole("total_requests"),
            "prompt_tokens": line.whole("total_prompt_tokens"),
            "completion_tokens": line.whole("total_completion_tokens"),
            "gross_usd": _usd(line, "total_gross_spend_usd") if "total_gross_spend_usd" in line.values else None,
            "net_usd": _usd(line, "total_net_spend_usd"),
        }
        for line in csv_lines(file, required, optional)
    ]


def _either(line: Line, names: tuple[str, str]) -> str:
    return line.text(names[0]) or line.text(names[1]) or ""


def _usd(line: Line, name: str) -> Decimal:
    amount = line.amount(name)
    if amount is None or amount < 0:
        raise line.bad(name, "must be an amount in USD of zero or more")
    return amount


SEATS = Contract({
    "usage_day": column(DAY, "UTC day the seat is held"),
    "person_email": column(TEXT, "Member's e-mail address, lower case"),
    "plan": column(TEXT, "Seat tier as exported, lower case: standard, premium"),
    "source": column(TEXT, "team_csv: the member export"),
})

TEAM_USAGE = Contract({
    "usage_day": column(DAY, "UTC day of use"),
    "person_email": column(TEXT, "Member's e-mail address, lower case; null for use that no member accounts for", nullable=True),
    "account_id": column(TEXT, "Account UUID", nullable=True),
    "product": column(TEXT, "Product, e.g. Claude Code", nullable=True),
    "model": column(TEXT, "Model", nullable=True),
    "requests": column(WHOLE, "Requests", nullable=True),
    "prompt_tokens": column(WHOLE, "Prompt tokens of all kinds", nullable=True),
    "completion_tokens": column(WHOLE, "Completion tokens", nullable=True),
    "gross_usd": column(MONEY, "The same before discounts and credits; null where the export lacks it", nullable=True),
    "net_usd": column(MONEY, "Usage credits spent, USD after discounts and credits"),
})
