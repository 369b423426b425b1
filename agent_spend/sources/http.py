"""One way to ask a vendor: pooled connections with timeouts, retries, `Retry-After`, a rate budget and redaction."""

import io
import tempfile
import threading
import zlib
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity
import urllib3

from agent_spend.errors import FeedError, State
from agent_spend.sources import pace
from agent_spend.sources.answers import CHUNK_BYTES, Answer, Download, error_text

__all__ = ["TIMEOUT_SECONDS", "Answer", "Download", "VendorSession", "error_text"]

#: Seconds to connect, and between two pieces of an answer.
TIMEOUT_SECONDS = (10, 60)
MAX_ATTEMPTS = 5
USER_AGENT = "agent-spend/0.1"
_RETRIED_STATUS = {429, 500, 502, 503, 504, 529}


class _TryAgain(Exception):
    def __init__(self, error: FeedError, wait_seconds: float | None = None):
        super().__init__(error.message)
        self.error = error
        self.wait_seconds = wait_seconds


class VendorSession:
    """A connection pool to one vendor.

    Args:
        vendor: name used in messages, e.g. ``github_copilot``.
        base_url: without trailing slash.
        authorize: called with each request's headers just before sending; adds the secret. It is not called for
            :meth:`download`, and no redirect is followed.
        rates: requests a minute by path prefix, longest prefix wins; from the vendor's documentation. Sessions with the
            same vendor, address and rates share one budget.
        rate_scale: see ``Settings.http_rate_scale``.
        is_rate_limited: finds a rate-limit refusal that has another status than 429 (GitHub: 403, and 200 of GraphQL).
        unhinted_wait_seconds: first pause after a rate-limit refusal that names none, doubled each time; ``None`` for
            the backoff of other failures.
        spool_dir: where large downloads wait.
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
        rate_scale: float = 1.0,
        is_rate_limited: Callable[[Answer | Download], bool] = lambda answer: False,
        unhinted_wait_seconds: float | None = None,
        spool_dir: Path = Path(tempfile.gettempdir()),  # noqa: B008
        transport: "Callable[[], ConnectionPool] | None" = None,
    ):
        self.vendor = vendor
        self.base_url = base_url
        self._authorize = authorize
        self._headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **(headers or {})}
        scaled = tuple((prefix, per_minute * rate_scale) for prefix, per_minute in (rates or {}).items())
        self._pace = pace.shared_pace(f"{vendor} {base_url}", scaled)
        self._is_rate_limited = is_rate_limited
        self._unhinted_wait_seconds = unhinted_wait_seconds
        self._spool_dir = spool_dir
        self._transport = transport or ConnectionPool
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
        return self._send(
            _whole, path, method=method, url=self.base_url + path, headers=all_headers, params=params, json=json_body
        )

    def download(self, url: str) -> Download:
        """GET a pre-signed link into a file. No credential is sent, no redirect is followed, no budget is spent.

        Raises:
            FeedError: as :meth:`request`.
        """
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"}
        return self._send(partial(_spooled, self._spool_dir), None, method="GET", url=url, headers=headers)

    def _send(self, receive, path: str | None, **request):
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(MAX_ATTEMPTS), retry=tenacity.retry_if_exception_type(_TryAgain),
            wait=_wait, sleep=lambda seconds: pace.sleep(seconds), reraise=True,
        )
        try:
            for attempt in retrying:
                with attempt:
                    return self._attempt(attempt.retry_state.attempt_number, receive, path, request)
        except _TryAgain as exhausted:
            raise exhausted.error from None

    def _attempt(self, number: int, receive, path: str | None, request: dict) -> Answer | Download:
        if path is not None:
            self._pace.wait_turn(path)
        where = f"{request['method']} {request['url'].split('?')[0]}"
        answer = self._ask(receive, where, request)
        is_rate_limited = answer.status == 429 or self._is_rate_limited(answer)
        if not is_rate_limited and answer.status not in _RETRIED_STATUS:
            return answer
        reason = "rate_limited" if is_rate_limited else "server_error"
        error = self._error(reason, f"{where} answered {answer.status}: {error_text(answer)}")
        wait_seconds = pace.asked_wait(answer.headers)
        if reason == "rate_limited":
            if wait_seconds is None and self._unhinted_wait_seconds is not None:
                wait_seconds = self._unhinted_wait_seconds * 2 ** (number - 1)
            if path is not None and wait_seconds is not None and wait_seconds <= pace.MAX_WAIT_SECONDS:
                self._pace.pause(wait_seconds)
        if wait_seconds is not None and wait_seconds > pace.MAX_WAIT_SECONDS:
            raise error
        raise _TryAgain(error, wait_seconds)

    def _ask(self, receive, where: str, request: dict) -> Answer | Download:
        try:
            # Streamed, so that a download never stands in memory whole; leaving the block gives the connection back.
            with self._session().request(
                **request, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
            ) as response:
                return receive(response)
        except (requests.Timeout, urllib3.exceptions.TimeoutError):
            raise _TryAgain(self._error("timeout", f"{where} did not answer in time")) from None
        except (
            requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError,
            urllib3.exceptions.ProtocolError, EOFError, zlib.error,
        ) as cause:
            raise _TryAgain(self._error("truncated", f"{where} broke off: {cause}")) from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema):
            raise self._error("malformed", f"{where} is no address that can be asked") from None
        except requests.ConnectionError as cause:
            # An answer that stops in its middle is reported as a lost connection, whatever stopped it.
            if isinstance(next(iter(cause.args), None), urllib3.exceptions.TimeoutError):
                raise _TryAgain(self._error("timeout", f"{where} stopped answering in its middle")) from None
            message = f"{where} cannot be reached; check the URL and the network"
            raise _TryAgain(self._error("connection", message)) from None

    def _session(self) -> "ConnectionPool":
        # requests.Session is not documented as thread-safe, so each worker thread pools its own connections.
        if not hasattr(self._local, "session"):
            self._local.session = self._transport()
        return self._local.session

    def _error(self, reason: str, message: str, state: State = State.MISSING) -> FeedError:
        return FeedError(reason, f"{self.vendor}: {message}", state)


class ConnectionPool(requests.Session):
    """Connections of one thread, through the proxy and with the certificates that the environment names for a host.

    Credentials are the caller's alone: those of a ``.netrc`` would replace a vendor's token, and be sent to a download host.
    """

    def __init__(self):
        super().__init__()
        self.auth = lambda request: request
        self._of_hosts: dict[tuple, dict] = {}

    def merge_environment_settings(self, url, *settings):
        """As ``requests`` does, but once for a host: it takes as long as all the rest of a small request."""
        host = urlsplit(url)[:2]
        if host not in self._of_hosts:
            self._of_hosts[host] = super().merge_environment_settings(url, *settings)
        return self._of_hosts[host]


def _whole(response: requests.Response) -> Answer:
    # As response.content, which takes pieces of 10 KB and holds a large body twice while it joins them.
    body = io.BytesIO()
    for chunk in response.iter_content(CHUNK_BYTES):
        body.write(chunk)
    return Answer(response.url, response.status_code, response.headers, body.getvalue())


def _spooled(folder: Path, response: requests.Response) -> Download:
    chunks = response.raw.stream(CHUNK_BYTES, decode_content=False)
    return Download.receive(response.url, response.status_code, response.headers, chunks, folder)


_backoff = tenacity.wait_exponential_jitter(initial=0.5, max=20)


def _wait(state: tenacity.RetryCallState) -> float:
    failure = state.outcome.exception() if state.outcome else None
    asked = failure.wait_seconds if isinstance(failure, _TryAgain) else None
    return asked if asked is not None else _backoff(state)
