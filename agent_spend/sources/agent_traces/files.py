"""The folder of trace files: what lies in it, and its lines in bounded pieces, however they are compressed."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import zstandard

from agent_spend.errors import FeedError

SUFFIXES = (".json", ".jsonl", ".ndjson", ".binpb")
COMPRESSIONS = ("", ".gz", ".zst")
#: Bytes of lines handed to a reader at once. A longer line is handed over whole.
PIECE_BYTES = 16 * 1024 * 1024
#: Compressed bytes read at once; text shrinks about ten times.
COMPRESSED_BYTES = 256 * 1024
_GZIP_MAGIC, _ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
#: The first byte of a length prefix, for messages below 64 MiB; text starts with none of these bytes.
_LARGEST_PREFIX_BYTE = 3
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class TraceFile:
    """One file. ``name`` is its path below the folder, used in messages; ``number`` orders files for ties."""

    path: Path
    name: str
    number: int


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


def folder_of(uri: str) -> Path:
    """The local folder behind ``AGENT_TRACES_URI`` (a path or a file:// URI).

    Raises:
        FeedError: ``not_found`` or ``unsupported_uri``, with the remedy.
    """
    parts = urlsplit(uri)
    if parts.scheme not in ("", "file"):
        raise FeedError(
            "unsupported_uri",
            f"agent_spans: AGENT_TRACES_URI {uri!r}: only a folder or a file:// URI; mount or sync the bucket",
        )
    folder = Path(unquote(parts.path) if parts.scheme else uri).expanduser()
    if not folder.is_dir():
        raise FeedError("not_found", f"agent_spans: AGENT_TRACES_URI: {folder} is not a folder; fix the path")
    return folder


def trace_files(folder: Path) -> list[TraceFile]:
    """Every trace file below ``folder`` in the order of its name; hidden files and folders are left out.

    Raises:
        FeedError: ``no_files``.
    """
    endings = tuple(suffix + compression for suffix in SUFFIXES for compression in COMPRESSIONS)
    found = sorted(
        path
        for path in folder.rglob("*")
        if path.name.endswith(endings)
        and path.is_file()
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    if not found:
        raise FeedError("no_files", f"agent_spans: no {', '.join(SUFFIXES)} file (or .gz, .zst of it) below {folder}")
    return [TraceFile(path, path.relative_to(folder).as_posix(), n) for n, path in enumerate(found)]


def pieces(report: FileReport, piece_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
    """The file's lines or messages, decompressed, in pieces of about ``piece_bytes``.

    JSON lines, JSON or protobuf behind length prefixes (the Collector's ``format: proto`` and its compressed JSON), and
    a single bare protobuf message (``.binpb``, the S3 exporter) are told apart by their first bytes and their name.
    """
    blocks = _blocks(report, piece_bytes)
    first = next(blocks, b"")
    everything = chain([first], blocks)
    if ".binpb" in report.file.path.suffixes:
        yield Piece(b"", 1, messages=(b"".join(everything),))
    elif first[:1] and first[0] <= _LARGEST_PREFIX_BYTE:
        yield from _framed(report, everything, piece_bytes)
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
    parts: list[bytes] = []
    size, first_line = 0, 1
    for number, block in enumerate(blocks):
        block = block if number else block.removeprefix(_BYTE_ORDER_MARK)
        parts.append(block)
        size += len(block)
        end = block.rfind(b"\n") + 1
        if size < piece_bytes or not end:
            continue
        parts[-1], rest = block[:end], block[end:]
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


def _blocks(report: FileReport, size: int) -> Iterator[bytes]:
    with report.file.path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(_GZIP_MAGIC):
            yield from _inflated(report, raw, lambda: zlib.decompressobj(wbits=31))
        elif magic == _ZSTD_MAGIC:
            yield from _inflated(report, raw, zstandard.ZstdDecompressor().decompressobj)
        else:
            while block := raw.read(size):
                yield block


def _inflated(report: FileReport, raw: BinaryIO, new_stream: Callable) -> Iterator[bytes]:
    """Members (gzip) or frames (zstd) one after the other: with rotation every write of the Collector is a frame."""
    stream, is_between = new_stream(), True
    while block := raw.read(COMPRESSED_BYTES):
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
