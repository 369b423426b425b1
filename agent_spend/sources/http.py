"""One way to ask a vendor: a pooled session with timeouts, retries, `Retry-After`, a rate budget and redaction."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
from pyrate_limiter import Duration, Limiter, Rate

from agent_spend.errors import FeedError, State

TIMEOUT_SECONDS = (10, 60)
MAX_ATTEMPTS = 5
#: A vendor that asks for a longer pause than this gets a failed day, not a sleeping run.
MAX_WAIT_SECONDS = 120
USER_AGENT = "agent-spend/0.1"
_RETRIED_STATUS = {429, 500, 502, 503, 504, 529}


@dataclass(frozen=True)
class Answer:
    """One HTTP answer as received. ``url`` never holds a query secret; ``body`` is the decoded entity."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class _TryAgain(Exception):
    def __init__(self, error: FeedError, wait_seconds: float | None):
        super().__init__(error.message)
        self.error = error
        self.wait_seconds = wait_seconds


class VendorSession:
    """A connection pool to one vendor.

    Args:
        vendor: name used in messages, e.g. ``github_copilot``.
        base_url: without trailing slash.
        authorize: called with each request's headers just before sending; adds the secret. It is not called for
            absolute URLs of another host (:meth:`download`).
        rates: requests a minute by path prefix, longest prefix wins; from the vendor's documentation.
        rate_scale: see ``Settings.http_rate_scale``.
        is_rate_limited: tells a rate-limit refusal from a permission refusal for status 403 (GitHub).
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        authorize: Callable[[dict[str, str]], None],
        *,
        headers: Mapping[str, str] | None = None,
        rates: Mapping[str, int] | None = None,
        rate_scale: float = 1.0,
        is_rate_limited: Callable[[Answer], bool] = lambda answer: False,
    ):
        self.vendor = vendor
        self.base_url = base_url
        self._authorize = authorize
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})}
        self._limiters = {
            prefix: Limiter(Rate(max(1, round(per_minute * rate_scale)), Duration.MINUTE))
            for prefix, per_minute in (rates or {}).items()
        }
        self._is_rate_limited = is_rate_limited
        self._local = threading.local()

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
                ``MAX_ATTEMPTS`` tries.
        """
        all_headers = {**self._headers, **(headers or {})}
        self._authorize(all_headers)
        return self._send(method, self.base_url + path, path, all_headers, params, json_body)

    def download(self, url: str) -> Answer:
        """GET a pre-signed link. No credential is sent and no redirect is followed.

        Raises:
            FeedError: as :meth:`request`.
        """
        return self._send("GET", url, urlsplit(url).path, {"User-Agent": USER_AGENT}, None, None)

    def _send(self, method, url, path, headers, params, json_body) -> Answer:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(MAX_ATTEMPTS),
            retry=tenacity.retry_if_exception_type(_TryAgain),
            wait=_wait,
            reraise=True,
        )
        try:
            return retrying(self._attempt, method, url, path, headers, params, json_body)
        except _TryAgain as exhausted:
            raise exhausted.error from None

    def _attempt(self, method, url, path, headers, params, json_body) -> Answer:
        limiter = self._limiter(path)
        if limiter is not None:
            limiter.try_acquire(path)
        where = f"{method} {url.split('?')[0]}"
        try:
            response = self._session().request(
                method, url, params=params, json=json_body, headers=headers, timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
            answer = Answer(response.url, response.status_code, response.headers, response.content)
        except requests.Timeout:
            raise _TryAgain(self._error("timeout", f"{where} did not answer in time"), None) from None
        except (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError) as cause:
            raise _TryAgain(self._error("truncated", f"{where} broke off: {cause}"), None) from None
        except requests.ConnectionError:
            message = f"{where} cannot be reached; check the URL and the network"
            raise _TryAgain(self._error("connection", message), None) from None
        if answer.status in _RETRIED_STATUS or (answer.status == 403 and self._is_rate_limited(answer)):
            reason = "rate_limited" if answer.status in (403, 429) else "server_error"
            error = self._error(reason, f"{where} answered {answer.status}: {error_text(answer)}")
            wait_seconds = _retry_after(answer)
            if wait_seconds is not None and wait_seconds > MAX_WAIT_SECONDS:
                raise error
            raise _TryAgain(error, wait_seconds)
        return answer

    def _session(self) -> requests.Session:
        # requests.Session is not documented as thread-safe, so each worker thread pools its own connections.
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        return self._local.session

    def _limiter(self, path: str) -> Limiter | None:
        matching = [prefix for prefix in self._limiters if path.startswith(prefix)]
        return self._limiters[max(matching, key=len)] if matching else None

    def _error(self, reason: str, message: str, state: State = State.MISSING) -> FeedError:
        return FeedError(reason, f"{self.vendor}: {message}", state)


def error_text(answer: Answer, limit: int = 200) -> str:
    """The vendor's own words for a refusal, from any of the body shapes in use, shortened."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer.body[:limit].decode("utf-8", "replace").strip() or "(no text)"
    if isinstance(body, dict):
        inner = body.get("error")
        if isinstance(inner, dict):
            return str(inner.get("message") or inner)[:limit]
        return str(body.get("message") or inner or body)[:limit]
    return str(body)[:limit]


def _retry_after(answer: Answer) -> float | None:
    """Seconds the vendor asks us to wait: ``Retry-After`` (seconds or date) or GitHub's ``x-ratelimit-reset``."""
    value = answer.headers.get("Retry-After")
    if value:
        try:
            return max(0.0, float(value))
        except ValueError:
            try:
                return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
            except (TypeError, ValueError):
                return None
    if answer.headers.get("x-ratelimit-remaining") == "0" and answer.headers.get("x-ratelimit-reset", "").isdigit():
        return max(0.0, int(answer.headers["x-ratelimit-reset"]) - datetime.now(UTC).timestamp())
    return None


_backoff = tenacity.wait_exponential_jitter(initial=0.5, max=20)


def _wait(state: tenacity.RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.wait_seconds if isinstance(failure, _TryAgain) else None
    return asked if asked is not None else _backoff(state)
