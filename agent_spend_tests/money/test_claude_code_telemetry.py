"""Claude Code's own OpenTelemetry, from files to the ledger: human or headless, seat or key, and never counted twice."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from agent_spend.errors import State
from agent_spend.project import feeds
from agent_spend.settings import Settings
from agent_spend.sources.land import land

MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4)
CONSOLE_ORG, TEAM_ORG = "7c0f6e2a", "11112222"
ADA = {"user.email": "Ada@acme.test", "organization.id": TEAM_ORG, "user.account_uuid": "a-1", "user.id": "i-1"}
BEN = {"user.email": "ben@acme.test", "organization.id": CONSOLE_ORG, "user.account_uuid": "b-1", "user.id": "i-2"}
KEY = {"user.id": "i-3"}


def pairs(values):
    kinds = {str: "stringValue", int: "intValue", float: "doubleValue"}
    return [{"key": key, "value": {kinds[type(value)]: str(value) if isinstance(value, int) else value}}
            for key, value in values.items()]


def nanos(day, hour=9, minute=0):
    return str(int(datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC).timestamp()) * 1_000_000_000)


def point(day, value, minute=0, **said):
    number = {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}
    said = {key.replace("__", "."): text for key, text in said.items()}
    return {"startTimeUnixNano": nanos(day, 8), "timeUnixNano": nanos(day, 9, minute), "attributes": pairs(said)} | number


def metric(name, *points, temporality=1):
    return {"name": name, "sum": {"aggregationTemporality": temporality, "isMonotonic": True, "dataPoints": list(points)}}


def export(*metrics, **resource):
    resource = {"service.name": "claude-code", **resource}
    return json.dumps({"resourceMetrics": [
        {"resource": {"attributes": pairs(resource)}, "scopeMetrics": [{"metrics": list(metrics)}]}]})


def call(session, who, client, usd, day=MONDAY, **said):
    """A log event ``claude_code.api_request``."""
    said = {"event.name": "api_request", "session.id": session, "request_id": f"req_{session}", "model": "claude-opus-5-5",
            "cost_usd": usd, "duration_ms": 1000, "input_tokens": 100, "output_tokens": 10, "cache_read_tokens": 0,
            "cache_creation_tokens": 0, "prompt.id": "p", "terminal.type": client, **who, **said}
    record = {"timeUnixNano": nanos(day), "body": {"stringValue": "claude_code.api_request"}, "attributes": pairs(said)}
    return json.dumps({"resourceLogs": [{"resource": {"attributes": pairs({"service.name": "claude-code"})},
                                         "scopeLogs": [{"logRecords": [record]}]}]})


@pytest.fixture
def telemetry(company, tmp_path, monkeypatch):
    """``telemetry(logs, metrics)`` lands the lines and gives a company whose Console organisation and seats are known."""

    def start(logs=(), metrics=()):
        for setting, name, lines in (("AGENT_TRACES_URI", "logs", logs), ("CLAUDE_CODE_METRICS_URI", "metrics", metrics)):
            folder = tmp_path / name
            folder.mkdir()
            (folder / "a.json").write_text("".join(line + "\n" for line in lines))
            monkeypatch.setenv(setting, str(folder))
        found = company("int_usage")
        days = [MONDAY, TUESDAY, WEDNESDAY]
        for feed in ("agent_spans", "claude_code_metrics"):
            land(feeds()[feed], days, Settings.from_environment())
        found.feed("claude_code_usage", *(
            {"usage_day": day, "actor_type": "api_actor", "customer_type": "api", "organization_id": CONSOLE_ORG,
             "is_remote": False, "input_tokens": 0, "output_tokens": 0, "cache_read_tokens": 0,
             "cache_creation_tokens": 0, "estimated_usd": "0"} for day in days))
        found.feed("claude_seats", *(
            {"usage_day": day, "person_email": "ada@acme.test", "plan": "standard", "source": "team_csv"} for day in days))
        found.build("int_agent__outcome", "int_agent__run", "int_agent__call", days=days)
        return found

    return start


def ledger(company, *names):
    rows = company.rows("int_usage", "usage_day, actor_kind, auth_kind, actor_id")
    return [tuple(row[name] for name in names) for row in rows if row["vendor"] == "custom_agents"]


def test_log_events_tell_human_from_headless_and_seat_from_key(telemetry):
    company = telemetry(logs=[
        call("s1", ADA, "vscode", 0.5), call("s2", ADA, "non-interactive", 0.25),
        call("s3", BEN, "iTerm.app", 0.125), call("s4", KEY, "github-actions", 1.5)])
    assert ledger(company, "actor_kind", "auth_kind", "person_hint", "list_usd") == [
        ("interactive", "api_key", "ben@acme.test", Decimal("0.125")),
        ("interactive", "seat", "ada@acme.test", Decimal("0.5")),
        ("machine", "api_key", None, Decimal("1.5")),
        ("machine", "seat", "ada@acme.test", Decimal("0.25")),
    ]


def metrics_of(who, client, usd, day=MONDAY, minute=0, **more):
    said = {key.replace(".", "__"): value for key, value in who.items()} | {
        "model": "claude-opus-5-5", "query_source": "main", "terminal__type": client, "session__id": f"{client}-{minute}"}
    return export(
        metric("claude_code.cost.usage", point(day, usd, minute, **said)),
        metric("claude_code.token.usage", point(day, 100, minute, type="input", **said),
               point(day, 20, minute, type="cacheRead", **said)), **more)


def test_metrics_give_the_same_decision_for_whoever_sends_no_log_events(telemetry):
    company = telemetry(metrics=[
        metrics_of(ADA, "vscode", 0.5), metrics_of(ADA, "vscode", 0.25, minute=1), metrics_of(ADA, "sdk-py", 0.75),
        metrics_of(BEN, "cli", 0.125), metrics_of(KEY, "github-actions", 1.5), metrics_of(KEY, "teletype", 2.0)])
    assert ledger(company, "actor_kind", "auth_kind", "actor_id", "quantity", "list_usd", "price_state") == [
        ("headless", "api_key", "claude_install:i-3", 120, Decimal("1.5"), "reported"),
        ("headless", "seat", "ada@acme.test", 120, Decimal("0.75"), "reported"),
        ("interactive", "api_key", "ben@acme.test", 120, Decimal("0.125"), "reported"),
        ("interactive", "seat", "ada@acme.test", 240, Decimal("0.75"), "reported"),
        ("not_split", "api_key", "claude_install:i-3", 120, Decimal(2), "reported"),
    ]


def test_a_user_who_sends_both_is_counted_from_the_log_events_only(telemetry):
    company = telemetry(logs=[call("s1", ADA, "vscode", 0.5)], metrics=[
        metrics_of(ADA, "vscode", 0.5), metrics_of(BEN, "cli", 0.125), metrics_of(ADA, "vscode", 3.0, day=TUESDAY)])
    assert ledger(company, "usage_day", "actor_id", "list_usd") == [
        (MONDAY, "ben@acme.test", Decimal("0.125")), (MONDAY, "ada@acme.test", Decimal("0.5")),
        (TUESDAY, "ada@acme.test", Decimal(3))]


def test_claude_code_on_a_console_login_is_counted_once_however_many_feeds_tell_it(telemetry):
    """Ben's million tokens of Opus 5.5, 4 USD: his key's line in the usage report, the bill, the analytics API (from Tuesday
    on), the Claude Code report, his log events and his metrics. Another organisation's credits are other money."""
    company = telemetry(
        [call(f"s-{day}", BEN, "vscode", 4.0, day, input_tokens=1_000_000, output_tokens=0) for day in (MONDAY, TUESDAY)],
        [export(metric("claude_code.cost.usage", *(point(day, 4.0, model="claude-opus-5-5", **{
            name.replace(".", "__"): value for name, value in BEN.items()}) for day in (MONDAY, TUESDAY))))])
    days, key = (MONDAY, TUESDAY), {"api_key_id": "apikey_01Ben", "workspace_id": "wrkspc_Code", "model": "claude-opus-5-5"}
    no_tokens = dict.fromkeys(("cache_write_5m_tokens", "cache_write_1h_tokens", "cache_read_tokens", "output_tokens"), 0)
    line = {"model": "claude-opus-5-5", "workspace_id": "wrkspc_Code", "cost_type": "tokens",
            "token_type": "uncached_input_tokens"}
    company.feed("claude_api_usage", *(key | no_tokens | {
        "usage_day": day, "service_tier": "standard", "uncached_input_tokens": 1_000_000} for day in days))
    company.feed("claude_api_cost", *(line | {"usage_day": day, "currency": "USD", "amount_usd": "4"} for day in days))
    acted = key | {"usage_day": TUESDAY, "product": "claude_code", "actor_type": "user_actor", "actor_email": "ben@acme.test"}
    company.feed("claude_analytics_usage", acted | no_tokens | {"uncached_input_tokens": 1_000_000})
    company.feed("claude_analytics_cost", acted | {"cost_type": "tokens", "amount_usd": "3.4", "list_usd": "4"})
    company.feed("claude_code_usage", *({
        "usage_day": day, "actor_type": "user_actor", "actor_email": "ben@acme.test", "customer_type": "api",
        "organization_id": CONSOLE_ORG, "is_remote": False, "model": "claude-opus-5-5", "input_tokens": 1_000_000,
        "output_tokens": 0, "cache_read_tokens": 0, "cache_creation_tokens": 0, "estimated_usd": "4"} for day in days))
    company.feed("claude_enterprise_cost", {
        "usage_day": TUESDAY, "actor_type": "user_actor", "actor_id": "user_02", "actor_email": "ben@acme.test",
        "product": "chat", "model": "claude-opus-5-5", "amount_usd": "1.5", "list_usd": "1.5", "source": "analytics"})
    totals = {}
    for row in company.rows("int_usage"):
        sums = totals.setdefault((row["usage_day"], row["series"]), [Decimal(0), Decimal(0)])
        sums[0] += row["list_usd"] or 0
        sums[1] += row["billed_usd"] or 0
    assert totals == {
        (MONDAY, "claude_api_key"): [4, 0], (MONDAY, "claude_api_billing"): [0, 4], (MONDAY, "custom_agents"): [4, 0],
        (TUESDAY, "claude_api_key"): [4, Decimal("3.4")], (TUESDAY, "custom_agents"): [4, 0],
        (TUESDAY, "claude_usage_credits"): [Decimal("1.5"), Decimal("1.5")]}


