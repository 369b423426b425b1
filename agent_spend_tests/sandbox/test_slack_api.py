"""The simulated Slack takes what Slack takes and refuses what Slack refuses."""

from contextlib import ExitStack
from datetime import date

import pytest
import requests
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from agent_spend.sandbox.scenario import Scenario
from agent_spend.sandbox.server import running

WEBHOOK = "/slack/services/T000/B000/XXXX"


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """One folder for all sandboxes of this module: the company's files are written once."""
    return tmp_path_factory.mktemp("slack")


@pytest.fixture
def slack(files):
    """Starts a sandbox with ``post(payload)`` to the webhook and a Web API client."""
    with ExitStack() as stack:

        def start(**options):
            scenario = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
            server = stack.enter_context(running(scenario, files, **options))
            server.post = lambda payload: requests.post(server.url + WEBHOOK, json=payload, timeout=10)
            server.web = WebClient(token="xoxb-sandbox", base_url=f"{server.url}/slack/api/")
            return server

        yield start


def section(text: str) -> dict:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_the_webhook_answers_plain_ok_and_keeps_the_message(slack):
    server = slack()
    answer = server.post({"text": "Credits tripled", "blocks": [section("Credits tripled")]})
    assert (answer.status_code, answer.text) == (200, "ok")
    assert server.state.slack_messages == [{"text": "Credits tripled", "blocks": [section("Credits tripled")]}]


@pytest.mark.parametrize(
    "blocks",
    [
        [section("x")] * 51,
        [section("x" * 3001)],
        [section("")],
        [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
        [{"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * 11}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
        [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
        [{"type": "image", "image_url": "https://example.test/x.png"}],
        [{"type": "marquee"}],
        [section("x" * 2900)] * 5,
    ],
    ids=["51-blocks", "long-section", "empty-section", "long-header", "mrkdwn-header", "11-context-elements",
         "11-fields", "long-field", "no-alt-text", "unknown-type", "too-long-in-all"],
)
def test_blocks_beyond_slacks_limits_are_refused_and_not_kept(slack, blocks):
    server = slack()
    assert server.post({"text": "x", "blocks": blocks}).status_code == 400
    assert server.state.slack_messages == []


def test_a_message_of_fifty_full_size_blocks_is_within_the_limits(slack):
    assert slack().post({"text": "x", "blocks": [section("x" * 200)] * 50}).text == "ok"


def test_a_payload_without_text_or_that_is_no_json_is_refused(slack):
    server = slack()
    assert (server.post({}).status_code, server.post({}).text) == (400, "no_text")
    answer = requests.post(server.url + WEBHOOK, data="not json", timeout=10)
    assert (answer.status_code, answer.text) == (400, "invalid_payload")


def test_a_second_message_within_a_second_is_told_to_wait(slack):
    server = slack(rate_scale="0.01")
    assert server.post({"text": "one"}).status_code == 200
    answer = server.post({"text": "two"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert [message["text"] for message in server.state.slack_messages] == ["one"]


def test_a_message_may_be_kept_although_its_answer_breaks_off(slack):
    server = slack(slack_mode="accept_then_drop")
    with pytest.raises(requests.exceptions.RequestException):
        server.post({"text": "kept"})
    assert [message["text"] for message in server.state.slack_messages] == ["kept"]


def test_a_broken_slack_keeps_nothing(slack):
    server = slack(slack_mode="500")
    assert server.post({"text": "lost"}).status_code == 500
    assert server.state.slack_messages == []


def test_a_bots_message_gets_a_timestamp_by_which_it_is_updated(slack):
    server = slack(rate_scale="100000")
    sent = server.web.chat_postMessage(channel="C000ALERTS", text="open", blocks=[section("open")])
    server.web.chat_update(channel="C000ALERTS", ts=sent["ts"], text="resolved")
    assert [(m["method"], m["text"]) for m in server.state.slack_messages] == [
        ("chat.postMessage", "open"), ("chat.update", "resolved"),
    ]
    assert server.state.slack_messages[1]["ts"] == sent["ts"]


@pytest.mark.parametrize(
    ("token", "arguments", "error"),
    [
        ("xoxb-wrong", {"channel": "C000ALERTS", "text": "x"}, "invalid_auth"),
        ("xoxb-sandbox", {"channel": "C404", "text": "x"}, "channel_not_found"),
        ("xoxb-sandbox", {"channel": "C000ALERTS", "text": "x", "blocks": [{"type": "marquee"}]}, "invalid_blocks"),
        ("xoxb-sandbox", {"channel": "C000ALERTS", "text": "x" * 40_001}, "msg_too_long"),
    ],
)
def test_the_web_api_refuses_with_ok_false(slack, token, arguments, error):
    server = slack()
    client = WebClient(token=token, base_url=f"{server.url}/slack/api/")
    with pytest.raises(SlackApiError) as refusal:
        client.chat_postMessage(**arguments)
    assert (refusal.value.response["ok"], refusal.value.response["error"]) == (False, error)


def test_an_update_of_a_message_that_was_never_sent_is_refused(slack):
    with pytest.raises(SlackApiError, match="message_not_found"):
        slack().web.chat_update(channel="C000ALERTS", ts="1.0", text="x")
