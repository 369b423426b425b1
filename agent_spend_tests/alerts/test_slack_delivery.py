import socket
from datetime import UTC, date, datetime, timedelta

import pytest

from agent_spend.alerts import findings, messages
from agent_spend.alerts.slack import deliver, post

NOW = datetime(2026, 11, 13, 6, 0, tzinfo=UTC)
DAY = date(2026, 11, 12)


def test_an_error_is_sent_by_itself_and_marked(lake, slack, found):
    server = slack()
    found()
    report = deliver(lake, server.webhook, "https://spend.acme.test/page?org=a&b=c")
    (finding,) = findings.read(lake)
    assert (report.messages, report.notified, report.waiting, report.error) == (1, (finding["finding_id"],), 0, "")
    assert finding["notified_at"] is not None
    assert "ben used 300 credits, 3.0x the 100 of the day before" in server.shown[0]
    assert "<https://spend.acme.test/page?org=a&amp;b=c|Open the page>" in server.shown[0]
    assert server.messages[0]["text"] == (
        "Copilot credits jumped: ben used 300 credits, 3.0x the 100 of the day before"
    )


def test_the_second_delivery_sends_nothing(lake, slack, found):
    server = slack()
    found()
    deliver(lake, server.webhook)
    found()
    report = deliver(lake, server.webhook)
    assert (len(server.messages), report.summary) == (1, "nothing new to send")


def test_warnings_are_one_digest_grouped_by_kind(lake, slack, found):
    server = slack()
    found()
    for subject in ("key-1", "key-2"):
        found(subject, "untagged_key", "WARN", explanation=f"Key {subject} has no environment")
    found("eva", "unmatched_user", "WARN", explanation="eva is nobody in the roster")
    report = deliver(lake, server.webhook)
    assert (report.messages, len(report.notified)) == (2, 4)
    assert server.messages[1]["text"] == "3 more findings: Usage of nobody in the roster (1); Key without tags (2)"
    assert "*Key without tags* (2)\n• Key key-1 has no environment" in server.shown[1]


def test_a_refused_message_is_sent_at_the_next_run_and_only_once(lake, slack, found):
    server = slack()
    found()
    server.options["slack_mode"] = "500"
    failed = deliver(lake, server.webhook)
    assert (failed.notified, failed.waiting) == ((), 1)
    assert failed.error == "Slack answered 500 server_error"
    assert findings.read(lake)[0]["notified_at"] is None
    server.options.clear()
    assert [deliver(lake, server.webhook).messages for _ in range(2)] == [1, 0]
    assert len(server.messages) == 1


def test_what_was_accepted_before_a_failure_is_not_sent_again(lake, slack, found, monkeypatch):
    server = slack()
    found("ben")
    found("eva")
    mark = findings.mark_notified

    def mark_then_break(*arguments):
        mark(*arguments)
        server.options["slack_mode"] = "500"

    monkeypatch.setattr(findings, "mark_notified", mark_then_break)
    assert (deliver(lake, server.webhook).messages, len(findings.waiting(lake))) == (1, 1)
    server.options.clear()
    deliver(lake, server.webhook)
    assert [text.split(" used")[0].split("\n")[1] for text in server.shown] == ["ben", "eva"]


def test_a_rate_limit_is_waited_out(lake, slack, found):
    server = slack(rate_scale="1")
    found("ben")
    found("eva")
    assert (deliver(lake, server.webhook).messages, len(server.messages)) == (2, 2)


def test_without_slack_nothing_is_sent_and_everything_waits(lake, found):
    found()
    report = deliver(lake, None)
    assert report.summary == (
        "Slack is not connected (set SLACK_WEBHOOK_URL): 1 finding waits, nothing was sent"
    )
    assert findings.read(lake)[0]["notified_at"] is None


def test_an_unreachable_slack_is_one_line_without_the_secret(lake, found):
    found()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    report = deliver(lake, f"http://127.0.0.1:{port}/services/T/B/secret")
    assert report.error == "Slack cannot be reached (ConnectionRefusedError); check the network and the proxy"
    assert report.waiting == 1


def test_a_webhook_that_is_no_url_is_named_without_being_shown(lake, found):
    found()
    report = deliver(lake, "hooks.slack.com/services/T/B/secret")
    assert "SLACK_WEBHOOK_URL is not a URL" in report.error
    assert "secret" not in report.error


def test_an_acknowledged_finding_is_not_sent(lake, slack, found):
    server = slack()
    found()
    findings.acknowledge(lake, findings.read(lake)[0]["finding_id"], NOW)
    deliver(lake, server.webhook)
    assert server.messages == []


def test_the_later_days_of_an_episode_are_not_sent(lake, slack, found):
    server = slack()
    for n in range(3):
        found(day=DAY + timedelta(days=n), explanation=f"day {n}")
    deliver(lake, server.webhook)
    assert [("day 0" in text, "day 1" in text) for text in server.shown] == [(True, False)]


def test_markup_in_names_is_shown_as_text(lake, slack, found):
    server = slack()
    found(explanation="<!channel> & <https://evil.test|Ben>")
    deliver(lake, server.webhook)
    assert "&lt;!channel&gt; &amp; &lt;https://evil.test|Ben&gt;" in server.shown[0]


def test_the_longest_explanation_stays_within_slacks_limits(lake, slack, found):
    server = slack()
    found(explanation="<&>" * 3000)
    assert deliver(lake, server.webhook).error == ""
    assert server.shown[0].split("…")[0].endswith(("&lt;", "&amp;", "&gt;"))


@pytest.mark.parametrize(("kinds", "each"), [(1, 400), (9, 30), (60, 2)])
def test_a_digest_of_any_size_stays_within_slacks_limits(slack, kinds, each):
    server = slack()
    many = [{"kind": f"kind_{n % kinds:02d}", "explanation": "<&>" * 400} for n in range(kinds * each)]
    assert post(server.webhook, messages.digest(many, "https://spend.acme.test")) == ""
    assert "blocks" in server.messages[0]
    assert f"{kinds * each} more findings" in server.shown[0]


def test_a_layout_that_slack_refuses_is_sent_as_plain_text(slack):
    server = slack()
    assert post(server.webhook, {"text": "still readable", "blocks": [{"type": "nonsense"}]}) == ""
    assert server.messages == [{"text": "still readable"}]


def test_a_large_backfill_folds_the_older_errors_into_the_digest(lake, slack, found, monkeypatch):
    monkeypatch.setattr("agent_spend.alerts.slack.MAX_SINGLE_MESSAGES", 2)
    server = slack()
    for n in range(4):
        found(f"user-{n}", day=DAY + timedelta(days=n))
    report = deliver(lake, server.webhook)
    assert (report.messages, len(report.notified)) == (3, 4)
    assert ["user-0 used" in text for text in server.shown] == [False, False, True]


@pytest.mark.parametrize("setting", ["", "spend.acme.test", "javascript:alert(1)"])
def test_a_page_that_is_not_a_link_is_left_out(lake, slack, found, setting):
    server = slack()
    found()
    deliver(lake, server.webhook, setting)
    assert "Open the page" not in server.shown[0]
