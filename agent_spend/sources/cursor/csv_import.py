"""Usage events from the dashboard's CSV exports, for history that the API no longer serves and plans without the API.

The export has no conversation, service account, model cost, discount or fee, and its dollars are rounded to cents.
"""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from agent_spend.errors import FeedError, State
from agent_spend.partitions import Window, contiguous
from agent_spend.settings import Settings, env
from agent_spend.sources.cursor.kinds import NOT_STATED, doubts, kind_class
from agent_spend.sources.cursor.schema import email, present
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.files import local_path
from agent_spend.sources.lines import Line, squeezed
from agent_spend.sources.written import whole_of

FEED = "cursor_csv_events"
SETTING = "CURSOR_CSV_URI"
#: Days whose rows are held at once; the files are read again for the next ones.
WINDOW_DAYS = 30
CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT, TOTAL = (
    "Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read", "Output Tokens", "Total Tokens",
)  # fmt: skip
BUCKETS = (CACHE_WRITE, PLAIN_INPUT, CACHE_READ, OUTPUT)
REQUIRED = ("Date", "Model")
#: What an export must have one of, to tell of use; the four buckets come together or not at all.
MEASURES = ("Cost", "Requests", "Tokens", *BUCKETS)
#: Squeezed names of some vintages.
_OTHER_NAMES = {"output": squeezed(OUTPUT)}
#: Words that some vintages print in place of an amount.
_NO_AMOUNT = {"", "-", "$", "included", "free"}
#: What a personal export of 2025 calls its owner.
_SELF = "you"
_FLAGS = {"yes": True, "true": True, "no": False, "false": False}


