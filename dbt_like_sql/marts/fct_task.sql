-- grain: one row per workflow x task: all attempts of one piece of work
-- unit: USD at list price, failed attempts included
-- source: int_agent__run, int_agent__call
-- late data: attempts up to 7 days before or after the task's day belong to it
-- partitions: day
-- look: back 7, ahead 7
/*
usage_day: UTC day the task ended: its first success, else its last attempt
workflow_id: workflow, lower case
task_id: task
started_at: start of the first attempt
ended_at: end of the last attempt
completed_at: end of the first successful attempt, null without one
attempts: number of runs
outcome: completed, failed or unknown
model_set: models used, comma separated
list_usd: list value of all attempts
unpriced_calls: calls without a price, not in list_usd
input_tokens: input tokens of all kinds
output_tokens: output tokens
environment: environment of the first attempt
auth_kind: how the first attempt authenticated
*/
WITH run_costs AS (
  SELECT
    usage_day,
    trace_id,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(CASE WHEN price_state = 'unpriced' THEN calls ELSE 0 END) AS BIGINT) AS unpriced_calls,
    CAST(SUM(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens
  FROM int_agent__call
  GROUP BY usage_day, trace_id
),

task_models AS (
  SELECT
    workflow_id,
    task_id,
    STRING_AGG(model, ', ' ORDER BY model) AS model_set
  FROM (
    SELECT DISTINCT r.workflow_id, r.task_id, c.model
    FROM int_agent__run AS r
    INNER JOIN int_agent__call AS c ON c.usage_day = r.usage_day AND c.trace_id = r.trace_id
    WHERE c.model IS NOT NULL
  ) AS used
  GROUP BY workflow_id, task_id
),

tasks AS (
  SELECT
    r.workflow_id,
    r.task_id,
    MIN(r.started_at) AS started_at,
    MAX(r.ended_at) AS ended_at,
    MIN(CASE WHEN r.outcome = 'success' THEN r.ended_at END) AS completed_at,
    CAST(COUNT(*) AS BIGINT) AS attempts,
    CAST(SUM(CASE WHEN r.outcome = 'failure' THEN 1 ELSE 0 END) AS BIGINT) AS failures,
    CAST(SUM(c.list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(COALESCE(SUM(c.unpriced_calls), 0) AS BIGINT) AS unpriced_calls,
    CAST(COALESCE(SUM(c.input_tokens), 0) AS BIGINT) AS input_tokens,
    CAST(COALESCE(SUM(c.output_tokens), 0) AS BIGINT) AS output_tokens,
    ARG_MIN(r.environment, r.started_at) AS environment,
    ARG_MIN(r.auth_kind, r.started_at) AS auth_kind
  FROM int_agent__run AS r
  LEFT JOIN run_costs AS c ON c.usage_day = r.usage_day AND c.trace_id = r.trace_id
  GROUP BY r.workflow_id, r.task_id
),

fct_task AS (
  SELECT
    CAST(COALESCE(t.completed_at, t.ended_at) AS DATE) AS usage_day,
    t.workflow_id,
    t.task_id,
    t.started_at,
    t.ended_at,
    t.completed_at,
    t.attempts,
    CASE WHEN t.completed_at IS NOT NULL THEN 'completed' WHEN t.failures > 0 THEN 'failed' ELSE 'unknown' END AS outcome,
    m.model_set,
    t.list_usd,
    t.unpriced_calls,
    t.input_tokens,
    t.output_tokens,
    t.environment,
    t.auth_kind
  FROM tasks AS t
  LEFT JOIN task_models AS m ON m.workflow_id = t.workflow_id AND m.task_id = t.task_id
)

SELECT * FROM fct_task
