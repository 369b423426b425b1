"""What each emitter writes becomes the right row, and nothing of what was said reaches the lake, raw or quarantine."""

import json
from decimal import Decimal

import pyarrow.parquet as pq
import pytest
import zstandard
from agent_traces_emitters import EMITTERS, WORDS, copilot_cli, log_events
from agent_traces_otlp import DAY, FEED, proto_request, span

from agent_spend.lake.tables import Lake
from agent_spend.settings import Settings
from agent_spend.sources.land import land

IDS = [one.name for one in EMITTERS]


@pytest.mark.parametrize("emitter", EMITTERS, ids=IDS)
def test_the_call_of_an_emitter_becomes_this_row(traces, emitter):
    [row] = traces.write(emitter.body()).rows()
    expected = {name: Decimal(value) if value and name == "reported_usd" else value for name, value in emitter.expected.items()}

    assert row["span_class"] == "inference"
    assert {name: row[name] for name in expected} == expected


BODIES = [*(one.body() for one in EMITTERS), copilot_cli(), log_events()]


def test_no_words_reach_the_lake_the_raw_archive_or_a_quarantine_message(traces):
    """Of every emitter: a good line, one cut off in the middle, one with a bad value, one that is not its shape."""
    for number, body in enumerate(BODIES):
        assert WORDS.encode() in body
        own = body.replace(b"a" * 32, b"%032x" % (number + 1))
        damaged = [
            own[: own.rindex(WORDS.encode()) + len(WORDS)] + b"\n",
            own.replace(b'"traceId"', b'"traceID"'),
            own.replace(b'"traceId": "', b'"traceId": "' + WORDS.encode()),
            own.replace(b'"attributes": [', b'"attributes": [7, ', 1),
        ]
        traces.write(own, f"{number}/good.json").write(b"".join(damaged), f"{number}/damaged.json")
        traces.write(own[:-40], f"{number}/tail.json")
    shapeless = [json.dumps(one).encode() + b"\n" for one in ({"resourceSpans": [WORDS]}, {"message": WORDS}, WORDS)]
    traces.write(b"".join(shapeless) + WORDS.encode() + b"\n", "shapeless.json")
    settings = Settings.from_environment()
    coverage = land(FEED, [DAY], settings).coverage[DAY]

    assert coverage.message.count("quarantined") >= len(BODIES)
    assert len(Lake(settings.lake_uri).read("agent_spans", "usage_day")) == len(BODIES)
    kept = list(everything_below(settings.home))
    assert len(kept) > 2
    assert [where for where, text in kept if any(word in text for word in ("Mallory", "Quux"))] == []


def everything_below(home):
    """Every file this project wrote, unpacked."""
    for path in sorted(one for one in home.rglob("*") if one.is_file()):
        if path.suffix == ".parquet":
            yield path, str(pq.read_table(path, partitioning=None).to_pylist())
        elif path.suffix == ".zst":
            yield path, zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read().decode()
        else:
            yield path, path.read_bytes().decode("utf-8", "replace")


def test_no_words_of_a_protobuf_message_reach_the_rows(traces):
    for number, emitter in enumerate(EMITTERS):
        said = {**emitter.said, **dict.fromkeys(emitter.words, WORDS), "free.text": WORDS}
        traces.write(proto_request(span(said, trace=f"{number + 1:032x}"), resource={"note": WORDS}), f"{number}.binpb")
    answer = traces.answer()

    assert len(answer.rows) == len(EMITTERS)
    assert WORDS not in str(FEED.table(answer).to_pylist()) + answer.message


@pytest.mark.parametrize(
    "key",
    ["gen_ai.usage.output_tokens", "gen_ai.usage.cost", "gen_ai.evaluation.score.value", "duration_ms"],
)
def test_words_where_a_number_belongs_are_not_repeated_in_a_message(traces, key):
    value = {"intValue": WORDS}
    built = json.loads(EMITTERS[0].body())
    built["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"].insert(0, {"key": key, "value": value})
    answer = traces.write(EMITTERS[1].body(), "good.json").write(json.dumps(built).encode() + b"\n", "bad.json").answer()

    assert "Mallory" not in answer.message
