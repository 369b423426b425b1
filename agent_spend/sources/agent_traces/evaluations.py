"""Log events ``gen_ai.evaluation.result`` as a run's outcome, where nothing on its spans states one (card 4.2)."""

from agent_spend.sources.agent_traces.semantics import EVALUATION_EVENT

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
    )
"""