def fetch_csv_events(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day from the export, or the folder of exports, that ``CURSOR_CSV_URI`` names.

    Of several exports of one person or team the one with the most rows of the day counts, and a team's goes before
    single people's. Two that name nobody and differ are ``ambiguous``. A day in no export is missing, not zero: an
    export does not say which days it covers.
    """
    for window in contiguous(sorted(days), step_days=WINDOW_DAYS):
        try:
            found = _events(window)
        except FeedError as error:
            yield from (DayAnswer.from_error(day, error) for day in window.days())
            continue
        yield from (_answer(found, day) for day in window.days())


@dataclass
class _Found:
    """What the exports hold of a window.

    Args:
        rows: rows of each day, each event once.
        broken: days with a line that cannot be read, or that are ambiguous.
        unclear: days with a line whose columns contradict each other.
        undated: the error of a line whose day nobody can tell, so that any day may lack it.
    """

    rows: dict[date, list[dict]] = field(default_factory=lambda: defaultdict(list))
    broken: dict[date, FeedError] = field(default_factory=dict)
    unclear: dict[date, str] = field(default_factory=dict)
    undated: FeedError | None = None


def _answer(found: _Found, day: date) -> DayAnswer:
    rows = found.rows[day]
    if day in found.broken:
        return DayAnswer.from_error(day, found.broken[day])
    if found.undated is not None:
        return DayAnswer.incomplete(day, rows, found.undated)
    if not rows:
        message = f"{FEED} {day}: no export of {SETTING} has an event of this day"
        return DayAnswer(day, State.MISSING, reason="no_report", message=message)
    reason, message = doubts(rows, f"{FEED} {day}")
    if not reason and day in found.unclear:
        reason, message = "tokens_differ", found.unclear[day]
    return DayAnswer(day, State.AVAILABLE, rows, reason, message)


def _events(window: Window) -> _Found:
    chosen: dict[tuple[date, str], list[dict]] = {}
    doubtful: dict[date, FeedError] = {}
    result = _Found()
    for path in _exports():
        rows: dict[tuple[date, str], list[dict]] = defaultdict(list)
        owner = path.parent.name if "@" in path.parent.name else ""
        for line in _lines(path):
            try:
                day = _instant(line).date()
            except FeedError as error:
                result.undated = result.undated or error
                continue
            if not window.first <= day <= window.last:
                continue
            try:
                row, contradiction = _row(line)
            except FeedError as error:
                result.broken[day] = error
                continue
            if contradiction:
                result.unclear.setdefault(day, f"{FEED} {day}: {contradiction}")
            if row["user_email"] != _SELF and "user" in line.values:
                rows[day, ""].append(row)
            else:
                rows[day, f"person {owner}"].append(row | {"user_email": email(owner)})
        for key, found in rows.items():
            before = chosen.get(key, [])
            if key[1] and not owner and _are_two_peoples(before, found):
                doubtful[key[0]] = FeedError("ambiguous", (
                    f"{FEED} {key[0]}: {path.name} and an export before it name no user and hold other events of the day: nobody "
                    "knows whether they are one person's; put each into a folder named by the person's e-mail"))
            if len(found) >= len(before):
                chosen[key] = found
    for (day, whose), rows in sorted(chosen.items()):
        if not whose or (day, "") not in chosen:
            result.rows[day].extend(rows)
    result.broken = {day: error for day, error in doubtful.items() if (day, "") not in chosen} | result.broken
    return result


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


def _lines(path: Path) -> Iterator[Line]:
    """The export line by line; columns go by header name, so every vintage is read, whatever it lacks."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            lines = csv.DictReader(file)
            names = [squeezed(name) for name in lines.fieldnames or []]
            lines.fieldnames = [_OTHER_NAMES.get(name, name) for name in names]
            if missing := _missing(lines.fieldnames):
                message = f"{path.name}: no column {missing}; this is not a Cursor usage-events export"
                raise FeedError("malformed", message)
            for values in lines:
                # A line of another width is cut off, or its values are in other columns than they seem: it tells nothing.
                is_whole = None not in values and None not in values.values()
                yield Line(path.name, lines.line_num, {name: value.strip() for name, value in values.items()} if is_whole else {})
    except (UnicodeDecodeError, csv.Error) as error:
        raise FeedError("malformed", f"{path.name}: not a CSV file in UTF-8 ({error})") from None


def _missing(names: Sequence[str]) -> str:
    required = REQUIRED + (BUCKETS if any(squeezed(name) in names for name in BUCKETS) else ())
    missing = [name for name in required if squeezed(name) not in names]
    if not missing and not any(squeezed(name) in names for name in MEASURES):
        return " or ".join(MEASURES)
    return ", ".join(missing)


def _row(line: Line) -> tuple[dict, str]:
    """The row, and what its columns contradict each other in."""
    event_at = _instant(line)
    (written, plain, read, output), contradiction = _tokens(line)
    kind = line.text("kind") or NOT_STATED
    row = {
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
    return row, contradiction


def _instant(line: Line) -> datetime:
    if not line.values:
        raise FeedError("malformed", f"{line.where}: the line does not have as many values as the header has columns")
    text = line.required("date")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise FeedError("malformed", f"{line.where}: Date {text!r} is not an ISO instant") from None
    # The export writes UTC with a Z; a program that saved it again may have dropped that.
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _tokens(line: Line) -> tuple[list[int | None], str]:
    """Cache writes, plain input, cache reads and output, which are disjoint; and how they contradict the total.

    Some exports count the plain input into the cache writes as well; their total shows it.
    """
    written, plain, read, output = found = [_count(line, name) for name in BUCKETS]
    total = _count(line, TOTAL)
    if total is None or found == [None] * len(BUCKETS) or sum(count or 0 for count in found) == total:
        return found, ""
    rest = (read or 0) + (output or 0)
    if written is not None and plain is not None and written >= plain and total in (written + rest, plain + rest):
        return [written - plain, plain, read, output], ""
    return found, f"{line.where}: {TOTAL} is {total}, but the four token columns add up to another number; the four are kept"


def _count(line: Line, name: str) -> int | None:
    text = (line.text(squeezed(name)) or "-").replace(",", "")
    count = whole_of(text)
    if count is None and text != "-":
        raise FeedError("malformed", f"{line.where}: {name} {text!r} is not a whole number")
    return count


def _amount(line: Line, name: str) -> Decimal | None:
    return None if (line.text(name) or "").lower() in _NO_AMOUNT else line.amount(name)
