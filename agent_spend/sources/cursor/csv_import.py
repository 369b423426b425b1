"""Usage events from the dashboard's CSV export, for history older than the API still serves and for cross-checks.

The export has no conversation, service account, model cost, discount or fee, and its dollars are rounded to cents.
"""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from agent_spend.errors import FeedError
from agent_spend.sources.cursor.schema import email, kind_class, present

CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT, TOTAL = (
    "Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read", "Output Tokens", "Total Tokens",
)  # fmt: skip
REQUIRED = ("Date", "Kind", "Model", "Max Mode", CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT, TOTAL)
#: The last column is one of these: dollars, or request units where the plan is priced by request.
AMOUNTS = ("Cost", "Requests")
#: Words that some vintages print in place of an amount.
_NO_AMOUNT = {"", "-", "$", "included", "free"}


def rows_from_csv(path: Path | str) -> Iterator[dict]:
    """Rows of ``cursor_usage_events`` from one export, in the file's order (newest first), read line by line.

    Columns go by header name, so every vintage (personal and team, 2025 and 2026) is read. ``charged_usd`` is the
    ``Cost`` column, and null where the vintage prints a word or request units instead; such rows are for cross-checks
    and do not pass the feed's schema. A team's ``User`` may be a service account's mailbox: the export cannot tell.

    Raises:
        FeedError: ``malformed`` naming file, line and column; ``unknown_kind`` naming the value.
    """
    path = Path(path)
    with path.open(newline="", encoding="utf-8-sig") as file:
        lines = csv.DictReader(file)
        header = lines.fieldnames or []
        missing = [name for name in REQUIRED if name not in header]
        if missing or not set(AMOUNTS) & set(header):
            wanted = missing or [" or ".join(AMOUNTS)]
            message = f"{path.name}: no column {', '.join(wanted)}; this is not a Cursor usage-events export"
            raise FeedError("malformed", message)
        for line in lines:
            yield _row(line, f"{path.name} line {lines.line_num}")


def _row(line: dict[str, str | None], where: str) -> dict:
    if None in line or None in line.values():
        raise FeedError("malformed", f"{where}: the line does not have as many values as the header has columns")
    event_at = _instant(line["Date"], where)
    classified = kind_class(line["Kind"])
    if classified is None:
        raise FeedError("unknown_kind", f"{where}: Kind is {line['Kind']!r}, which is in no known vocabulary")
    buckets = {name: _tokens(line[name], f"{where}: {name}") for name in (CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT)}
    total = _tokens(line[TOTAL], f"{where}: {TOTAL}")
    # The four buckets are disjoint. A line where they are not would have its tokens counted twice.
    if total is not None and sum(count or 0 for count in buckets.values()) != total:
        raise FeedError("malformed", f"{where}: {TOTAL} is {total}, but the four token columns add up to another number")
    return {
        "usage_day": event_at.date(),
        "event_at": event_at,
        "user_email": email(line.get("User")),
        "service_account_id": None,
        "service_account_name": None,
        "cloud_agent_id": present(line.get("Cloud Agent ID")),
        "automation_id": present(line.get("Automation ID")),
        "conversation_id": None,
        "model": present(line["Model"]),
        "kind": line["Kind"],
        "kind_class": classified,
        "max_mode": {"yes": True, "no": False}.get(line["Max Mode"].strip().lower()),
        "is_token_based": None,
        "is_chargeable": None,
        "is_headless": None,
        "requests_costs": _amount(line.get("Requests"), f"{where}: Requests"),
        "input_tokens": buckets[PLAIN_INPUT],
        "output_tokens": buckets[OUTPUT],
        "cache_write_tokens": buckets[CACHE_WRITE],
        "cache_read_tokens": buckets[CACHE_READ],
        "model_usd": None,
        "discount_percent": None,
        "charged_usd": _amount(line.get("Cost"), f"{where}: Cost"),
        "token_fee_usd": None,
    }


def _instant(text: str, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        raise FeedError("malformed", f"{where}: Date {text!r} is not an ISO instant") from None
    if moment.tzinfo is None:
        raise FeedError("malformed", f"{where}: Date {text!r} has no time zone; the export writes UTC with a Z")
    return moment.astimezone(UTC)


def _tokens(text: str, where: str) -> int | None:
    text = text.strip().replace(",", "")
    if text in ("", "-"):
        return None
    if not text.isdigit():
        raise FeedError("malformed", f"{where} {text!r} is not a whole number")
    return int(text)


def _amount(text: str | None, where: str) -> Decimal | None:
    if text is None or text.strip().lower() in _NO_AMOUNT:
        return None
    try:
        amount = Decimal(text.strip().removeprefix("$").replace(",", ""))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise FeedError("malformed", f"{where} {text!r} is neither an amount nor a word known to stand for none")
    return amount