def test_tokens_without_a_stated_cost_are_priced_from_the_book(telemetry):
    said = {"model": "claude-opus-5-5", "user__id": "i-3", "terminal__type": "cli"}
    company = telemetry(metrics=[export(metric("claude_code.token.usage", point(MONDAY, 1_000_000, type="output", **said)))])
    assert ledger(company, "list_usd", "price_state", "attribution_mode") == [(Decimal(20), "priced", "derived")]


@pytest.mark.parametrize(("model", "usd"), [
    ("claude-opus-5-5[1m]", 20), ("claude-opus-5-5-fast", 40), ("claude-sonnet-4-5-20250929[1m]", 15), ("claude-opus-4-0", 75),
    ("claude-3-5-haiku-latest", 4), ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", 15), ("claude-opus-4-1@20250805", 75),
    ("claude-opus-9", None), ("house-model", None),
])
def test_tokens_are_priced_whatever_the_spelling_of_a_model_that_the_book_knows(telemetry, model, usd):
    said = {"model": model, "user__id": "i-3", "terminal__type": "cli"}
    company = telemetry(metrics=[export(metric("claude_code.token.usage", point(MONDAY, 1_000_000, type="output", **said)))])
    assert ledger(company, "model", "list_usd", "price_state") == [(model, usd, "priced" if usd else "unpriced")]


