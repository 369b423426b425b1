"""One way to ask a vendor: pooled connections with timeouts, retries, `Retry-After`, a rate budget and redaction."""

import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3

from agent_spend.errors import FeedError, State
from agent_spend.settings import Settings
from agent_spend.sources import pace
from agent_spend.sources.answers import Answer, Download, TooLarge, error_text
from agent_spend.sources.connection import ConnectionPool, no_connection, spooled, whole

__all__ = ["TIMEOUT_SECONDS", "Answer", "Download", "VendorSession", "error_text"]

#: Seconds to connect, and between two pieces of an answer.
TIMEOUT_SECONDS = (10, 60)
MAX_ATTEMPTS = 5
#: So many requests in a row that failed for good, each after all its attempts, are the last ones of a session at their place.
GIVE_UP_AFTER = 20
USER_AGENT = "agent-spend/0.1"
_RETRIED_STATUS = {429, 500, 502, 503, 504, 529}


class _TryAgain(Exception):
    def __init__(self, error: FeedError, wait_seconds: float | None = None):
        super().__init__(error.message)
        self.error = error
        self.wait_seconds = wait_seconds


class VendorSession:
    """A connection pool to one vendor, for one run of one feed.

    Args:
        vendor: name used in messages, e.g. ``github_copilot``.
        base_url: without trailing slash.
        authorize: called with each request's headers just before sending; adds the secret. It is not called for
            :meth:`download`, no redirect is followed, and no other credential (``~/.netrc``) is ever sent. What it adds is
            taken out of refusals that repeat it.
        rates: requests a minute by path prefix, longest prefix wins; from the vendor's documentation. Sessions with the
            same vendor and address share one budget, in whatever process of the home they are.
        settings: where budgets are kept and large downloads wait; without them there are neither.
        is_rate_limited: finds a rate-limit refusal that has another status than 429 (GitHub: 403, and 200 of GraphQL).
        unhinted_wait_seconds: first pause after a rate-limit refusal that names none, doubled each time; ``None`` for
            the backoff of other failures.
        transport: makes the connection pool of a thread, for a vendor with certificates of its own.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        authorize: Callable[[dict[str, str]], None],
        *,
        headers: Mapping[str, str] | None = None,
        rates: Mapping[str, int] | None = None,
        settings: Settings | None = None,
        is_rate_limited: Callable[[Answer | Download], bool] = lambda answer: False,
        unhinted_wait_seconds: float | None = None,
        transport: Callable[[], ConnectionPool] | None = None,
    ):
        self.vendor = vendor
        self.base_url = base_url
        self._authorize = authorize
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})}
        self._settings = settings
        if settings is None:
            self._pace = pace.Pace(rates or {})
        else:
            scaled = {prefix: per_minute * settings.http_rate_scale for prefix, per_minute in (rates or {}).items()}
            self._pace = pace.shared_pace(vendor, base_url, scaled, settings.home)
        self._is_rate_limited = is_rate_limited
        self._unhinted_wait_seconds = unhinted_wait_seconds
        self._transport = transport or ConnectionPool
        self._local = threading.local()
        self._failed_in_a_row: Counter[str] = Counter()
        self._given_up: dict[str, tuple[float, FeedError]] = {}

    def get(self, path: str, params: Any = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """GET below the base URL; see :meth:`request`."""
        return self.request("GET", path, params=params, headers=headers)

    def post(self, path: str, body: Any) -> Answer:
        """POST a JSON body below the base URL; see :meth:`request`."""
        return self.request("POST", path, json_body=body)

    def request(
        self, method: str, path: str, *, params: Any = None, json_body: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Send a signed request and return any answer that is not worth repeating (2xx, 3xx, 4xx).

        Raises:
            FeedError: ``rate_limited``, ``server_error``, ``timeout``, ``connection`` or ``truncated`` after
                ``MAX_ATTEMPTS`` tries; ``too_large``; ``unauthorized`` for a secret that cannot be sent.
        """
        unsigned = {**self._headers, **(headers or {})}
        signed = dict(unsigned)
        self._authorize(signed)
        receive = partial(whole, signed, unsigned)
        return self._send(
            receive, path, method=method, url=self.base_url + path, headers=signed, params=params, json=json_body
        )

    def download(self, url: str) -> Download:
        """GET a pre-signed link into a file. No credential is sent, no redirect is followed, no budget is spent.

        Raises:
            FeedError: as :meth:`request`.
        """
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
        return self._send(partial(spooled, self._settings.spool_dir), None, method="GET", url=url, headers=headers)

    def _send(self, receive, path: str | None, **request):
        place = path or urlsplit(request["url"]).netloc
        until, error = self._given_up.get(place, (0.0, None))
        if time.monotonic() < until:
            raise FeedError(error.reason, f"not asked any more, because {error.message}", error.state)
        retrying = tenacity.Retrying(
            stop=_is_over, retry=tenacity.retry_if_exception_type(_TryAgain), wait=_wait,
            sleep=lambda seconds: pace.sleep(seconds), reraise=True,
        )
        try:
            for attempt in retrying:
                with attempt:
                    answer = self._attempt(attempt.retry_state.attempt_number, receive, path, request)
        except _TryAgain as exhausted:
            self._failed_in_a_row[place] += 1
            asked_wait = exhausted.wait_seconds or 0
            if asked_wait > pace.MAX_WAIT_SECONDS or self._failed_in_a_row[place] >= GIVE_UP_AFTER:
                self._given_up[place] = time.monotonic() + max(asked_wait, pace.MAX_WAIT_SECONDS), exhausted.error
            raise exhausted.error from None
        del self._failed_in_a_row[place]
        return answer

    def _attempt(self, number: int, receive, path: str | None, request: dict) -> Answer | Download:
        if path is not None:
            self._pace.wait_turn(path)
        where = f"{request['method']} {request['url'].split('?')[0]}"
        answer = self._ask(receive, where, request)
        is_rate_limited = answer.status == 429 or self._is_rate_limited(answer)
        if not is_rate_limited and answer.status not in _RETRIED_STATUS:
            return answer
        said = f"{where} answered {answer.status}: {error_text(answer)}"
        wait_seconds = pace.asked_wait(answer.headers)
        if not is_rate_limited:
            message = f"{said}; the vendor is in trouble, run the day again later"
            raise _TryAgain(self._error("server_error", message), wait_seconds)
        if wait_seconds is None and self._unhinted_wait_seconds is not None:
            wait_seconds = self._unhinted_wait_seconds * 2 ** (number - 1)
        error = self._error("rate_limited", f"{said}; others ask this account too, or too much: run the day again later")
        if path is not None and wait_seconds is not None and wait_seconds <= pace.MAX_WAIT_SECONDS:
            self._pace.pause(wait_seconds)
        raise _TryAgain(error, wait_seconds)

    def _ask(self, receive, where: str, request: dict) -> Answer | Download:
        try:
            # Streamed, so that a download never stands in memory whole; leaving the block gives the connection back.
            with self._session().request(
                **request, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
            ) as response:
                return receive(response)
        except (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError):
            raise _TryAgain(self._error("timeout", f"{where} did not answer in time; run the day again later")) from None
        except TooLarge:
            message = f"{where} answers with more than any answer holds or the disk has room for; check the URL and the disk"
            raise self._error("too_large", message) from None
        except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
            message = f"{where} was not asked: the secret holds a line end or a character that cannot be sent; copy it again"
            raise self._error("unauthorized", message) from None
        except (
            requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema,
            urllib3.exceptions.LocationValueError,
        ):
            message = f"{where} is no address that can be asked; check it, and HTTP_PROXY and HTTPS_PROXY where they are set"
            raise self._error("malformed", message) from None
        except (urllib3.exceptions.HTTPError, EOFError, zlib.error) as cause:
            message = f"{where} broke off: {cause}; run the day again later"
            raise _TryAgain(self._error("truncated", message)) from None
        except requests.RequestException as cause:
            raise _TryAgain(self._error("connection", f"{where}: {no_connection(cause)}")) from None
        except OSError as cause:
            # One with a number is of the disk; requests names a file of certificates that is not there without one.
            if cause.errno is not None:
                raise
            raise self._error("connection", f"{where}: {cause}; check REQUESTS_CA_BUNDLE") from None

    def _session(self) -> ConnectionPool:
        # requests.Session is not documented as thread-safe, so each worker thread pools its own connections.
        if not hasattr(self._local, "session"):
            self._local.session = self._transport()
        return self._local.session

    def _error(self, reason: str, message: str, state: State = State.MISSING) -> FeedError:
        return FeedError(reason, f"{self.vendor}: {message}", state)


_backoff = tenacity.wait_exponential_jitter(initial=0.5, max=20)


def _wait(state: tenacity.RetryCallState) -> float:
    # A pause of no time at all, or one that is over on the vendor's clock, is none.
    return max(_asked_wait(state), _backoff(state))


def _is_over(state: tenacity.RetryCallState) -> bool:
    return state.attempt_number >= MAX_ATTEMPTS or _asked_wait(state) > pace.MAX_WAIT_SECONDS


def _asked_wait(state: tenacity.RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    return failure.wait_seconds or 0.0 if isinstance(failure, _TryAgain) else 0.0
