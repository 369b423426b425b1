-- grain: one row per run, with the day its task counts on: every run belongs to one task of one day
-- unit: one run
-- source: int_agent__run; whoever reads a day of it looks 14 days back and ahead
-- late data: a success within 7 days moves earlier attempts to its day
-- partitions: view day
/*
usage_day: UTC day the run's task ended: its first success within 7 days of the run, else its last attempt within the 7 days after it
workflow_id: workflow, lower case
task_id: task
completed_at: end of that first success; null without one
run_day: UTC day the run's trace ended
trace_id: trace of the run
run_span_id: span that leads the run
started_at: first start of a span of the run
ended_at: last end of a span of the run
outcome: success, failure or unknown
environment: deployment environment of the run
auth_kind: how the run authenticated
*/
WITH runs AS (
  SELECT
    *,
    CAST(ended_at AS DATE) AS ended_day
  FROM int_agent__run
),

around AS (
  SELECT
    *,
    MIN(CASE WHEN outcome = 'success' THEN ended_at END) OVER (
      PARTITION BY workflow_id, task_id ORDER BY ended_day RANGE BETWEEN INTERVAL '7' DAY PRECEDING AND INTERVAL '7' DAY FOLLOWING
    ) AS completed_at,
    MAX(ended_day) OVER (
      PARTITION BY workflow_id, task_id ORDER BY ended_day RANGE BETWEEN CURRENT ROW AND INTERVAL '7' DAY FOLLOWING
    ) AS last_day
  FROM runs
),

int_agent__task_run AS (
  SELECT
    COALESCE(CAST(completed_at AS DATE), last_day) AS usage_day,
    workflow_id,
    task_id,
    completed_at,
    usage_day AS run_day,
    trace_id,
    run_span_id,
    started_at,
    ended_at,
    outcome,
    environment,
    auth_kind
  FROM around
)

SELECT * FROM int_agent__task_run