#: USD a million output tokens of the vendor's price list, by the ids that the vendor, clouds, gateways and price maps publish.
PUBLISHED = {
    "claude-fable-5-1": 50, "claude-mythos-5-1": 50, "claude-fable-5": 50,
    "claude-opus-5-5": 20, "claude-opus-5": 25, "claude-opus-4-8": 25, "claude-opus-4-7": 25, "claude-opus-4-6": 25,
    "claude-opus-4-5-20251101": 25, "claude-opus-4-5": 25, "claude-opus-4-1-20250805": 75, "claude-opus-4-1": 75,
    "claude-opus-4-20250514": 75, "claude-opus-4-0": 75, "claude-4-opus-20250514": 75, "claude-4-opus": 75,
    "claude-sonnet-5-5": 10, "claude-sonnet-5": 10, "claude-sonnet-4-6": 15, "claude-sonnet-4-5-20250929": 15,
    "claude-sonnet-4-20250514": 15, "claude-4.5-sonnet-thinking": 15, "claude-3-7-sonnet-20250219": 15,
    "claude-3-7-sonnet-latest": 15, "claude-3-5-sonnet-20240620": 15, "claude-haiku-4-5": 5, "claude-haiku-4-5-20251001": 5,
    "claude-3-5-haiku-20241022": 4, "claude-3-opus-20240229": 75, "claude-3-haiku-20240307": 1.25,
    "anthropic.claude-3-5-sonnet-20241022-v2:0": 15, "anthropic.claude-3-haiku-20240307-v1:0:200k": 1.25,
    "global.anthropic.claude-haiku-4-5-20251001-v1:0": 5, "jp.anthropic.claude-sonnet-4-5-20250929-v1:0": 15,
    "anthropic.claude-opus-4-6-v1": 25, "anthropic.claude-sonnet-4-6": 15,
    "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-20250514-v1:0": 75,
    "claude-3-5-sonnet-v2@20241022": 15, "claude-haiku-4-5@20251001": 5, "vertex_ai/claude-opus-4-6@default": 25,
    "anthropic/claude-3.5-sonnet": 15, "anthropic/claude-3.7-sonnet:thinking": 15, "anthropic/claude-opus-4.1": 75,
    "azure_ai/claude-opus-4-1": 75, "databricks-claude-sonnet-4-5": 15, "github_copilot/claude-3.7-sonnet-thought": 15,
    "Claude Sonnet 4.5": 15, "claude-opus-4-6[1m]": 25, "claude-haiku-5-5": None, "claude-2.1": None, "claude-instant-1.2": None,
    "claude-mythos-preview": None, "sonnet": None,
}  # fmt: skip


