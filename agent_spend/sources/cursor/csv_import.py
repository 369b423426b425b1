"""Usage events from the dashboard's CSV exports, for history that the API no longer serves and plans without the API.

The export has no conversation, service account, model cost, discount or fee, and its dollars are rounded to cents.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings, env
from agent_spend.sources.cursor.schema import doubts, email, kind_class, present
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import local_path

FEED = "cursor_csv_events"
SETTING = "CURSOR_CSV_URI"
#: Days whose rows are held at once; the files are read again for the next ones.
WINDOW_DAYS = 30
CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT, TOTAL = (
    "Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read", "Output Tokens", "Total Tokens",
)  # fmt: skip
REQUIRED = ("Date", "Kind", "Model", "Max Mode", CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT, TOTAL)
#: The last column is one of these: dollars, or request units where the plan is priced by request.
AMOUNTS = ("Cost", "Requests")
#: Words that some vintages print in place of an amount.
_NO_AMOUNT = {"", "-", "$", "included", "free"}


def fetch_csv_events(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day from the export, or the folder of exports, that ``CURSOR_CSV_URI`` names.

    Of several exports of one person or team the one with the most rows of the day counts, and a team's goes before
    single people's. A day in no export is missing, not zero: an export does not say which days it covers.
    """
    for window in contiguous(sorted(days), step_days=WINDOW_DAYS):
        try:
            found = _events(window)
        except FeedError as error:
            yield from (DayAnswer.from_error(day, error) for day in window.days())
            continue
        for day in window.days():
            if rows := found.get(day):
                reason, message = doubts(rows, f"{FEED} {day}")
                yield DayAnswer(day, State.AVAILABLE, rows, reason, message)
            else:
                message = f"{FEED} {day}: no export of {SETTING} has an event of this day"
                yield DayAnswer(day, State.MISSING, reason="no_report", message=message)


def _events(window: Window) -> dict[date, list[dict]]:
    """Rows of each day of the window, each event once."""
    chosen: dict[tuple[date, str], list[dict]] = {}
    for path in _exports():
        rows: dict[tuple[date, str], list[dict]] = defaultdict(list)
        is_team, owner = "User" in _header(path), path.parent.name if "@" in path.parent.name else ""
        for row in rows_from_csv(path):
            if window.first <= row["usage_day"] <= window.last:
                row["user_email"] = row["user_email"] if is_team else email(owner)
                rows[row["usage_day"], "" if is_team else f"person {owner}"].append(row)
        for key, found in rows.items():
            if len(found) >= len(chosen.get(key, ())):
                chosen[key] = found
    days: dict[date, list[dict]] = {}
    for (day, whose), rows in sorted(chosen.items()):
        if not whose or (day, "") not in chosen:
            days.setdefault(day, []).extend(rows)
    return days


def _exports() -> list[Path]:
    path = local_path(SETTING, env(SETTING))
    files = sorted(path.rglob("*.csv")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise FeedError("file_not_found", f"{SETTING}: there is no file, and no folder with exports (*.csv), at {path}")
    return files


def _header(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file), [])


def rows_from_csv(path: Path | str) -> Iterator[dict]:
    """Rows of ``cursor_usage_events`` from one export, in the file's order (newest first), read line by line.

    Columns go by header name, so every vintage (personal and team, 2025 and 2026) is read. ``charged_usd`` is the
    ``Cost`` column, and null where the vintage prints a word or request units instead. A team's ``User`` may be a
    service account's mailbox: the export cannot tell.

    Raises:
        FeedError: ``malformed`` naming file, line and column.
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
        "kind_class": kind_class(line["Kind"]),
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
