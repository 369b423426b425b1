"""Reads the trace files once a run and answers for each day asked."""

from collections.abc import Iterator, Sequence
from datetime import date

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources.agent_traces import resolve
from agent_spend.sources.agent_traces.clickhouse import TraceTable
from agent_spend.sources.agent_traces.fast import FastReader
from agent_spend.sources.agent_traces.files import FileReport, Piece, pieces
from agent_spend.sources.agent_traces.landing import Landing
from agent_spend.sources.agent_traces.rules import Lookup
from agent_spend.sources.agent_traces.store import TraceStore
from agent_spend.sources.agent_traces.strict import StrictReader
from agent_spend.sources.feed import DayAnswer

#: Quarantined lines named in a day's message; the rest are counted.
NAMED_LINES = 3


def fetch_agent_spans(days: Sequence[date], settings: Settings) -> Iterator[DayAnswer]:
    """One answer a day. Nothing is stored as received: trace files hold prompts, and they stay where they are.

    A day between the folder's first and last span without any is zero; a day outside them is missing, since files may
    not have arrived yet or may have been rotated away.
    """
    try:
        lookups = resolve.lookups()
        store = _store(settings.agent_traces_uri, lookups)
        with Landing() as landing:
            reports: list[FileReport] = []
            landing.add(FastReader(lookups, StrictReader(lookups)).read(_pieces(store, days, reports)))
            _require_spans(reports)
            landing.sort_out()
            for day in days:
                yield _answer(day, landing, reports, store.passed_over_day)
    except FeedError as error:
        yield from (DayAnswer.from_error(day, error) for day in days)


def _store(uri: str, lookups: dict[str, Lookup]) -> TraceStore | TraceTable:
    return TraceTable(uri, resolve.wanted(lookups)) if uri.startswith("clickhouse:") else TraceStore(uri)


def _pieces(
    store: TraceStore | TraceTable, days: Sequence[date], reports: list[FileReport]
) -> Iterator[tuple[Piece, FileReport]]:
    """The pieces of all files, each with its file's report, which joins ``reports``."""
    for file, raw in store.opened(store.files(days)):
        reports.append(report := FileReport(file))
        for piece in pieces(report, raw):
            yield piece, report


def _answer(day: date, landing: Landing, reports: list[FileReport], passed_over_day: date | None) -> DayAnswer:
    rows = landing.rows(day)
    contributing = landing.file_numbers(day)
    told = [report for report in reports if report.file.number in contributing or not report.spans]
    notes = [note for report in told for note in _notes(report)]
    notes += landing.oddities(day)
    message = "; ".join(notes)
    if rows.num_rows:
        reason = "quarantined" if any(report.quarantined for report in told) else ""
        return DayAnswer(day, State.AVAILABLE, rows, reason, message)
    known = landing.span_of_days()
    if known and passed_over_day:
        known = (min(known[0], passed_over_day), known[1])
    if known and known[0] < day < known[1]:
        return DayAnswer(day, State.ZERO, rows, message=message)
    nothing = "nothing has arrived lately" if passed_over_day else "the folder holds no span"
    covered = f"traces cover {known[0]} to {known[1]}" if known else nothing
    explanation = "; ".join([f"agent_spans {day}: {covered}", *notes])
    return DayAnswer(day, State.MISSING, reason="no_report", message=explanation)


def _notes(report: FileReport) -> list[str]:
    notes = []
    if report.quarantined:
        more = len(report.quarantined) - NAMED_LINES
        named = ", ".join(report.quarantined[:NAMED_LINES]) + (f", and {more} more" if more > 0 else "")
        notes.append(f"{report.file.name}: {len(report.quarantined)} quarantined ({named})")
    if report.unfinished_lines:
        notes.append(f"{report.file.name}: an unfinished last line waits for the next run")
    if report.is_cut_off:
        notes.append(f"{report.file.name}: the compressed file ends early; what came before was read")
    return notes


def _require_spans(reports: list[FileReport]) -> None:
    unrecognised = [report for report in reports if report.is_unrecognised]
    if unrecognised and not any(report.spans for report in reports):
        first = unrecognised[0]
        raise FeedError(
            "malformed",
            f"agent_spans: {len(unrecognised)} files hold lines but not one span; "
            f"{first.file.name} {first.quarantined[0]}; write OTLP/JSON with the Collector's file exporter",
        )
