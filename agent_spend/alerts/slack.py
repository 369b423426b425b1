"""Sends findings to Slack, each once: the ledger row comes first, then the message, then the mark.

A crash between Slack's acceptance and the mark is the only way to a second message: Slack's webhooks have no
idempotency key. For the same reason only a refusal with 429 is retried here; a broken connection may hide an accepted
message and is left to the next run, where it is at worst one repeat, never a loss.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException

from slack_sdk.errors import SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler
from slack_sdk.webhook import WebhookClient

from agent_spend.alerts import findings as ledger
from agent_spend.alerts import messages
from agent_spend.lake.tables import Lake
from agent_spend.privacy import Display
from agent_spend.settings import env, is_connected, secret
from agent_spend.words import counted

TIMEOUT_SECONDS = 10
#: A first backfill of a year may find more than anybody reads one by one: the newest stay single, the rest is a digest.
MAX_SINGLE_MESSAGES = 20
#: A sensor tick has 60 seconds in all; what is left waits for the next tick.
MAX_SECONDS = 30

# slack_sdk logs the webhook's URL, which is a secret, at level INFO.
_log = logging.getLogger("agent_spend.slack")
_log.setLevel(logging.WARNING)


@dataclass(frozen=True)
class DeliveryReport:
    """What one delivery did. ``error`` is one line, without the webhook's URL; the findings it is about still wait."""

    messages: int = 0
    notified: tuple[str, ...] = ()
    waiting: int = 0
    error: str = ""
    is_connected: bool = True

    @property
    def summary(self) -> str:
        """One line for a person."""
        waiting = f"{counted(self.waiting, 'finding')} {'waits' if self.waiting == 1 else 'wait'}"
        if not self.is_connected:
            return f"Slack is not connected (set SLACK_WEBHOOK_URL): {waiting}, nothing was sent"
        told = f"{counted(len(self.notified), 'finding')} sent in {counted(self.messages, 'message')}"
        sent = told if self.messages else "nothing sent"
        if self.error:
            return f"{sent}; {waiting}: {self.error}"
        return f"{sent}, {waiting}" if self.messages or self.waiting else "nothing new to send"


def webhook_url() -> str | None:
    """The incoming webhook, or ``None`` when Slack is not connected."""
    return secret("SLACK_WEBHOOK_URL") if is_connected("slack") else None


def page_url() -> str:
    """Where readers find the page (``AGENT_SPEND_PAGE_URL``); empty when it is not published."""
    return env("AGENT_SPEND_PAGE_URL")


def deliver(lake: Lake, webhook: str | None, page: str = "") -> DeliveryReport:
    """Send what nobody was told yet: each ERROR finding by itself, all WARN findings in one digest.

    Only the first open finding of an episode is sent. Findings whose message was accepted are marked at once, so that
    a later failure repeats nothing. The newest ``MAX_SINGLE_MESSAGES`` errors are single messages, older ones join
    the digest. With a pseudonym salt no message names a person.

    Args:
        webhook: Slack's incoming webhook; ``None`` sends nothing and leaves every finding waiting.
        page: link for every message.
    """
    waiting = ledger.waiting(lake)
    if webhook is None:
        return DeliveryReport(waiting=len(waiting), is_connected=False)
    errors = [finding for finding in waiting if finding["severity"] == "ERROR"]
    singles = errors[-MAX_SINGLE_MESSAGES:]
    folded = [finding for finding in waiting if finding["severity"] != "ERROR"] + errors[:-MAX_SINGLE_MESSAGES]
    shown = Display.of(lake)
    batches = [([finding], messages.single(shown.row(finding), page)) for finding in singles]
    if folded:
        batches.append((folded, messages.digest([shown.row(finding) for finding in folded], page)))
    sent, notified, error = 0, [], ""
    started = time.monotonic()
    for members, payload in batches:
        if time.monotonic() - started > MAX_SECONDS:
            error = f"stopped after {MAX_SECONDS} seconds; the rest follows at the next run"
            break
        if error := post(webhook, payload):
            break
        _mark(lake, members)
        sent += 1
        notified += [finding["finding_id"] for finding in members]
    return DeliveryReport(sent, tuple(notified), len(waiting) - len(notified), error)


def post(webhook: str, payload: Mapping) -> str:
    """Send one payload.

    Returns:
        Empty when Slack accepted it, else one line that says why not and what to do.
    """
    if not webhook.startswith(("http://", "https://")):
        return "SLACK_WEBHOOK_URL is not a URL; copy it from the Slack app's page 'Incoming Webhooks'"
    client = WebhookClient(
        webhook, timeout=TIMEOUT_SECONDS, retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)], logger=_log
    )
    status, body = _send(client, text=payload["text"], blocks=payload["blocks"])
    if status == 400 and "block" in body:
        # A message whose layout Slack refuses would hold back every other one for good.
        status, body = _send(client, text=payload["text"])
    if status == 200:
        return ""
    if status is None:
        return body
    remedy = {
        403: "; the webhook is revoked or the workspace restricts it", 404: "; the webhook does not exist any more",
        410: "; the webhook's channel is archived", 429: "; too many messages, later runs go on",
    }.get(status, "")
    return f"Slack answered {status} {body[:120].strip()}{remedy}"


def _send(client: WebhookClient, **payload) -> tuple[int | None, str]:
    try:
        response = client.send(**payload)
        return response.status_code, response.body or ""
    except TimeoutError:
        return None, "Slack did not answer in time; the message may have arrived"
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        return None, f"Slack cannot be reached ({type(reason).__name__}); check the network and the proxy"
    except (SlackClientError, ValueError):
        return None, "SLACK_WEBHOOK_URL is not a usable URL"


def _mark(lake: Lake, members: Sequence[Mapping]) -> None:
    ledger.mark_notified(lake, members, datetime.now(UTC))
