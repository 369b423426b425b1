"""The folder of trace files: what lies in it, and its lines in bounded pieces, however they are compressed."""

import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import zstandard

from agent_spend.errors import FeedError

SUFFIXES = (".json", ".jsonl", ".ndjson")
COMPRESSIONS = ("", ".gz", ".zst")
#: Bytes of lines handed to a reader at once. A longer line is handed over whole.
PIECE_BYTES = 8 * 1024 * 1024
_GZIP_MAGIC, _ZSTD_MAGIC = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class TraceFile:
    """One file. ``name`` is its path below the folder, used in messages; ``number`` orders files for ties."""

    path: Path
    name: str
    number: int


@dataclass(frozen=True)
class Piece:
    """Some consecutive lines. ``is_tail``: one last line without newline, complete or still being written."""

    body: bytes
    first_line: int
    is_tail: bool = False


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
        raise FeedError("not_found", f"agent_spans: AGENT_TRACES_URI: {folder} is not a folder; create it or fix the path")
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
        raise FeedError("no_files", f"agent_spans: no {', '.join(endings[::3])} file (or .gz, .zst of it) below {folder}")
    return [TraceFile(path, path.relative_to(folder).as_posix(), n) for n, path in enumerate(found)]


def pieces(report: FileReport, piece_bytes: int = PIECE_BYTES) -> Iterator[Piece]:
    """The file's lines, decompressed, in pieces of about ``piece_bytes`` that end at a newline."""
    first_line, waiting = 1, b""
    for block in _blocks(report, piece_bytes):
        if first_line == 1 and not waiting:
            block = block.removeprefix(_BYTE_ORDER_MARK)
        end = block.rfind(b"\n") + 1
        if not end:
            waiting += block
            continue
        body, waiting = waiting + block[:end], block[end:]
        yield Piece(body, first_line)
        first_line += body.count(b"\n")
    if waiting.strip():
        yield Piece(waiting, first_line, is_tail=True)


def _blocks(report: FileReport, size: int) -> Iterator[bytes]:
    with report.file.path.open("rb") as raw:
        stream = _decompressed(raw)
        while True:
            try:
                block = stream.read(size)
            except (EOFError, OSError, zstandard.ZstdError):
                report.is_cut_off = True
                return
            if not block:
                return
            yield block


def _decompressed(raw: BinaryIO) -> BinaryIO:
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP_MAGIC):
        return io.BufferedReader(gzip.GzipFile(fileobj=raw))
    if magic.startswith(_ZSTD_MAGIC):
        # With rotation every write of the Collector is a frame of its own.
        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    return raw