def test_every_published_id_has_its_list_price_or_is_named_as_unpriced(telemetry):
    """``claude-haiku-5-5`` is priced by the prompt's size, which metrics do not tell; what has no price is never zero."""
    who = {"type": "output", "user__id": "i-3", "terminal__type": "cli"}
    points = [point(MONDAY, 1_000_000, model=model, **who) for model in PUBLISHED]
    company = telemetry(metrics=[export(metric("claude_code.token.usage", *points))])
    found = {model: (usd, state) for model, usd, state in ledger(company, "model", "list_usd", "price_state")}
    assert found == {model: (usd, "unpriced" if usd is None else "priced") for model, usd in PUBLISHED.items()}


def test_tokens_whose_cost_is_stated_without_their_speed_are_not_priced_once_more(telemetry):
    said = {"model": "claude-opus-5-5", "user__id": "i-3", "terminal__type": "cli"}
    company = telemetry(metrics=[export(
        metric("claude_code.token.usage", point(MONDAY, 1_000_000, type="output", speed="fast", **said)),
        metric("claude_code.cost.usage", point(MONDAY, 40.0, **said)))])
    assert ledger(company, "quantity", "list_usd", "price_state") == [(1_000_000, 40, "reported")]


def test_cache_writes_without_a_stated_cost_last_an_hour_on_a_seat_and_five_minutes_on_a_key(telemetry):
    """code.claude.com/docs/en/prompt-caching: the lifetimes that Claude Code asks for unless it is told otherwise."""
    lines = [export(metric("claude_code.token.usage", point(MONDAY, 1_000_000, type="cacheCreation", **{
        key.replace(".", "__"): value for key, value in who.items()}, model="claude-opus-5-5", terminal__type="cli")))
        for who in (ADA, BEN, KEY)]
    assert sorted(ledger(telemetry(metrics=lines), "auth_kind", "list_usd")) == [("api_key", 5), ("api_key", 5), ("seat", 8)]


