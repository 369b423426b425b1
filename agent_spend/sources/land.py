"""The one way a feed's answers become partitions of the lake."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

from agent_spend.errors import EXPECTED_GAPS, FeedError, State
from agent_spend.lake import raw
from agent_spend.lake.columns import TEXT
from agent_spend.lake.ledgers import Coverage, coverage_of, log_revisions, store_coverage
from agent_spend.lake.spool import Spool
from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.feed import DayAnswer, Feed, Unread
from agent_spend.sources.feed import answers as asked
from agent_spend.sources.standing import standing

#: Tag of a run in which an answer without rows replaces those that are stored.
ACCEPT_EMPTY = "agent_spend/accept_empty"
ACCEPT_EMPTY_REMEDY = f"backfill the day with --accept-empty, or the run tag {ACCEPT_EMPTY}: true"
#: A sum of more dollars or credits than this fits no column.
_LARGEST_TOTAL = Decimal(10) ** 20
#: Rows of a run that are held in memory; with more, all of them wait in a file.
_MEMORY_BYTES = 2 << 20


@dataclass(frozen=True)
class Size:
    """How much one partition's answer holds; ``total`` sums the feed's total column, ``None`` when nothing is known."""

    rows: int
    total: Decimal | None
    checksum: int


@dataclass(frozen=True)
class Landing:
    """What a run did for one feed: coverage by day, the days that changed, the failures by day, and what was believed.

    ``revised`` holds the coverage before and after of each day that had data and now has other data.
    """

    coverage: dict[date, Coverage]
    changed: list[date]
    failures: dict[date, str]
    revised: list[tuple[Coverage, Coverage]]


def land(
    feed: Feed, days: Sequence[date], settings: Settings, *, log=lambda message: None, accept_empty: bool = False
) -> Landing:
    """Fetch ``days`` and replace what changed, all in one transaction.

    A failed, forbidden or missing answer never replaces stored data: it is only recorded as the last attempt. Nor does an
    empty one, but with ``accept_empty``, for who knows that there was nothing. A partial one is stored where there are no
    rows yet, or no more rows of an earlier partial answer; one that stands in for a source that refuses, where that source
    has no rows. A day of a list also has what :mod:`agent_spend.sources.standing` says.
    """
    lake = Lake(settings.lake_uri)
    known = coverage_of(lake, feed.name)
    incoming = Spool(feed.schema.schema, settings.spool_dir, _MEMORY_BYTES)
    sizes: dict[date, Size] = {}
    answers: dict[date, DayAnswer] = {}
    with ThreadPoolExecutor(1, thread_name_prefix="raw") as archive:
        for answer in asked(feed, days, settings):
            # What came is packed and written while its rows are checked.
            kept = archive.submit(raw.keep, settings.raw_dir, feed.name, answer.day, answer.raw)
            believed = _believed(lake, feed, answer, known, accept_empty)
            if believed.is_data:
                try:
                    # Rows of a day that turns out bad stay in the spool; only days with a size are taken from it.
                    sizes[answer.day] = _take(feed, believed, incoming)
                except FeedError as error:
                    believed = DayAnswer.from_error(answer.day, error)
            kept.result()
            answers[answer.day] = replace(believed, rows=(), raw=())
            if len(answers) % 10 == 0 or len(answers) == len(days):
                log(f"{feed.name}: {len(answers)} of {len(days)} days answered")
    changes = {}
    if sizes or not lake.exists(feed.name):
        contents = {day: (size.rows, size.checksum) for day, size in sizes.items()}
        found = lake.replace(feed.name, incoming, feed.partition_column, contents)
        changes = {date.fromisoformat(change.partition): change for change in found}
    coverage, revised = dict(known), []
    now = datetime.now(UTC)
    for day, answer in sorted(answers.items()):
        before = known.get(day)
        after = _coverage(feed, answer, before, sizes.get(day), changes.get(day), now)
        coverage[day] = after
        if before and before.revision and after.revision > before.revision:
            revised.append((before, after))
    store_coverage(lake, feed.name, coverage)
    log_revisions(lake, revised)
    failed = (State.MISSING, State.PARTIAL) if feed.is_list else (State.MISSING,)
    failures = {day: a.message for day, a in answers.items() if a.state in failed and a.reason not in EXPECTED_GAPS}
    return Landing({day: coverage[day] for day in sorted(answers)}, sorted(changes), failures, revised)


def _believed(
    lake: Lake, feed: Feed, answer: DayAnswer, known: Mapping[date, Coverage], accept_empty: bool
) -> DayAnswer:
    """The answer as far as it may replace what is stored."""
    before = known.get(answer.day)
    stored = before.row_count if before is not None else 0
    if answer.state is State.ZERO and accept_empty:
        return answer
    if stored and answer.state is State.ZERO and not answer.reason and not feed.is_list:
        reason = "no_longer_served" if feed.is_forgetful else "emptied"
        message = f"{feed.name} {answer.day}: the source lists nothing any more (if that is right: {ACCEPT_EMPTY_REMEDY})"
        answer = replace(answer, reason=reason, message=message)
    if stored and (answer.is_doubtful or _is_poorer(answer, before)):
        message = f"{answer.message}; the {stored} rows that are stored were kept"
        answer = DayAnswer.from_error(answer.day, FeedError(answer.reason, message))
    if stored and answer.stands_in_for and _stored(lake, feed, answer.day, answer.stands_in_for[0], limit=1):
        refused = answer.stands_in_for[1]
        message = f"{refused.message}; the {stored} rows that are stored were kept"
        answer = DayAnswer.from_error(answer.day, FeedError(refused.reason, message, refused.state), answer.raw)
    if stored and answer.is_data and answer.keep:
        answer = _with_kept(lake, feed, answer)
    return standing(lake, feed, answer, known) if feed.is_list else answer


def _is_poorer(answer: DayAnswer, before: Coverage) -> bool:
    return answer.state is State.PARTIAL and (before.state != State.PARTIAL or len(answer.rows) < before.row_count)


def _with_kept(lake: Lake, feed: Feed, answer: DayAnswer) -> DayAnswer:
    """The answer with the stored rows of what it could not read, which stand in place of its own of the same."""
    if not (kept := _stored(lake, feed, answer.day, answer.keep)):
        return answer
    same = answer.keep_by or feed.schema.unique
    known = {tuple(row[name] for name in same) for row in kept}
    read = [row for row in answer.rows if tuple(row[name] for name in same) not in known]
    message = f"{answer.message}; {len(kept)} rows stored before were kept for {answer.keep}"
    return replace(answer, state=State.AVAILABLE, rows=[*read, *kept], message=message)


def _stored(lake: Lake, feed: Feed, day: date, unread: Unread, limit: int | None = None) -> list[dict]:
    stored = [
        row for values in unread.values
        for row in lake.rows(
            feed.name, limit=limit, **{feed.partition_column: day}, **dict(zip(unread.columns, values, strict=True))
        )
    ]  # fmt: skip
    return [{name: row.get(name) for name in feed.schema.columns} for row in stored]


def _coverage(feed, answer, before, size, change, now) -> Coverage:
    attempt = answer.reason or answer.state.value
    if not answer.is_data:
        if before is not None and before.revision:
            return replace(before, last_attempt=attempt, message=answer.message)
        return Coverage(
            feed.name, answer.day, answer.state.value, answer.reason, answer.message, 0, None, None, 0, None, attempt
        )
    known = before is not None and before.revision > 0
    if known and change is None:
        return replace(before, state=answer.state.value, reason=answer.reason, message=answer.message, last_attempt=attempt)
    fingerprint = change.fingerprint if change else "none"
    revision = before.revision + 1 if known else 1
    return Coverage(
        feed.name, answer.day, answer.state.value, answer.reason, answer.message, size.rows, size.total, fingerprint,
        revision, now, attempt,
    )


def _take(feed: Feed, answer: DayAnswer, incoming: Spool) -> Size:
    rows, total = feed.spooled(answer), None
    with localcontext(prec=60):
        for batch in feed.checked(rows, answer.day):
            incoming.append(batch)
            for name in feed.total_columns:
                # By way of its text, arro3 gives a decimal in half the time.
                known = [Decimal(text) for text in batch.column(name).cast(TEXT).to_pylist() if text is not None]
                if known:
                    total = sum(known, total or Decimal(0))
    if total is not None and abs(total) >= _LARGEST_TOTAL:
        names = " and ".join(feed.total_columns)
        raise FeedError("bad_value", f"{feed.name} {answer.day}: {names} sums to {total:.6e}, which is no amount of a day")
    return Size(len(rows), total, rows.checksum)
