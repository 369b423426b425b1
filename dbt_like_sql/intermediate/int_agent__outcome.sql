-- grain: one row per run: how it went
-- unit: one run
-- source: agent_spans; an organisation's own file of this name replaces this one (AGENT_SPEND_SQL_OVERRIDES_DIR)
-- late data: late spans restate the day their trace ended
-- partitions: view day
/*
usage_day: UTC day the trace ended
trace_id: trace
run_span_id: span that leads the run
outcome: success, failure or unknown
outcome_rule: which rule decided the outcome
*/
WITH statements AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    task_success,
    ROW_NUMBER() OVER (
      PARTITION BY usage_day, trace_id, run_span_id
      ORDER BY CASE WHEN span_id = run_span_id THEN 0 ELSE 1 END, ended_at DESC, span_id
    ) AS preference
  FROM agent_spans
  WHERE task_success IS NOT NULL AND run_span_id IS NOT NULL
),

int_agent__outcome AS (
  SELECT
    l.usage_day,
    l.trace_id,
    l.run_span_id,
    CASE
      WHEN s.task_success THEN 'success'
      WHEN NOT s.task_success THEN 'failure'
      WHEN l.status_code = 1 THEN 'success'
      WHEN l.status_code = 2 OR l.error_type IS NOT NULL THEN 'failure'
      ELSE 'unknown'
    END AS outcome,
    CASE
      WHEN s.task_success IS NOT NULL THEN 'explicit attribute'
      WHEN l.status_code IN (1, 2) THEN 'status of the outermost span'
      WHEN l.error_type IS NOT NULL THEN 'error.type of the outermost span'
      ELSE 'nothing says'
    END AS outcome_rule
  FROM agent_spans AS l
  LEFT JOIN statements AS s
    ON s.usage_day = l.usage_day AND s.trace_id = l.trace_id AND s.run_span_id = l.run_span_id AND s.preference = 1
  WHERE l.span_id = l.run_span_id
)

SELECT * FROM int_agent__outcome