def test_fast_tokens_are_priced_as_fast_ones_beside_the_others_of_the_same_user(telemetry):
    said = {"type": "output", "model": "claude-opus-5-5", "user__id": "i-3", "terminal__type": "cli"}
    points = [point(MONDAY, 1_000_000, speed="fast", **said), point(MONDAY, 1_000_000, minute=1, speed="normal", **said)]
    company = telemetry(metrics=[export(metric("claude_code.token.usage", *points))])
    assert sorted(row[0] for row in ledger(company, "list_usd")) == [20, 40]


def fetched(*days):
    return {answer.day: answer for answer in feeds()["claude_code_metrics"].fetch(days, Settings.from_environment())}


def test_a_point_delivered_twice_counts_once_and_other_signals_are_passed_over(telemetry):
    line = metrics_of(ADA, "vscode", 0.5)
    company = telemetry(metrics=[line, line, call("s1", ADA, "vscode", 9.0), metrics_of(ADA, "vscode", 1.0, WEDNESDAY)])
    assert ledger(company, "usage_day", "list_usd") == [(MONDAY, Decimal("0.5")), (WEDNESDAY, Decimal(1))]
    answers = fetched(MONDAY, TUESDAY, WEDNESDAY, WEDNESDAY + timedelta(days=1))
    assert [answer.state for answer in answers.values()] == [
        State.AVAILABLE, State.ZERO, State.AVAILABLE, State.MISSING]


def test_a_day_that_cannot_be_summed_is_an_error_that_names_file_and_line(telemetry):
    good = metrics_of(ADA, "vscode", 1.0, day=TUESDAY)
    bad = export(metric("claude_code.cost.usage", point(MONDAY, -1.0, model="claude-opus-5-5")))
    telemetry(metrics=[good, bad])
    answers = fetched(MONDAY, TUESDAY)
    assert (answers[MONDAY].reason, answers[TUESDAY].state) == ("bad_value", State.AVAILABLE)
    assert "a.json line 2: claude_code.cost.usage is -1" in answers[MONDAY].message


def cumulative(who, *totals, metric_name="claude_code.token.usage", **said):
    """One line an export: the total of one series at an instant, since the instant at which its process began."""
    said |= {"model": "claude-opus-5-5", "terminal.type": "cli", **who}
    if metric_name == "claude_code.token.usage":
        said = {"type": "output", **said}
    return [export(metric(metric_name, {
        "startTimeUnixNano": began, "timeUnixNano": at, "attributes": pairs(said),
        **({"asInt": str(total)} if isinstance(total, int) else {"asDouble": total}),
    }, temporality=2)) for began, at, total in totals]


def test_cumulative_totals_count_what_each_adds_and_a_restart_counts_from_zero(telemetry):
    first, second = nanos(MONDAY, 9), nanos(MONDAY, 12)
    tokens = [(first, nanos(MONDAY, 9, 1), 100), (first, nanos(MONDAY, 9, 2), 250), (first, nanos(MONDAY, 9, 2), 250),
              (first, nanos(MONDAY, 9, 3), 250), (second, nanos(MONDAY, 12, 1), 30)]
    usd = [(first, nanos(MONDAY, 9, 1), 0.5), (first, nanos(MONDAY, 9, 2), 0.75), (second, nanos(MONDAY, 12, 1), 0.125)]
    company = telemetry(metrics=cumulative(KEY, *tokens) + cumulative(KEY, *usd, metric_name="claude_code.cost.usage"))
    assert ledger(company, "quantity", "list_usd") == [(280, Decimal("0.875"))]


