"""The simulated agents' files against their own truth, read with nothing but ``json``."""

import gzip
import json
from collections import defaultdict
from datetime import date
from decimal import Decimal

import pytest

from agent_spend.sandbox.agent_traces import answer_key, write_files
from agent_spend.sandbox.scenario import Scenario

SCENARIO = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
#: USD per million tokens: input, 5-minute write, 1-hour write, cache read, output; from Anthropic's price list.
PRICES = {
    "claude-haiku-4-5-20251001": ("1", "1.25", "2", "0.10", "5"),
    "claude-sonnet-5-5": ("2", "2.50", "4", "0.10", "10"),
    "claude-opus-5-5": ("4", "5", "8", "0.20", "20"),
}
REPORTED = ("litellm.cost.total", "gen_ai.usage.cost", "operation.cost")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traces")
    write_files(SCENARIO, folder)
    return folder


@pytest.fixture(scope="module")
def key():
    return answer_key(SCENARIO)


def lines(folder):
    for path in sorted(folder.rglob("traces*")):
        body = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        yield from ((path, line) for line in body.split(b"\n"))


def spans(folder):
    for _, line in lines(folder):
        if line.strip() and line.endswith(b"}"):
            for group in json.loads(line, parse_float=Decimal)["resourceSpans"]:
                for scope in group["scopeSpans"]:
                    yield from scope["spans"]


def said(span):
    return {one["key"]: next(iter(one["value"].values()), None) for one in span["attributes"]}


