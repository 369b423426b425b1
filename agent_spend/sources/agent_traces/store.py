"""Where the trace files lie: a folder, or the objects below a prefix of a bucket. Lists them and opens them.

Objects are read with Arrow's own file systems, which come with a package this project needs anyway; it is loaded by the
first store, so that a process without one goes without.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar
from urllib.parse import unquote, urlsplit

from agent_spend.errors import FeedError, State
from agent_spend.settings import env

if TYPE_CHECKING:
    from pyarrow import fs

Item = TypeVar("Item")

SUFFIXES = (".json", ".jsonl", ".ndjson", ".binpb", ".pb", ".protobuf-bin", ".bin")
COMPRESSIONS = ("", ".gz", ".zst")
#: Objects fetched at once, each whole and at most this large; a larger one is streamed alone.
OBJECTS_AHEAD, OBJECT_BYTES = 16, 4 * 1024 * 1024
#: A trace that runs longer than this is not put together over all of its objects.
LOOK_BACK_DAYS = 3
_CONNECT_SECONDS, _ANSWER_SECONDS = 10, 60
#: What a store's own error text says, and what that is: reason, state and remedy.
_STORE_ERRORS = (
    (r"NO_SUCH_BUCKET|NoSuchBucket|bucket does not exist", "not_found", State.MISSING, "fix the bucket's name"),
    (r"ACCESS_DENIED|AccessDenied|PERMISSION_DENIED|HTTP status 403", "forbidden", State.FORBIDDEN,
     "allow s3:ListBucket and s3:GetObject (storage.objects.list and .get) on the prefix"),
    (r"INVALID_ACCESS_KEY|INVALID_CLIENT_TOKEN|SIGNATURE|EXPIRED|UNRECOGNIZED_CLIENT|UNAUTHENTICATED|HTTP status 401",
     "unauthorized", State.MISSING, "give the cloud's SDK a role, a profile or keys that are valid"),
    (r"SLOW_DOWN|THROTTLING|RESOURCE_EXHAUSTED", "rate_limited", State.MISSING, "run again later"),
    (r"NETWORK_CONNECTION|UNAVAILABLE|[Tt]imeout|resolve host|curl", "connection", State.MISSING,
     "check the endpoint, the region and the network"),
)


@dataclass(frozen=True)
class TraceFile:
    """One file or object. ``name`` is its path below the folder, used in messages; ``number`` orders files for ties.

    ``size``: bytes when it was listed; a file still being written may hold more by now.
    """

    path: str
    name: str
    number: int
    size: int = 0


class TraceStore:
    """The files behind ``AGENT_TRACES_URI``: a path, ``file://``, ``s3://bucket/prefix`` or ``gs://bucket/prefix``.

    Raises:
        FeedError: ``unsupported_uri``, ``not_found``, or what the store's own error means; with the remedy.
    """

    passed_over_day: date | None = None
    """Day on which the oldest object that ``files`` passed over was received."""

    def __init__(self, uri: str):
        self._uri = uri
        scheme = urlsplit(uri).scheme
        self._is_remote = scheme in ("s3", "gs")
        if not self._is_remote and scheme not in ("", "file"):
            raise FeedError(
                "unsupported_uri",
                f"agent_spans: AGENT_TRACES_URI {uri!r}: give a folder, file://, s3://, gs:// or clickhouse://",
            )
        from pyarrow import fs

        with translated(uri):
            self._files, self._base = _bucket(uri) if self._is_remote else (fs.LocalFileSystem(), _folder(uri))

    def files(self, days: Sequence[date]) -> list[TraceFile]:
        """Every trace file in the order of its name; hidden files and folders are left out.

        A path is never trusted for a time, but an object cannot hold spans that ended after the store received it:
        one received more than ``LOOK_BACK_DAYS`` before the first of ``days`` is passed over, and ``passed_over_day`` is the day
        of the oldest. A folder's own times prove nothing (a copied file carries any), so all of it is read.

        Raises:
            FeedError: ``no_files``, or what the store's own error means.
        """
        from pyarrow import fs

        try:
            with translated(self._uri):
                found = self._files.get_file_info(fs.FileSelector(self._base, recursive=True))
        except FeedError as error:
            if error.reason != "vanished":
                raise
            found = []
        endings = tuple(suffix + compression for suffix in SUFFIXES for compression in COMPRESSIONS)
        named = {info.path[len(self._base) :].lstrip("/"): info for info in found if info.type == fs.FileType.File}
        named = {
            name: named[name]
            for name in sorted(named)
            if name.endswith(endings) and not any(part.startswith(".") for part in name.split("/"))
        }
        if not named:
            raise FeedError(
                "no_files", f"agent_spans: no {', '.join(SUFFIXES)} file (or .gz, .zst of it) below {self._uri}"
            )
        if self._is_remote:
            named = self._received_late_enough(named, min(days))
        return [TraceFile(info.path, name, n, info.size) for n, (name, info) in enumerate(named.items())]

    def _received_late_enough(self, named: "dict[str, fs.FileInfo]", since: date) -> "dict[str, fs.FileInfo]":
        if since > datetime.now(UTC).date():
            # A calendar of its own (a sandbox): the store's clock says nothing about its days.
            return named
        # A store that tells no time gives 1970 or none.
        received = {name: info.mtime.astimezone(UTC).date() for name, info in named.items() if info.mtime_ns}
        first = since - timedelta(days=LOOK_BACK_DAYS)
        self.passed_over_day = min((day for day in received.values() if day < first), default=None)
        return {name: info for name, info in named.items() if received.get(name, first) >= first}

    def opened(self, files: Iterable[TraceFile]) -> Iterator[tuple[TraceFile, BinaryIO]]:
        """Each file with its bytes, in order; small objects are fetched ahead, several at once.

        Raises:
            FeedError: ``vanished``, or what the store's own error means.
        """
        small = (lambda file: file.size <= OBJECT_BYTES) if self._is_remote else (lambda file: False)
        for file, body in read_ahead(files, self._whole, OBJECTS_AHEAD, small):
            if body is not None:
                yield file, BytesIO(body.result())
            else:
                with translated(file.name), self._files.open_input_stream(file.path, compression=None) as stream:
                    yield file, stream

    def _whole(self, file: TraceFile) -> bytes:
        with translated(file.name), self._files.open_input_stream(file.path, compression=None) as stream:
            return stream.read()


def read_ahead(
    items: Iterable[Item],
    read: Callable[[Item], object],
    at_once: int,
    is_fit: Callable[[Item], bool] = lambda item: True,
) -> Iterator[tuple[Item, Future | None]]:
    """Each item in order with what ``read`` gives of it, asked for ahead of its turn; nothing for items not fit."""
    pool, waiting = ThreadPoolExecutor(at_once), deque()
    try:
        for item in items:
            waiting.append((item, pool.submit(read, item) if is_fit(item) else None))
            if len(waiting) == at_once:
                yield waiting.popleft()
        yield from waiting
    finally:
        pool.shutdown(cancel_futures=True)


def _folder(uri: str) -> str:
    folder = Path(unquote(urlsplit(uri).path) if uri.startswith("file:") else uri).expanduser().absolute()
    if not folder.is_dir():
        raise FeedError("not_found", f"agent_spans: AGENT_TRACES_URI: {folder} is not a folder; fix the path")
    return str(folder)


def _bucket(uri: str) -> "tuple[fs.FileSystem, str]":
    """The file system and ``bucket/prefix``; credentials and profiles are those of the cloud's SDK."""
    from pyarrow import fs

    parts = urlsplit(uri)
    if not parts.netloc or "@" in parts.netloc:
        raise FeedError(
            "bad_value", f"agent_spans: AGENT_TRACES_URI: write {parts.scheme}://bucket/prefix, without credentials"
        )
    base = f"{parts.netloc}/{parts.path.strip('/')}".rstrip("/")
    if parts.scheme == "gs":
        endpoint = urlsplit(env("STORAGE_EMULATOR_HOST"))
        emulator = {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme, "anonymous": True}
        return fs.GcsFileSystem(
            retry_time_limit=timedelta(seconds=_ANSWER_SECONDS), **(emulator if endpoint.netloc else {})
        ), base
    endpoint = env("AWS_ENDPOINT_URL_S3") or env("AWS_ENDPOINT_URL")
    region = env("AWS_REGION") or env("AWS_DEFAULT_REGION")
    if not region and not endpoint:
        region = fs.resolve_s3_region(parts.netloc)
    return fs.S3FileSystem(
        endpoint_override=endpoint or None,
        region=region or "us-east-1",
        connect_timeout=_CONNECT_SECONDS,
        request_timeout=_ANSWER_SECONDS,
    ), base


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turns what a file system raises into a ``FeedError`` that names the place and the remedy."""
    try:
        yield
    except FileNotFoundError:
        raise FeedError(
            "vanished", f"agent_spans: {where} is gone since it was listed (rotated or expired); run again"
        ) from None
    except OSError as error:
        said = " ".join(str(error).split())[:300]
        for pattern, reason, state, remedy in _STORE_ERRORS:
            if re.search(pattern, said):
                raise FeedError(reason, f"agent_spans: {where}: {said}; {remedy}", state) from None
        raise FeedError("unreadable", f"agent_spans: {where}: {said}; check its permissions") from None