def test_cumulative_totals_may_come_in_any_order_and_each_day_gets_its_own_part(telemetry):
    began = nanos(MONDAY, 22)
    points = [(began, nanos(MONDAY, 22, 1), 100), (began, nanos(MONDAY, 23, 59), 400), (began, nanos(TUESDAY, 0, 1), 450),
              (began, nanos(TUESDAY, 3), 1000), (began, nanos(WEDNESDAY, 1), 1000)]
    company = telemetry(metrics=reversed(cumulative(KEY, *points)))
    assert ledger(company, "usage_day", "quantity") == [(MONDAY, 400), (TUESDAY, 600)]


def test_two_processes_with_equal_attributes_are_two_cumulative_series(telemetry):
    left, right = nanos(MONDAY, 9), nanos(MONDAY, 9, 30)
    points = [(left, nanos(MONDAY, 10, 0), 100), (right, nanos(MONDAY, 10, 1), 7), (left, nanos(MONDAY, 10, 2), 150),
              (right, nanos(MONDAY, 10, 3), 9)]
    assert ledger(telemetry(metrics=cumulative(KEY, *points)), "quantity") == [(159,)]


def test_a_total_that_falls_without_a_new_start_has_begun_again(telemetry):
    points = [("0", nanos(MONDAY, 10, minute), total) for minute, total in enumerate((100, 250, 30, 50))]
    assert ledger(telemetry(metrics=cumulative(KEY, *points)), "quantity") == [(300,)]


def test_points_that_differ_in_an_attribute_that_nobody_reads_count_each(telemetry):
    said = {"type": "output", "model": "claude-opus-5-5", "user__id": "i-3", "terminal__type": "cli", "query_source": "subagent"}
    points = [point(MONDAY, 40, agent__name=name, **said) for name in ("explorer", "reviewer")]
    assert ledger(telemetry(metrics=[export(metric("claude_code.token.usage", *points))]), "quantity") == [(80,)]


def test_protobuf_exports_say_the_same_as_json_of_either_temporality(telemetry, tmp_path):
    lines = [metrics_of(ADA, "vscode", 0.5), *cumulative(
        KEY, (nanos(MONDAY, 9), nanos(MONDAY, 9, 1), 100), (nanos(MONDAY, 9), nanos(MONDAY, 9, 2), 250))]
    telemetry()
    for line in lines:
        message = json_format.Parse(line, ExportMetricsServiceRequest()).SerializeToString()
        with (tmp_path / "metrics" / "b.binpb").open("ab") as file:
            file.write(len(message).to_bytes(4) + message)
    answer = fetched(MONDAY)[MONDAY]
    assert (answer.state, answer.message) == (State.AVAILABLE, "")
    assert {row["user_email"]: (row["input_tokens"], row["output_tokens"], row["cost_usd"]) for row in answer.rows} == {
        None: (None, 250, None), "Ada@acme.test": (100, None, Decimal("0.5"))}


def test_a_wrong_folder_is_named_by_the_setting_of_the_metrics(monkeypatch, tmp_path):
    monkeypatch.setenv("CLAUDE_CODE_METRICS_URI", str(tmp_path / "nowhere"))
    answer = fetched(MONDAY)[MONDAY]
    assert answer.reason == "not_found"
    assert answer.message == f"claude_code_metrics: CLAUDE_CODE_METRICS_URI: {tmp_path}/nowhere is not a folder; fix the path"


def test_unreadable_lines_are_said_and_lose_nothing_else(telemetry):
    telemetry(metrics=["{broken", metrics_of(ADA, "vscode", 1.0)])
    answer = fetched(MONDAY)[MONDAY]
    assert (answer.state, answer.reason) == (State.AVAILABLE, "quarantined")
    assert answer.message.startswith("a.json: 1 of its lines or messages are no OTLP (a.json line 1: JSON is malformed")
