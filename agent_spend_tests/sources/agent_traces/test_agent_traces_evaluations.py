"""Evaluation events as a run's outcome: which of them count, and for which run."""

import json

import pytest
from agent_traces_otlp import attributes, line, nano, span

from agent_spend.errors import ConfigurationError

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.response.id": "msg_1"}
WORKFLOW = {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "triage"}


def event(said, *, at="2026-11-20T12:01:00", named="eventName", trace="a" * 32, span="b" * 16) -> bytes:
    record = {"timeUnixNano": nano(at), "traceId": trace, "spanId": span, "attributes": attributes(said)}
    name = "gen_ai.evaluation.result"
    if named == "eventName":
        record["eventName"] = name
    elif named == "body":
        record["body"] = {"stringValue": name}
    else:
        record["attributes"] += attributes({"event.name": name})
    group = {"resource": {"attributes": []}, "scopeLogs": [{"logRecords": [record]}]}
    return json.dumps({"resourceLogs": [group]}).encode() + b"\n"


def verdict(label, name="task_completion", **more):
    return {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.label": label, **more}


def lead(traces, *events, spans=None):
    """Outcome and its source on the span that leads the run."""
    spans = spans or [span(WORKFLOW, id="b" * 16), span(CHAT, id="c" * 16, parent="b" * 16)]
    traces.write(line(*spans) + b"\n").write(b"".join(events), "logs.json")
    rows = traces.rows()
    assert len(rows) == len(spans)
    [found] = [row for row in rows if row["span_id"] == row["run_span_id"]]
    return found["task_success"], found["task_success_source"]


@pytest.mark.parametrize("named", ["eventName", "body", "attribute"])
@pytest.mark.parametrize(("label", "passed"), [("pass", True), ("Fail", False), ("failed", False), ("passed", True)])
def test_a_judgement_of_the_run_is_its_outcome(traces, named, label, passed):
    assert lead(traces, event(verdict(label), named=named)) == (passed, "gen_ai.evaluation.result")


def test_a_judgement_of_a_call_is_the_outcome_of_its_run(traces):
    assert lead(traces, event(verdict("pass"), span="c" * 16))[0] is True


def test_a_judgement_by_response_id_finds_its_call(traces):
    assert lead(traces, event(verdict("pass", **{"gen_ai.response.id": "msg_1"}), trace="", span=""))[0] is True


def test_the_newest_judgement_counts_whatever_came_first(traces):
    early, late = event(verdict("fail"), at="2026-11-20T12:01:00"), event(verdict("pass"), at="2026-11-21T08:00:00")

    assert lead(traces, late, early)[0] is True


def test_a_judgement_a_day_later_does_not_move_the_run_to_that_day(traces):
    assert lead(traces, event(verdict("pass"), at="2026-11-22T08:00:00"))[0] is True


def on_span(one, *said, at="2026-11-20T12:00:03", name="gen_ai.evaluation.result"):
    """The span with events."""
    return one | {"events": [{"name": name, "timeUnixNano": nano(at), "attributes": attributes(each)} for each in said]}


@pytest.mark.parametrize("judged", [0, 1], ids=["on the run", "on its call"])
def test_a_span_event_judges_like_a_log_event(traces, judged):
    spans = [span(WORKFLOW, id="b" * 16), span(CHAT, id="c" * 16, parent="b" * 16)]
    spans[judged] = on_span(spans[judged], verdict("low", name="relevance"), verdict("pass"))

    assert lead(traces, spans=spans) == (True, "gen_ai.evaluation.result")


def test_other_span_events_say_nothing(traces):
    spans = [on_span(span(WORKFLOW, id="b" * 16), verdict("gen_ai.evaluation.result"), name="gen_ai.choice")]

    assert lead(traces, spans=spans) == (None, None)


def test_a_malformed_span_event_costs_itself_and_not_the_span(traces):
    spans = [span(WORKFLOW, id="b" * 16) | {"events": [{"name": "gen_ai.evaluation.result", "attributes": 7}]}]

    assert lead(traces, spans=spans) == (None, None)
    assert "traces.json: 1 quarantined (line 1: span event: " in traces.answer().message


def test_an_agent_that_ended_well_is_the_outcome_of_the_run_it_leads(traces):
    done = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.invocation.status": "completed"}

    assert lead(traces, spans=[span(done)]) == (True, "gen_ai.agent.invocation.status")
    assert lead(traces, event(verdict("fail")), spans=[span(done)]) == (False, "gen_ai.evaluation.result")


def test_a_sub_agent_that_ended_well_says_nothing_of_the_run(traces):
    done = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.invocation.status": "completed"}
    spans = [span(WORKFLOW, id="b" * 16), span(done, id="c" * 16, parent="b" * 16)]

    assert lead(traces, spans=spans) == (None, None)
    assert [row["task_success"] for row in traces.rows()] == [None, None]


def test_what_the_spans_state_goes_first(traces):
    spans = [span(WORKFLOW, id="b" * 16), span({**CHAT, "task.success": False}, id="c" * 16, parent="b" * 16)]

    assert lead(traces, event(verdict("pass")), spans=spans) == (None, None)


@pytest.mark.parametrize(
    "said",
    [
        verdict("pass", name="relevance"),
        verdict("plausible"),
        verdict("", **{"gen_ai.evaluation.score.value": 0.9}),
        {"gen_ai.evaluation.score.label": "pass"},
    ],
)
def test_other_evaluators_other_words_and_bare_scores_say_nothing(traces, said):
    assert lead(traces, event(said)) == (None, None)


@pytest.mark.parametrize(("score", "passed"), [(0.8, True), (0.79, False)])
def test_a_configured_evaluator_passes_from_its_score_on(traces, monkeypatch, score, passed):
    monkeypatch.setenv("AGENT_TRACES_EVALUATIONS", "other, Goal.Reached:0.8")

    assert lead(traces, event(verdict("", name="goal.reached", **{"gen_ai.evaluation.score.value": score})))[0] is passed


def test_a_threshold_that_is_no_number_is_refused(traces, monkeypatch):
    monkeypatch.setenv("AGENT_TRACES_EVALUATIONS", "goal:high")
    traces.write(line(span(CHAT)) + b"\n")

    with pytest.raises(ConfigurationError, match="write name or name:score"):
        traces.answer()


def test_a_judgement_of_nothing_we_know_is_no_span(traces):
    traces.write(line(span(CHAT)) + b"\n").write(event(verdict("pass"), trace="e" * 32, span="e" * 16), "logs.json")

    assert [row["span_id"] for row in traces.rows()] == ["b" * 16]


def test_in_a_trace_of_two_runs_each_has_its_own_judgement(traces):
    spans = [
        span({}, id="1" * 16, name="nightly"),
        span({**WORKFLOW, "task.id": "T1"}, id="2" * 16, parent="1" * 16),
        span({**WORKFLOW, "task.id": "T2"}, id="3" * 16, parent="1" * 16),
    ]
    traces.write(line(*spans) + b"\n")
    traces.write(event(verdict("pass"), span="2" * 16) + event(verdict("fail"), span="3" * 16), "logs.json")

    assert {row["span_id"][0]: row["task_success"] for row in traces.rows()} == {"1": None, "2": True, "3": False}


def test_words_of_an_explanation_are_not_kept(traces):
    words = "the answer named Mallory"
    traces.write(line(span(CHAT)) + b"\n").write(event(verdict("pass", **{"gen_ai.evaluation.explanation": words})), "l.json")

    assert words not in str(traces.rows())
