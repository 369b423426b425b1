"""Usage events from the dashboard's CSV exports, for history that the API no longer serves and plans without the API.

The export has no conversation, service account, model cost, discount or fee, and its dollars are rounded to cents.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings, env
from agent_spend.sources.cursor.kinds import doubts, kind_class
from agent_spend.sources.cursor.schema import email, present
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import Line, local_path, squeezed

FEED = "cursor_csv_events"
SETTING = "CURSOR_CSV_URI"
#: Days whose rows are held at once; the files are read again for the next ones.
WINDOW_DAYS = 30
CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT, TOTAL = (
    "Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read", "Output Tokens", "Total Tokens",
)  # fmt: skip
REQUIRED = ("Date", "Model", CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT)
#: Words that some vintages print in place of an amount.
_NO_AMOUNT = {"", "-", "$", "included", "free"}
_FLAGS = {"yes": True, "true": True, "no": False, "false": False}


def fetch_csv_events(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day from the export, or the folder of exports, that ``CURSOR_CSV_URI`` names.

    Of several exports of one person or team the one with the most rows of the day counts, and a team's goes before
    single people's. Two that name nobody and differ are ``ambiguous``. A day in no export is missing, not zero: an
    export does not say which days it covers.
    """
    for window in contiguous(sorted(days), step_days=WINDOW_DAYS):
        try:
            found, broken = _events(window)
        except FeedError as error:
            yield from (DayAnswer.from_error(day, error) for day in window.days())
            continue
        for day in window.days():
            if day in broken:
                yield DayAnswer.from_error(day, broken[day])
            elif rows := found.get(day):
                reason, message = doubts(rows, f"{FEED} {day}")
                yield DayAnswer(day, State.AVAILABLE, rows, reason, message)
            else:
                message = f"{FEED} {day}: no export of {SETTING} has an event of this day"
                yield DayAnswer(day, State.MISSING, reason="no_report", message=message)


def _events(window: Window) -> tuple[dict[date, list[dict]], dict[date, FeedError]]:
    """Rows of each day of the window, each event once; and the days with a line that cannot be read."""
    chosen: dict[tuple[date, str], list[dict]] = {}
    broken: dict[date, FeedError] = {}
    doubtful: dict[date, FeedError] = {}
    for path in _exports():
        rows: dict[tuple[date, str], list[dict]] = defaultdict(list)
        is_team, owner = "user" in _header(path), path.parent.name if "@" in path.parent.name else ""
        for line in _lines(path):
            day = _instant(line).date()
            if window.first <= day <= window.last:
                try:
                    row = _row(line)
                except FeedError as error:
                    broken[day] = error
                    continue
                row["user_email"] = row["user_email"] if is_team else email(owner)
                rows[row["usage_day"], "" if is_team else f"person {owner}"].append(row)
        for key, found in rows.items():
            before = chosen.get(key, [])
            if not is_team and not owner and _are_two_peoples(before, found):
                doubtful[key[0]] = FeedError("ambiguous", (
                    f"{FEED} {key[0]}: {path.name} and an export before it name no user and hold other events of the day: nobody "
                    "knows whether they are one person's; put each into a folder named by the person's e-mail"))
            if len(found) >= len(before):
                chosen[key] = found
    days: dict[date, list[dict]] = {}
    for (day, whose), rows in sorted(chosen.items()):
        if not whose or (day, "") not in chosen:
            days.setdefault(day, []).extend(rows)
    return days, {day: error for day, error in doubtful.items() if (day, "") not in chosen} | broken


def _are_two_peoples(one: list[dict], other: list[dict]) -> bool:
    """Whether each of two exports has an event of the day that the other lacks: whole exports of one person never do."""
    left, right = (Counter(tuple(row.values()) for row in rows) for rows in (one, other))
    return bool(left - right and right - left)


def _exports() -> list[Path]:
    path = local_path(SETTING, env(SETTING))
    files = sorted(path.rglob("*.csv")) if path.is_dir() else [path]
    if not files or not files[0].exists():
        raise FeedError("file_not_found", f"{SETTING}: there is no file, and no folder with exports (*.csv), at {path}")
    return files


