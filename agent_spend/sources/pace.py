"""How fast a vendor may be asked: its documented budgets and the pauses it asks for, shared by the whole process."""

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

from pyrate_limiter import Duration, Limiter, Rate

#: A vendor that asks for a longer pause than this gets a failed day, not a sleeping run.
MAX_WAIT_SECONDS = 120


def sleep(seconds: float) -> None:
    """The one place where a request waits."""
    time.sleep(seconds)


class Pace:
    """The budgets of one vendor account, one token bucket a path prefix.

    Args:
        rates: requests a minute by path prefix, longest prefix wins; from the vendor's documentation.
    """

    def __init__(self, rates: Mapping[str, float]):
        self._limiters = {
            prefix: Limiter(Rate(max(1, round(per_minute)), Duration.MINUTE)) for prefix, per_minute in rates.items()
        }
        self._lock = threading.Lock()
        self._paused_until = 0.0

    def wait_turn(self, path: str) -> None:
        """Return when a request for ``path`` may be sent."""
        with self._lock:
            pause = self._paused_until - time.monotonic()
        if pause > 0:
            sleep(pause)
        if (limiter := self.limiter(path)) is not None:
            limiter.try_acquire(path)

    def limiter(self, path: str) -> Limiter | None:
        """The bucket that requests for ``path`` draw from, if they have one."""
        matching = [prefix for prefix in self._limiters if path.startswith(prefix)]
        return self._limiters[max(matching, key=len)] if matching else None

    def pause(self, seconds: float) -> None:
        """Let nobody ask for a while: the vendor refuses this account, not just one request."""
        with self._lock:
            self._paused_until = max(self._paused_until, time.monotonic() + seconds)


@lru_cache(maxsize=64)
def shared_pace(account: str, rates: tuple[tuple[str, float], ...]) -> Pace:
    """The one pace of an account (vendor and address) in this process, whatever number of feeds ask it."""
    return Pace(dict(rates))


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
    if headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return max(0.0, int(reset) - _now(headers).timestamp())
    return None


def _now(headers: Mapping[str, str]) -> datetime:
    return _moment(headers.get("Date", "")) or datetime.now(UTC)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
