-- grain: one row per workflow x task: all attempts of one piece of work
-- unit: USD at list price, failed attempts included
-- source: int_agent__task_run, int_agent__call
-- late data: attempts up to 7 days before or after one another are one piece of work
-- partitions: day
-- look: back 14, ahead 14
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
price_versions: price book lines behind list_usd, comma separated; reported where the agent states the cost, unpriced without either
list_usd: list value of all attempts, allocated_usd included
allocated_usd: shares of what traces spent outside of their runs
attribution_mode: allocated when a share is in it, derived when tokens were priced, else direct
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
    run_span_id,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(CASE WHEN is_allocated THEN list_usd ELSE 0 END) AS DECIMAL(38, 18)) AS allocated_usd,
    MAX(CASE WHEN is_allocated THEN 2 WHEN price_state = 'priced' THEN 1 ELSE 0 END) AS mode_rank,
    CAST(SUM(CASE WHEN price_state = 'unpriced' THEN calls ELSE 0 END) AS BIGINT) AS unpriced_calls,
    CAST(SUM(input_tokens + cache_read_tokens + cache_write_5m_tokens + cache_write_1h_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens
  FROM int_agent__call
  GROUP BY usage_day, trace_id, run_span_id
),

used AS (
  SELECT DISTINCT
    r.usage_day,
    r.workflow_id,
    r.task_id,
    c.model,
    COALESCE(c.price_version, c.price_state) AS price
  FROM int_agent__task_run AS r
  INNER JOIN int_agent__call AS c ON c.usage_day = r.run_day AND c.trace_id = r.trace_id AND c.run_span_id = r.run_span_id
),

task_models AS (
  SELECT
    usage_day,
    workflow_id,
    task_id,
    STRING_AGG(DISTINCT model, ', ' ORDER BY model) AS model_set,
    STRING_AGG(DISTINCT price, ', ' ORDER BY price) AS price_versions
  FROM used
  GROUP BY usage_day, workflow_id, task_id
),

tasks AS (
  SELECT
    r.usage_day,
    r.workflow_id,
    r.task_id,
    MIN(r.started_at) AS started_at,
    MAX(r.ended_at) AS ended_at,
    MIN(r.completed_at) AS completed_at,
    CAST(COUNT(*) AS BIGINT) AS attempts,
    CAST(SUM(CASE WHEN r.outcome = 'failure' THEN 1 ELSE 0 END) AS BIGINT) AS failures,
    CAST(SUM(c.list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(COALESCE(SUM(c.allocated_usd), 0) AS DECIMAL(38, 18)) AS allocated_usd,
    MAX(c.mode_rank) AS mode_rank,
    CAST(COALESCE(SUM(c.unpriced_calls), 0) AS BIGINT) AS unpriced_calls,
    CAST(COALESCE(SUM(c.input_tokens), 0) AS BIGINT) AS input_tokens,
    CAST(COALESCE(SUM(c.output_tokens), 0) AS BIGINT) AS output_tokens,
    ARG_MIN(r.environment, r.started_at) AS environment,
    ARG_MIN(r.auth_kind, r.started_at) AS auth_kind
  FROM int_agent__task_run AS r
  LEFT JOIN run_costs AS c ON c.usage_day = r.run_day AND c.trace_id = r.trace_id AND c.run_span_id = r.run_span_id
  GROUP BY r.usage_day, r.workflow_id, r.task_id
),

fct_task AS (
  SELECT
    t.usage_day,
    t.workflow_id,
    t.task_id,
    t.started_at,
    t.ended_at,
    t.completed_at,
    t.attempts,
    CASE WHEN t.completed_at IS NOT NULL THEN 'completed' WHEN t.failures > 0 THEN 'failed' ELSE 'unknown' END AS outcome,
    m.model_set,
    m.price_versions,
    t.list_usd,
    t.allocated_usd,
    CASE t.mode_rank WHEN 2 THEN 'allocated' WHEN 1 THEN 'derived' ELSE 'direct' END AS attribution_mode,
    t.unpriced_calls,
    t.input_tokens,
    t.output_tokens,
    t.environment,
    t.auth_kind
  FROM tasks AS t
  LEFT JOIN task_models AS m ON m.usage_day = t.usage_day AND m.workflow_id = t.workflow_id AND m.task_id = t.task_id
)

SELECT * FROM fct_task
