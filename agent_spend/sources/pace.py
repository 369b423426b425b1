"""How fast a vendor may be asked: its documented budgets and the pauses it asks for, shared by every process of a home."""

import hashlib
import io
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from pathlib import Path

from filelock import FileLock

#: A vendor that asks for a longer pause than this gets a failed day, not a sleeping run.
MAX_WAIT_SECONDS = 120
#: A moment that lies further ahead than this was noted before the clock was set back.
_LONGEST_QUEUE_SECONDS = 3600
_PAUSED = "paused until"

#: Another process is done with the file in a tenth of this.
_POLL_SECONDS = 0.005

_worker = threading.local()


class Stopped(Exception):
    """The run that a request waits for was stopped."""


def wake_on(stop: threading.Event) -> None:
    """Let the waits of this thread end when ``stop`` is set."""
    _worker.stop = stop


def sleep(seconds: float) -> None:
    """The one place where a request waits.

    Raises:
        Stopped: nobody wants the answer any more.
    """
    stop = getattr(_worker, "stop", None)
    if stop is None:
        time.sleep(seconds)
    elif stop.wait(seconds):
        raise Stopped


class Pace:
    """The budgets of one vendor account, a token bucket a path prefix, and the pause that the vendor asked for.

    Args:
        rates: requests a minute by path prefix, longest prefix wins; from the vendor's documentation. A sixth of them may
            come at once and the others evenly spread, so that no minute has more, wherever it begins.
        file: what threads and processes of the account share; without one, each pace is alone.
    """

    def __init__(self, rates: Mapping[str, float], file: Path | None = None):
        self._rates = rates
        self._open = partial(nullcontext, io.BytesIO())
        self._among_threads, self._among_processes = threading.Lock(), nullcontext()
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            self._open = partial(file.open, "r+b", buffering=0)
            self._among_threads = _lock_of(file)
            self._among_processes = FileLock(f"{file}.lock", poll_interval=_POLL_SECONDS)

    def wait_turn(self, path: str) -> None:
        """Return when a request for ``path`` may be sent."""
        if (seconds := self._turn(path)) > 0:
            sleep(seconds)

    def pause(self, seconds: float) -> None:
        """Let nobody ask for a while: the vendor refuses this account, not just one request."""
        with self._state() as moments:
            moments[_PAUSED] = max(moments.get(_PAUSED, 0.0), time.time() + seconds)

    def _turn(self, path: str) -> float:
        """Seconds from now to the turn that is taken for ``path``."""
        prefix = max((prefix for prefix in self._rates if path.startswith(prefix)), key=len, default=None)
        now = time.time()
        with self._state() as moments:
            turn = max(now, min(moments.get(_PAUSED, 0.0), now + MAX_WAIT_SECONDS))
            if prefix is not None:
                at_once = max(1, int(self._rates[prefix] / 6))
                between = 60 / max(1.0, self._rates[prefix] - at_once)
                # When the bucket would be full again: the newest turns taken are as far ahead as the bucket is empty.
                full = max(turn, moments.get(prefix, 0.0))
                turn = max(turn, full - (at_once - 1) * between)
                moments[prefix] = full + between
            return turn - now

    @contextmanager
    def _state(self) -> Iterator[dict[str, float]]:
        """Moments by what they are the moment of, in seconds since 1970; nobody else changes them meanwhile."""
        # Whoever finds a file locked looks again after a while; threads, of which there are many, wait in turn.
        with self._among_threads, self._among_processes, self._open() as file:
            file.seek(0)
            try:
                found = json.loads(file.read() or b"{}")
            except ValueError:
                found = {}
            latest = time.time() + _LONGEST_QUEUE_SECONDS
            moments = {name: moment for name, moment in found.items() if moment <= latest} if isinstance(found, dict) else {}
            yield moments
            file.seek(0)
            # Never shorter than before: to cut a file short takes a thousand times longer than to write it.
            file.write(json.dumps(moments).encode().ljust(1000))


def shared_pace(vendor: str, address: str, rates: Mapping[str, float], home: Path) -> Pace:
    """The one pace of an account (vendor and address), whatever number of feeds and processes of ``home`` ask it."""
    name = hashlib.sha256(address.encode()).hexdigest()[:12]
    return Pace(rates, home / "pace" / f"{vendor}-{name}.json")


@lru_cache
def _lock_of(file: Path) -> threading.Lock:
    return threading.Lock()


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds the vendor asks us to wait: ``Retry-After`` (seconds or date) or GitHub's ``x-ratelimit-reset``.

    Moments are compared with the answer's own ``Date``, so that a clock that is wrong on either side does not matter.
    """
    value = headers.get("Retry-After", "").strip()
    if value:
        try:
            return max(0.0, float(value))
        except ValueError:
            until = _moment(value)
            return max(0.0, (until - _now(headers)).total_seconds()) if until else None
    reset = headers.get("x-ratelimit-reset", "")
    if headers.get("x-ratelimit-remaining") == "0" and reset.isascii() and reset.isdigit():
        return max(0.0, float(reset) - _now(headers).timestamp())
    return None


def _now(headers: Mapping[str, str]) -> datetime:
    return _moment(headers.get("Date", "")) or datetime.now(UTC)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