def test_the_same_scenario_writes_the_same_bytes(folder, tmp_path):
    write_files(SCENARIO, tmp_path)

    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert written == {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_files_hold_every_trap_of_real_ones(folder):
    by_line = list(lines(folder))
    every = list(spans(folder))
    ids = [(span["traceId"].lower(), span["spanId"]) for span in every]

    assert (folder / "agents/platform/traces.json").read_bytes()[-1:] not in (b"\n", b"}")
    assert (folder / "agents/search/traces-2026-11-02.json.gz").exists()
    assert any(not line for _, line in by_line[:-1])
    assert len(ids) > len(set(ids))
    assert any(span.get("parentSpanId") == "" for span in every)
    assert any(span["traceId"] != span["traceId"].lower() for span in every)
    assert any(one["value"] == {} for span in every for one in span["attributes"])
    assert any(isinstance(one["value"].get("intValue"), int) for span in every for one in span["attributes"])
    assert any(isinstance(one["value"].get("intValue"), str) for span in every for one in span["attributes"])


def test_children_arrive_before_their_parents(folder):
    first_seen = {}
    for place, span in enumerate(spans(folder)):
        first_seen.setdefault((span["traceId"].lower(), span["spanId"]), place)
    orphans_at_arrival = sum(
        first_seen[span["traceId"].lower(), span["spanId"]] < first_seen[span["traceId"].lower(), span["parentSpanId"]]
        for span in spans(folder)
        if span.get("parentSpanId")
    )
    assert orphans_at_arrival > 1000


def test_a_trace_lies_on_two_lines_and_one_on_two_files(folder):
    places = defaultdict(set)
    for number, (path, line) in enumerate(lines(folder)):
        if line.endswith(b"}"):
            for group in json.loads(line)["resourceSpans"]:
                for span in group["scopeSpans"][0]["spans"]:
                    places[span["traceId"]].add((path, number))

    assert any(len({path for path, _ in where}) == 2 for where in places.values())
    assert any(len(where) == 2 and len({path for path, _ in where}) == 1 for where in places.values())


def test_the_key_counts_each_workflow_every_day(key):
    names = {row["workflow"] for row in key["workflow_days"]}
    matching = [row for row in key["workflow_days"] if row["workflow"] == "invoice_matching"]

    assert len(names) == 8
    assert len(matching) == 21
    assert all(row["attempts"] >= row["tasks"] >= row["completed_tasks"] > 0 for row in matching)


def test_nightly_cleanup_never_completes_a_task(key):
    rows = [row for row in key["workflow_days"] if row["workflow"] == "nightly_cleanup"]

    assert {row["completed_tasks"] for row in rows} == {0}
    assert {row["cost_per_completed_task"] for row in rows} == {None}
    assert all(Decimal(row["list_usd"]) > 0 for row in rows)


def test_the_swapped_workflow_changes_its_model_and_doubles_its_cost(key):
    rows = {row["usage_day"]: row for row in key["workflow_days"] if row["workflow"] == "invoice_matching"}

    assert key["doubled"]["day"] == "2026-11-11"
    assert rows["2026-11-10"]["dominant_model"] == "claude-haiku-4-5-20251001"
    assert rows["2026-11-11"]["dominant_model"] == "claude-opus-5-5"
    assert Decimal(key["doubled"]["ratio"]) > 2


@pytest.mark.parametrize("seed", [1, 2, 3, 7, 11, 42])
def test_no_other_workflow_ever_doubles(seed):
    key = answer_key(Scenario(developers=12, days=35, seed=seed))

    assert Decimal(key["doubled"]["highest_other_ratio"]) < Decimal("1.8")
    assert Decimal(key["doubled"]["ratio"]) > 2


def test_a_cheaper_token_makes_a_dearer_task(key):
    day = key["cheaper_tokens_dearer_tasks"]["day"]
    rows = [row for row in key["workflow_days"] if row["workflow"] == "search_synonyms"]
    before = [row for row in rows if row["usage_day"] < day]
    after = [row for row in rows if row["usage_day"] >= day]

    def per_task(some):
        return sum(Decimal(row["list_usd"]) for row in some) / sum(row["completed_tasks"] for row in some)

    assert {row["dominant_model"] for row in before} == {"claude-sonnet-5-5"}
    assert {row["dominant_model"] for row in after} == {"claude-haiku-4-5-20251001"}
    assert per_task(after) > per_task(before)


def test_the_seeded_curiosities_are_all_there(key):
    assert key["curiosities"]["finished_twice"] == [f"ticket_router-202611{day}-000" for day in ("08", "15", "22")]
    assert key["curiosities"]["never_succeeded"] == [f"refund_triage-202611{day}-000" for day in ("06", "13", "20")]
    assert key["curiosities"]["crossed_midnight"] == [f"contract_review-202611{day}-000" for day in ("07", "14", "21")]


def test_a_task_that_crosses_midnight_counts_on_the_day_it_ends(key, folder):
    """Its spans end on the 8th, and so does its cost, the attempt that failed on the 7th included."""
    ended = {
        (span["traceId"], int(span["endTimeUnixNano"]) // 86_400_000_000_000)
        for span in spans(folder)
        if said(span).get("task.id") == "contract_review-20261107-000"
    }
    epoch = date(1970, 1, 1).toordinal()
    assert sorted(date.fromordinal(epoch + day).isoformat() for _, day in ended) == ["2026-11-07", "2026-11-08"]


def test_the_total_of_the_key_is_what_the_model_calls_in_the_files_cost(folder, key):
    """One amount a call: reported cost where stated, else tokens at list price; snapshots, layers and totals aside."""
    calls = {}
    for span in spans(folder):
        facts = said(span)
        is_call = (
            facts.get("gen_ai.operation.name") == "chat"
            or facts.get("openinference.span.kind") == "LLM"
            or facts.get("llm.request.type") == "chat"
            or span["name"] == "claude_code.llm_request"
        )
        is_sdk_layer = span["name"] == "anthropic.chat"
        if is_call and not is_sdk_layer:
            known = calls.get((span["traceId"], span["spanId"]))
            if known is None or int(known["endTimeUnixNano"]) < int(span["endTimeUnixNano"]):
                calls[span["traceId"], span["spanId"]] = span
    total = Decimal(0)
    for span in calls.values():
        facts = said(span)
        reported = [facts[name] for name in REPORTED if name in facts]
        total += Decimal(reported[0]) if reported else at_list_price(facts)
    assert total == Decimal(key["list_usd"])


def at_list_price(facts):
    def count(*names):
        return next((int(facts[name]) for name in names if name in facts), 0)

    model = facts.get("gen_ai.response.model") or facts.get("llm.model_name") or facts["model"]
    rates = [Decimal(rate) for rate in PRICES[model]]
    read = count(
        "gen_ai.usage.cache_read.input_tokens", "llm.token_count.prompt_details.cache_read", "cache_read_tokens"
    )
    written = count(
        "gen_ai.usage.cache_write.input_tokens",
        "llm.token_count.prompt_details.cache_write",
        "cache_creation_tokens",
    )
    written_1h = count("anthropic.usage.cache_creation.ephemeral_1h_input_tokens")
    inclusive = count("gen_ai.usage.input_tokens", "llm.token_count.prompt")
    uncached = inclusive - read - written if inclusive else count("input_tokens")
    output = count("gen_ai.usage.output_tokens", "llm.token_count.completion", "output_tokens")
    counts = (uncached, written - written_1h, written_1h, read, output)
    return sum(number * rate for number, rate in zip(counts, rates, strict=True)) / 1_000_000


def test_the_daily_money_of_the_key_adds_up_to_its_total(key):
    total = Decimal(key["list_usd"])

    assert sum(Decimal(row["list_usd"]) for row in key["workflow_days"]) == total
    assert sum(Decimal(usd) for usd in key["list_usd_by_trace_day"].values()) == total
