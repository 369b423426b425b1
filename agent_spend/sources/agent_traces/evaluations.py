"""Events ``gen_ai.evaluation.result``, of a log or on a span, as a run's outcome, where nothing on its spans states one.

Read from the lines that hold one, beside the spans, so that spans without are read as fast as ever (card 4.2).
"""

import hashlib
from collections.abc import Iterator

import msgspec

from agent_spend.sources.agent_traces import wire
from agent_spend.sources.agent_traces.semantics import (
    AGENT_STATUS,
    EVALUATION_EVENT,
    EVALUATION_LABEL,
    EVALUATION_NAME,
    EVALUATION_SCORE,
)
from agent_spend.sources.agent_traces.values import Attributes, text
from agent_spend.sources.agent_traces.wire import Facts, KeyValue, Refused

KEYS = frozenset((EVALUATION_NAME, EVALUATION_SCORE, *EVALUATION_LABEL))
#: What a line holds when it holds a verdict.
MARK = EVALUATION_EVENT.encode()
_RESPONSE_ID = "gen_ai.response.id"


class SpanEvent(msgspec.Struct, rename="camel"):
    """Something that happened during a span."""

    time_unix_nano: int | str = 0
    name: str = ""
    attributes: list[KeyValue] | None = None


class JudgedSpan(msgspec.Struct, rename="camel"):
    """A span, of which nothing but the events is read here."""

    trace_id: str = ""
    span_id: str = ""
    events: list[SpanEvent] | None = None


class JudgedScope(msgspec.Struct):
    """Spans of one scope."""

    spans: list[JudgedSpan] | None = None


class JudgedResource(msgspec.Struct, rename="camel"):
    """Spans of one process."""

    scope_spans: list[JudgedScope] | None = None


class JudgedRequest(msgspec.Struct, rename="camel"):
    """One line of a Collector's file."""

    resource_spans: list[JudgedResource] | None = None


def on_spans(line: bytes) -> Iterator[Facts | Refused]:
    """The verdicts that lie on the spans of a line."""
    try:
        request = msgspec.json.decode(line, type=JudgedRequest)
    except msgspec.ValidationError as error:
        yield Refused(f"span event: {error}")
        return
    for group in request.resource_spans or ():
        for scope in group.scope_spans or ():
            for span in scope.spans or ():
                for event in span.events or ():
                    if event.name == EVALUATION_EVENT:
                        try:
                            said = wire.attributes(event.attributes, KEYS | {_RESPONSE_ID})
                            yield verdict(span.trace_id, span.span_id, event.time_unix_nano, said)
                        except ValueError as error:
                            yield Refused(f"span event: {error}")


def verdict(trace_id: str, span_id: str, at: int | str, said: Attributes, resource: Attributes | None = None) -> Facts:
    """A verdict as a child of the span it judges; it leaves the landing as that run's outcome, not as a span."""
    at = wire.nanoseconds(at, "timeUnixNano")
    response = text(said.get(_RESPONSE_ID)) or ""
    own = f"{trace_id}/{span_id}/{response}/{text(said.get(EVALUATION_NAME))}/{at}"
    kept = {key: value for key, value in said.items() if key == _RESPONSE_ID or key in KEYS}
    return Facts(
        trace_id or digest(response, 32), digest(own, 16), span_id or None, EVALUATION_EVENT, 1, at, at, 0,
        kept, resource or {}, len(kept),
    )  # fmt: skip


def digest(own: str, digits: int) -> str:
    """An id made of what an event says of itself, so that a repeated delivery is the same span."""
    return hashlib.sha256(f"claude_code/{own}".encode()).hexdigest()[:digits]


# An event is parented to the span it judges, or carries the response id of the judged call. It is no span.
EVALUATIONS = f"""
CREATE TABLE evaluations AS
SELECT
    COALESCE(judged.trace_id, answered.trace_id, events.trace_id) AS trace_id,
    COALESCE(judged.span_id, answered.span_id) AS span_id,
    events.task_success AS is_passed,
    events.ended_ns
FROM unique_spans AS events
LEFT JOIN unique_spans AS judged
    ON judged.trace_id = events.trace_id AND judged.span_id = events.parent_span_id AND judged.name <> '{EVALUATION_EVENT}'
LEFT JOIN (
    SELECT response_id, MIN(trace_id) AS trace_id, ARG_MIN(span_id, trace_id) AS span_id
    FROM unique_spans
    SEMI JOIN (SELECT response_id FROM unique_spans WHERE name = '{EVALUATION_EVENT}') AS asked USING (response_id)
    WHERE name <> '{EVALUATION_EVENT}'
    GROUP BY response_id
) AS answered ON judged.span_id IS NULL AND answered.response_id = events.response_id
WHERE events.name = '{EVALUATION_EVENT}' AND events.task_success IS NOT NULL;

DELETE FROM unique_spans WHERE name = '{EVALUATION_EVENT}';
"""

# An agent below the run's own says how its own loop ended, not how the task did.
OTHER_AGENTS = f"""
UPDATE spans
SET task_success = NULL, task_success_source = NULL
WHERE task_success_source = '{AGENT_STATUS}' AND span_id IS DISTINCT FROM run_span_id
"""

# The newest judgement of a run is written on the span that leads it. A judged trace without a span must be one run.
VERDICTS = f"""
UPDATE spans
SET task_success = verdicts.is_passed, task_success_source = '{EVALUATION_EVENT}'
FROM (
    SELECT leads.trace_id, leads.run_span_id, ARG_MAX(evaluations.is_passed, evaluations.ended_ns) AS is_passed
    FROM evaluations
    JOIN (
        SELECT DISTINCT trace_id, run_span_id, COUNT(DISTINCT run_span_id) OVER (PARTITION BY trace_id) AS runs
        FROM spans SEMI JOIN evaluations USING (trace_id)
        WHERE run_span_id IS NOT NULL
    ) AS leads USING (trace_id)
    LEFT JOIN spans AS judged ON judged.trace_id = evaluations.trace_id AND judged.span_id = evaluations.span_id
    WHERE judged.run_span_id = leads.run_span_id OR (evaluations.span_id IS NULL AND leads.runs = 1)
    GROUP BY ALL
) AS verdicts
WHERE spans.trace_id = verdicts.trace_id
    AND spans.span_id = verdicts.run_span_id
    AND NOT EXISTS (
        SELECT 1 FROM spans AS stated
        WHERE stated.trace_id = verdicts.trace_id
            AND stated.run_span_id = verdicts.run_span_id
            AND stated.task_success IS NOT NULL
            AND stated.task_success_source <> '{AGENT_STATUS}'
    )
"""
