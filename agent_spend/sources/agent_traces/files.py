"""What a trace file holds: its lines, documents or messages in bounded pieces, however they are compressed."""

import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import BinaryIO

import zstandard

from agent_spend.errors import FeedError
from agent_spend.sources.agent_traces.store import TraceFile, translated

#: Bytes of lines handed to a reader at once. A longer line is handed over whole.
PIECE_BYTES = 8 * 1024 * 1024
#: Bytes read at once, and when they are compressed: text grows about ten times.
READ_BYTES, COMPRESSED_BYTES = 4 * 1024 * 1024, 256 * 1024
_GZIP_MAGIC, _ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
#: The first byte of a length prefix, for messages below 64 MiB; text starts with none of these bytes.
_LARGEST_PREFIX_BYTE = 3
#: The first byte of a bare protobuf message; also a line end, so JSON is told apart by what follows or by its name.
_BARE_MESSAGE, _BARE_SUFFIXES = b"\n", (".binpb", ".pb", ".protobuf-bin", ".bin")
_JSON = re.compile(rb"\s*[\[{]")
#: A first line that opens a document and does not end it.
_INDENTED = re.compile(rb"\s*(\[[ \t\r]*\n|[\[{]([^\n]*[\[{,:])?[ \t\r]*\n(?!\{\"resource))")
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Piece:
    """Some consecutive lines, or some consecutive protobuf ``messages``.

    ``is_tail``: one last line without newline, complete or still being written.
    """

    body: bytes
    first_line: int
    is_tail: bool = False
    messages: tuple[bytes, ...] = ()


@dataclass
class FileReport:
    """What reading one file met besides spans."""

    file: TraceFile
    spans: int = 0
    quarantined: list[str] = field(default_factory=list)
    """``line 7: reason``, one for each line or span that was refused."""
    unfinished_lines: int = 0
    other_signal_lines: int = 0
    is_cut_off: bool = False
    """The compressed stream ended early; what came before was read."""

    @property
    def is_unrecognised(self) -> bool:
        """Lines, but not one span or other signal among them."""
        return not self.spans and not self.other_signal_lines and bool(self.quarantined)


def pieces(report: FileReport, raw: BinaryIO, piece_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
    """The file's lines or messages, read from ``raw`` and decompressed, in pieces of about ``piece_bytes``.

    JSON lines, indented JSON documents, JSON or protobuf behind length prefixes (the Collector's ``format: proto`` and
    its compressed JSON), and a single bare protobuf message (the S3 exporter) are told apart by their first bytes.

    Raises:
        FeedError: ``changed`` when the file became shorter while it was read; ``vanished``, or what the store said.
    """
    blocks = _blocks(report, raw, piece_bytes)
    first = next(blocks, b"").removeprefix(_BYTE_ORDER_MARK)
    everything = chain([first], blocks)
    if first.startswith(_BARE_MESSAGE) and (_is_named_bare(report.file.name) or not _JSON.match(first)):
        yield Piece(b"", 1, messages=(b"".join(everything),))
    elif first[:1] and first[0] <= _LARGEST_PREFIX_BYTE:
        yield from _framed(report, everything, piece_bytes)
    elif _INDENTED.match(first):
        yield from _lines(_unindented(everything), piece_bytes)
    else:
        yield from _lines(everything, piece_bytes)


def _framed(report: FileReport, blocks: Iterator[bytes], piece_bytes: int) -> Iterator[Piece]:
    """Messages behind their length as four bytes, big end first; with legacy compression each is zstd of its own."""
    waiting, messages, size, first = b"", [], 0, 1
    for block in blocks:
        waiting += block
        place = 0
        while len(waiting) - place >= 4:
            length = int.from_bytes(waiting[place : place + 4])
            if len(waiting) - place - 4 < length:
                break
            message = waiting[place + 4 : place + 4 + length]
            place += 4 + length
            messages.append(zstandard.decompress(message) if message.startswith(_ZSTD_MAGIC) else message)
            size += len(messages[-1])
            if size >= piece_bytes:
                yield _messages(messages, first)
                first, messages, size = first + len(messages), [], 0
        waiting = waiting[place:]
    if messages:
        yield _messages(messages, first)
    report.unfinished_lines += bool(waiting)


def _messages(messages: list[bytes], first: int) -> Piece:
    if messages[0].startswith(b"{"):
        return Piece(b"\n".join(messages) + b"\n", first)
    return Piece(b"", first, messages=tuple(messages))


def _lines(blocks: Iterator[bytes], piece_bytes: int) -> Iterator[Piece]:
    parts: list[bytes | memoryview] = []
    size, first_line = 0, 1
    for block in blocks:
        parts.append(block)
        size += len(block)
        end = block.rfind(b"\n") + 1
        if size < piece_bytes or not end:
            continue
        parts[-1], rest = memoryview(block)[:end], block[end:]
        body = b"".join(parts)
        yield Piece(body, first_line)
        first_line += body.count(b"\n")
        parts, size = [rest], len(rest)
    waiting = b"".join(parts)
    end = waiting.rfind(b"\n") + 1
    if waiting[:end].strip():
        yield Piece(waiting[:end], first_line)
    if waiting[end:].strip():
        yield Piece(waiting[end:], first_line + waiting.count(b"\n"), is_tail=True)


def _unindented(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Indented documents, each as one line: a document ends with the bracket that stands first on its line."""
    document: list[bytes] = []
    for line in _split(blocks):
        document.append(line)
        if line.startswith((b"}", b"]") if document[0].lstrip().startswith(b"{") else b"]"):
            yield b" ".join(document) + b"\n"
            document = []
    if document:
        yield b" ".join(document)


def _split(blocks: Iterator[bytes]) -> Iterator[bytes]:
    waiting = b""
    for block in blocks:
        *lines, waiting = (waiting + block).split(b"\n")
        yield from (line for line in lines if line.strip())
    if waiting.strip():
        yield waiting


def _is_named_bare(name: str) -> bool:
    return any(suffix in name for suffix in _BARE_SUFFIXES)


def _blocks(report: FileReport, raw: BinaryIO, size: int) -> Iterator[bytes]:
    received = _received(report, raw, min(size, READ_BYTES))
    first = next(received, b"")
    everything = chain([first], received)
    if first.startswith(_GZIP_MAGIC):
        yield from _inflated(report, everything, lambda: zlib.decompressobj(wbits=31))
    elif first.startswith(_ZSTD_MAGIC):
        yield from _inflated(report, everything, zstandard.ZstdDecompressor().decompressobj)
    else:
        yield from everything


def _received(report: FileReport, raw: BinaryIO, size: int) -> Iterator[bytes]:
    received = 0
    with translated(report.file.name):
        while block := raw.read(size):
            received += len(block)
            yield block
    if received < report.file.size:
        raise FeedError(
            "changed",
            f"agent_spans: {report.file.name} became shorter while it was read (rotated or truncated); run again",
        )


def _inflated(report: FileReport, received: Iterator[bytes], new_stream: Callable) -> Iterator[bytes]:
    """Members (gzip) or frames (zstd) one after the other: with rotation every write of the Collector is a frame."""
    stream, is_between = new_stream(), True
    for block in (whole[at : at + COMPRESSED_BYTES] for whole in received for at in range(0, len(whole), COMPRESSED_BYTES)):
        while block:
            try:
                yield stream.decompress(block)
            except (zlib.error, zstandard.ZstdError):
                report.is_cut_off = True
                return
            is_between, block = stream.eof, stream.unused_data if stream.eof else b""
            if is_between:
                stream = new_stream()
    report.is_cut_off = not is_between
