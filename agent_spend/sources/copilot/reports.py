"""GitHub's two-step metrics reports: an envelope of pre-signed links, then one NDJSON file behind each of them."""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

import msgspec

from agent_spend.errors import FeedError
from agent_spend.sources.copilot.schema import Envelope, UserDay
from agent_spend.sources.copilot.session import get, refusal
from agent_spend.sources.feed import decode
from agent_spend.sources.http import Answer, VendorSession

#: What a refused or expired link answers; GitHub does not document which, so the links are asked for once more.
_LINK_REFUSED = (401, 403, 404)
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Report:
    """A complete report: every shard was read. It covers ``first_day`` to ``last_day``, both included."""

    records: list[UserDay]
    raw: list[Answer]
    first_day: date
    last_day: date


def read_report(
    session: VendorSession, path: str, params: dict | None, where: str, permission: str, day: date | None
) -> Report:
    """Both steps for one scope.

    Args:
        day: the one day the report must cover; ``None`` for a report that names its window itself.

    Raises:
        FeedError: no file (``no_report`` for 204, ``empty_body``, ``null_body``, ``no_links``); a refusal;
            ``wrong_day``; ``link_expired``; ``shard_missing``; ``malformed`` or ``missing_field`` with the line.
            Nothing is kept of a report that is not complete.
    """
    try:
        envelope = _envelope(session, path, params, where, permission, day)
        files = _files(session, envelope.links, where)
    except _LinkRefused:
        envelope = _envelope(session, path, params, where, permission, day)
        try:
            files = _files(session, envelope.links, where)
        except _LinkRefused as refused:
            raise refused.error from None
    first_day, last_day = envelope.window
    records = [record for file in files for record in read_records(file, where, first_day, last_day)]
    return Report(records, [envelope.raw, *files], first_day, last_day)


def read_records(file: Answer, where: str, first_day: date, last_day: date) -> Iterator[UserDay]:
    """The records of one file: NDJSON, or a JSON array; blank lines are skipped.

    Raises:
        FeedError: ``malformed``, ``missing_field`` or ``wrong_day``, naming the line.
    """
    name = file.url.rsplit("/", 1)[-1]
    body = file.body.removeprefix(b"\xef\xbb\xbf")
    if body.lstrip().startswith(b"["):
        numbered = enumerate(decode(body, list[msgspec.Raw], f"{where}: {name}"), 1)
    else:
        numbered = ((number, line) for number, line in enumerate(body.splitlines(), 1) if line.strip())
    for number, line in numbered:
        at = f"{where}: {name} line {number}"
        record = decode(bytes(line), UserDay, at)
        if not first_day <= record.day <= last_day:
            raise FeedError("wrong_day", f"{at}: field day is {record.day}, the report is of {first_day} to {last_day}")
        yield record


class _Opened(NamedTuple):
    links: list[str]
    window: tuple[date, date]
    raw: Answer


class _LinkRefused(Exception):
    """A link was refused, which an expired one is; ``error`` is what it means when new links fare no better."""

    def __init__(self, error: FeedError):
        super().__init__(error.message)
        self.error = error


def _envelope(session, path, params, where, permission, day) -> _Opened:
    where = f"{where}: GET {path}"
    answer = get(session, path, params, where)
    if answer.status == 204:
        raise FeedError("no_report", f"{where}: GitHub has no report for this day (yet)")
    if answer.status != 200:
        raise refusal(answer, where, permission)
    text = answer.body.strip()
    if text in (b"", b'""'):
        raise FeedError("empty_body", f"{where}: 200 with an empty body; no report is known for this day")
    if text == b"null":
        raise FeedError("null_body", f"{where}: 200 with a null body; no report is known for this day")
    envelope = decode(text, Envelope, where)
    if not envelope.download_links:
        raise FeedError("no_links", f"{where}: 200 without download links; no report is known for this day")
    unsigned = replace(answer, body=re.sub(rb'\?[^"]*"', b'?(signature removed)"', answer.body))
    return _Opened(envelope.download_links, _window(envelope, where, day), unsigned)


def _window(envelope: Envelope, where: str, day: date | None) -> tuple[date, date]:
    if day is not None:
        if envelope.report_day not in (None, day):
            raise FeedError("wrong_day", f"{where}: field report_day is {envelope.report_day}, asked for {day}")
        return day, day
    if envelope.report_start_day is None or envelope.report_end_day is None:
        raise FeedError("missing_field", f"{where}: report_start_day and report_end_day are required and not there")
    return envelope.report_start_day, envelope.report_end_day


def _files(session: VendorSession, links: list[str], where: str) -> list[Answer]:
    files: list[Answer] = []
    for number, link in enumerate(links, 1):
        at = f"{where}: shard {number} of {len(links)}, {link.split('?')[0]}"
        try:
            file = session.download(link)
        except FeedError as error:
            raise _shard_error(files, error.reason, at, error.message) from None
        if file.status in _LINK_REFUSED:
            raise _LinkRefused(_shard_error(files, "link_expired", at, f"{file.status}, also with a new link"))
        if file.status != 200:
            raise _shard_error(files, "unexpected_status", at, f"answered {file.status}")
        files.append(_plain(file, at))
    return files


def _shard_error(read: list[Answer], reason: str, at: str, why: str) -> FeedError:
    if not read:
        return FeedError(reason, f"{at}: {why}")
    return FeedError("shard_missing", f"{at}: {why}; nothing of the day was stored, run it again")


def _plain(file: Answer, where: str) -> Answer:
    """The file as it is kept: without the link's signature, and unpacked."""
    body = file.body
    if body.startswith(_GZIP):
        try:
            body = gzip.decompress(body)
        except (OSError, EOFError) as error:
            raise FeedError("truncated", f"{where}: broken gzip ({error}); nothing was stored") from None
    return replace(file, url=file.url.split("?")[0], body=body)