def _header(path: Path) -> list[str]:
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return [squeezed(name) for name in next(csv.reader(file), [])]


def rows_from_csv(path: Path | str) -> Iterator[dict]:
    """Rows of ``cursor_usage_events`` from one export, in the file's order (newest first), read line by line.

    Columns go by header name, so every vintage (personal and team, 2025 and 2026) is read, whatever it lacks. ``charged_usd``
    is the ``Cost`` column, and null where the vintage prints a word or request units instead. A team's ``User`` may be a
    service account's mailbox: the export cannot tell.

    Raises:
        FeedError: ``malformed`` or ``bad_value`` naming file, line and column.
    """
    yield from map(_row, _lines(Path(path)))


def _lines(path: Path) -> Iterator[Line]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.DictReader(file)
            lines.fieldnames = [squeezed(name) for name in lines.fieldnames or []]
            if missing := [name for name in REQUIRED if squeezed(name) not in lines.fieldnames]:
                message = f"{path.name}: no column {', '.join(missing)}; this is not a Cursor usage-events export"
                raise FeedError("malformed", message)
            for values in lines:
                if None in values or None in values.values():
                    where = f"{path.name} line {lines.line_num}"
                    raise FeedError("malformed", f"{where}: the line does not have as many values as the header has columns")
                yield Line(path.name, lines.line_num, {name: value.strip() for name, value in values.items()})
    except (UnicodeDecodeError, csv.Error) as error:
        raise FeedError("malformed", f"{path.name}: not a CSV file in UTF-8 ({error})") from None


def _row(line: Line) -> dict:
    event_at = _instant(line)
    written, plain, read, output = _tokens(line)
    kind = line.text("kind") or "(not stated)"
    return {
        "usage_day": event_at.date(),
        "event_at": event_at,
        "user_email": email(line.text("user")),
        "service_account_id": None,
        "service_account_name": None,
        "cloud_agent_id": present(line.text("cloudagentid")),
        "automation_id": present(line.text("automationid")),
        "conversation_id": None,
        "model": present(line.text("model")),
        "kind": kind,
        "kind_class": kind_class(kind),
        "max_mode": _FLAGS.get((line.text("maxmode") or "").lower()),
        "is_token_based": None,
        "is_chargeable": None,
        "is_headless": None,
        "requests_costs": _amount(line, "requests"),
        "input_tokens": plain,
        "output_tokens": output,
        "cache_write_tokens": written,
        "cache_read_tokens": read,
        "model_usd": None,
        "discount_percent": None,
        "charged_usd": _amount(line, "cost"),
        "token_fee_usd": None,
    }


def _instant(line: Line) -> datetime:
    text = line.required("date")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FeedError("malformed", f"{line.where}: Date {text!r} is not an ISO instant") from None
    # The export writes UTC with a Z; a program that saved it again may have dropped that.
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tokens(line: Line) -> list[int | None]:
    """Cache writes, plain input, cache reads and output, which are disjoint.

    Some exports count the plain input into the cache writes as well; their total shows it.
    """
    written, plain, read, output = found = [_count(line, name) for name in (CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT)]
    total = _count(line, TOTAL)
    if total is None or sum(count or 0 for count in found) == total:
        return found
    rest = (read or 0) + (output or 0)
    if written is not None and plain is not None and written >= plain and total in (written + rest, plain + rest):
        return [written - plain, plain, read, output]
    message = f"{line.where}: {TOTAL} is {total}, but the four token columns add up to another number"
    raise FeedError("malformed", message)


def _count(line: Line, name: str) -> int | None:
    text = (line.text(squeezed(name)) or "-").replace(",", "")
    if text == "-":
        return None
    if not text.isdigit():
        raise FeedError("malformed", f"{line.where}: {name} {text!r} is not a whole number")
    return int(text)


def _amount(line: Line, name: str) -> Decimal | None:
    return None if (line.text(name) or "").lower() in _NO_AMOUNT else line.amount(name)
