"""GitHub's two-step metrics reports: an envelope of pre-signed links, then one NDJSON file behind each of them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple, TypeVar

import ijson
import msgspec

from agent_spend.errors import FeedError
from agent_spend.sources.answers import Answer, Download
from agent_spend.sources.copilot.schema import Envelope, UserDay, UserTeam
from agent_spend.sources.copilot.session import get, refusal
from agent_spend.sources.decoding import decode
from agent_spend.sources.http import VendorSession

#: What a refused or expired link answers; GitHub does not document which, so the links are asked for once more.
_LINK_REFUSED = (401, 403, 404)
#: Keeps the digits of a number.
_JSON = msgspec.json.Encoder(decimal_format="number")
_TOTALS, _HEAD_BYTES = re.compile(rb'"((?:day|user)_totals)"\s*:'), 1 << 16

Record = TypeVar("Record", UserDay, UserTeam)


@dataclass(frozen=True)
class Report:
    """Every shard of one report, downloaded. It covers ``first_day`` to ``last_day``, both included."""

    files: list[Download]
    raw: list[Answer | Download]
    first_day: date
    last_day: date
    where: str

    def records(self, shape: type[Record]) -> Iterator[Record]:
        """The records of all shards, decoded one by one.

        Raises:
            FeedError: ``malformed``, ``missing_field`` or ``wrong_day``, naming the file and line.
        """
        decoder = msgspec.json.Decoder(shape)
        for file in self.files:
            name = f"{self.where}: {file.url.rsplit('/', 1)[-1]}"
            for number, line in _numbered_lines(file, name):
                record = _record(decoder, line, name, number)
                if record.day is None:
                    record.day = self._only_day(name, number)
                if not self.first_day <= record.day <= self.last_day:
                    raise FeedError(
                        "wrong_day",
                        f"{name} line {number}: field day is {record.day}, the report is of {self.first_day} to {self.last_day}",
                    )
                yield record


    def _only_day(self, name: str, number: int) -> date:
        if self.first_day == self.last_day:
            return self.first_day
        raise FeedError(
            "missing_field", f"{name} line {number}: field day is missing, and totals of {self.first_day} to {self.last_day} "
            "say nothing about a day; nothing was stored"
        )  # fmt: skip


def read_report(
    session: VendorSession, path: str, params: dict | None, where: str, permission: str, day: date | None
) -> Report:
    """Both steps for one scope; the files are on disk, and nothing of them is decoded yet.

    Args:
        day: the one day the report must cover; ``None`` for a report that names its window itself.

    Raises:
        FeedError: no file (``no_report`` for 204, ``empty_body``, ``null_body``, ``no_links``); a refusal;
            ``wrong_day``; ``link_expired``; ``truncated``; ``shard_missing``.
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
    return Report(files, [envelope.raw, *files], *envelope.window, where)


def _numbered_lines(file: Download, name: str) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank, by number. A file that is one JSON document, as in GitHub's examples, gives its entries."""
    prefix = _place_of_entries(file.document().read(_HEAD_BYTES).lstrip())
    if prefix is not None:
        yield from enumerate(_entries(file, prefix, name), 1)
        return
    for number, line in enumerate(file.lines(), 1):
        if not line.isspace():
            yield number, line


def _place_of_entries(head: bytes) -> str | None:
    """Where a file that is one document keeps its entries, as ijson names it; ``None`` for a file of lines."""
    is_list = head.startswith(b"[")
    # The aggregated reports have their days in an object around them, and so do copies of the users' reports.
    if around := _TOTALS.search(head):
        return ("item." if is_list else "") + f"{around[1].decode()}.item"
    return "item" if is_list else "" if head.partition(b"\n")[0].strip() == b"{" else None


def _entries(file: Download, prefix: str, name: str) -> Iterator[bytes]:
    try:
        for entry in ijson.items(file.document(), prefix, multiple_values=not prefix.startswith("item")):
            yield _JSON.encode(entry)
    except (ijson.JSONError, UnicodeEncodeError) as error:
        reason = " ".join(str(error).split())
        raise FeedError("malformed", f"{name}: not valid JSON ({reason}); nothing was stored") from None


def _record(decoder: msgspec.json.Decoder, line: bytes, name: str, number: int):
    try:
        return decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return decode(line, decoder.type, f"{name} line {number}")


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


def _files(session: VendorSession, links: list[str], where: str) -> list[Download]:
    files: list[Download] = []
    for number, link in enumerate(links, 1):
        at = f"{where}: shard {number} of {len(links)}, {link.split('?')[0]}"
        try:
            file = session.download(link)
        except FeedError as error:
            raise _shard_error(files, error.reason, at, error.message) from None
        if file.status in _LINK_REFUSED:
            raise _LinkRefused(_shard_error(files, "link_expired", at, f"{file.status}, also with a new link"))
        if file.status != 200:
            raise _shard_error(files, "unexpected_status", at, f"answered {file.status}; run the day again for new links")
        # The link's signature is as good as a password while it lasts: it is not kept.
        files.append(replace(file, url=file.url.split("?")[0]))
    return files


def _shard_error(read: list[Download], reason: str, at: str, why: str) -> FeedError:
    if not read:
        return FeedError(reason, f"{at}: {why}")
    return FeedError("shard_missing", f"{at}: {why}; nothing of the day was stored, run it again")
