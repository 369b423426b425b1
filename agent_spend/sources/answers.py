"""What a vendor or a file gave us, as received: an answer held in memory, or a download that waits on disk."""

import codecs
import io
import itertools
import json
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from msgspec import Raw

#: Downloads up to this size stay in memory.
SMALL_BYTES = 1 << 20
CHUNK_BYTES = 1 << 18
_GZIP = b"\x1f\x8b"


class TooLarge(Exception):
    """An answer is larger than there is room for, or than any answer of a vendor."""


@dataclass(frozen=True)
class Answer:
    """One HTTP answer as received. ``url`` never holds a query secret; ``body`` is the decoded entity."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces."""
        for start in range(0, len(self.body), CHUNK_BYTES):
            yield self.body[start:start + CHUNK_BYTES]


@dataclass(frozen=True)
class Download:
    """One downloaded file, unpacked. It takes the same memory whatever its size and disappears when it is let go.

    ``file`` is read from its start by one reader at a time.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    file: IO[bytes]
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def receive(
        cls, url: str, status: int, headers: Mapping[str, str], chunks: Iterable[bytes], folder: Path
    ) -> "Download":
        """Write the chunks of an answer to a nameless file in ``folder``, or to memory while they are few.

        Raises:
            EOFError: packed content ends early.
            zlib.error: packed content is damaged.
            TooLarge: it takes more than half of the room that is left, as one without an end would.
        """
        folder.mkdir(parents=True, exist_ok=True)
        room = shutil.disk_usage(folder).free // 2
        file = tempfile.SpooledTemporaryFile(SMALL_BYTES, dir=folder)  # noqa: SIM115
        # Twice: a packed file may be packed once more for the way.
        for chunk in unpacked(unpacked(chunks)):
            file.write(chunk)
            if file.tell() > room:
                raise TooLarge
        return cls(url, status, headers, file)

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces."""
        self.file.seek(0)
        while chunk := self.file.read(CHUNK_BYTES):
            yield chunk

    def lines(self) -> Iterator[bytes]:
        """The content line by line, line ends included, without a byte order mark."""
        # Not "yield from", which closes the file with this generator.
        for line in self.document():  # noqa: UP028
            yield line

    def document(self) -> IO[bytes]:
        """The file, to be read from its first byte behind a byte order mark."""
        self.file.seek(0)
        if self.file.read(len(codecs.BOM_UTF8)) != codecs.BOM_UTF8:
            self.file.seek(0)
        return self.file


@dataclass(frozen=True)
class Shelved:
    """An answer whose body waits on a :class:`Shelf`; read by one reader at a time."""

    url: str
    status: int
    headers: Mapping[str, str]
    file: IO[bytes]
    start: int
    size: int
    received_at: datetime

    @property
    def body(self) -> bytes:
        """The whole body, read anew each time."""
        self.file.seek(self.start)
        return self.file.read(self.size)

    def chunks(self) -> Iterator[bytes]:
        """The body in pieces."""
        for start in range(0, self.size, CHUNK_BYTES):
            self.file.seek(self.start + start)
            yield self.file.read(min(CHUNK_BYTES, self.size - start))


class Shelf:
    """One nameless file in ``folder`` for the bodies of many answers; it goes when the last of them is let go."""

    def __init__(self, folder: Path):
        folder.mkdir(parents=True, exist_ok=True)
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115

    def put(self, answer: Answer, part: bytes | Raw | None = None) -> Shelved:
        """The same answer, or a part of its body, without it in memory."""
        start = self._file.seek(0, io.SEEK_END)
        size = self._file.write(answer.body if part is None else part)
        return Shelved(answer.url, answer.status, answer.headers, self._file, start, size, answer.received_at)


#: What the raw archive keeps.
Received = Answer | Download | Shelved


def unpacked(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The content of gzip chunks; chunks of anything else as they are.

    Raises:
        EOFError: the content ends before its last member does, which plain gzip readers on a stream do not notice.
        zlib.error: damaged content.
    """
    chunks = iter(chunks)
    head = b""
    while len(head) < len(_GZIP) and (chunk := next(chunks, None)) is not None:
        head += chunk
    if not head.startswith(_GZIP):
        yield from itertools.chain((head,), chunks)
        return
    member = zlib.decompressobj(wbits=31)
    for packed in itertools.chain((head,), chunks):
        while packed:
            if member.eof:
                member, packed = zlib.decompressobj(wbits=31), packed.lstrip(b"\0")
            # Bounded, since a few bytes may unpack to a thousand times as many.
            yield member.decompress(packed, CHUNK_BYTES)
            packed = member.unused_data if member.eof else member.unconsumed_tail
    if not member.eof:
        raise EOFError("the packed content ends early")


def error_text(answer: Answer | Download, limit: int = 200) -> str:
    """The vendor's own words for a refusal, from any of the body shapes in use, in one short line."""
    head = next(answer.chunks(), b"")
    try:
        said = _words(json.loads(head))
    except (ValueError, RecursionError):
        said = head[: 4 * limit].decode("utf-8", "replace")
    # Also without what a terminal would take for a command.
    printable = "".join(letter if letter.isprintable() else " " for letter in said[: 4 * limit])
    return " ".join(printable.split())[:limit] or "(no text)"


def _words(body: object) -> str:
    if isinstance(body, dict):
        inner = body.get("error")
        if inner is None and "message" not in body and isinstance(body.get("errors"), list):
            inner = next(iter(body["errors"]), None)
        if isinstance(inner, dict):
            return str(inner.get("message") or inner)
        return str(body.get("message") or inner or body)
    return str(body)
