-- grain: one row per UTC day x workflow with a baseline
-- unit: factors; price x tokens x attempts x model mix x baseline shape = ratio
-- source: rpt_platform__workflow_day, int_agent__task_model_day, policies/alert_thresholds.csv
-- late data: follows fct_task
-- partitions: day
-- look: back 28
/*
usage_day: UTC day the tasks ended
workflow_id: workflow
ratio: cost per completed task / baseline_usd
price_factor: change of price per token at today's model mix; a model new to the workflow counts as mix
tokens_factor: change of tokens per attempt
attempts_factor: change of attempts per completed task
model_mix_factor: change of price per token that comes from using other models
baseline_shape_factor: how far the summed baseline lies from its median day
baseline_model: model with the largest list value in the baseline days
model: model with the largest list value on the day
*/
WITH baseline_length AS (
  SELECT CAST(value AS INTEGER) AS days FROM alert_thresholds WHERE name = 'baseline_days'
),

today AS (
  SELECT * FROM rpt_platform__workflow_day
  WHERE baseline_usd > 0 AND cost_per_completed_task_usd > 0
),

baseline_days AS (
  SELECT
    t.usage_day,
    t.workflow_id,
    CAST(SUM(b.attempts) AS DOUBLE) AS attempts,
    CAST(SUM(b.completed_tasks) AS DOUBLE) AS completed_tasks,
    CAST(SUM(b.list_usd) AS DOUBLE) AS list_usd
  FROM today AS t
  CROSS JOIN baseline_length AS l
  INNER JOIN rpt_platform__workflow_day AS b
    ON b.workflow_id = t.workflow_id AND b.completed_tasks > 0
    AND b.usage_day < t.usage_day AND b.usage_day >= CAST(t.usage_day - l.days AS DATE)
  GROUP BY t.usage_day, t.workflow_id
),

baseline_models AS (
  SELECT
    t.usage_day,
    t.workflow_id,
    m.model,
    CAST(SUM(m.tokens) AS DOUBLE) AS tokens,
    CAST(SUM(m.list_usd) AS DOUBLE) AS list_usd
  FROM today AS t
  CROSS JOIN baseline_length AS l
  INNER JOIN rpt_platform__workflow_day AS b
    ON b.workflow_id = t.workflow_id AND b.completed_tasks > 0
    AND b.usage_day < t.usage_day AND b.usage_day >= CAST(t.usage_day - l.days AS DATE)
  INNER JOIN int_agent__task_model_day AS m ON m.usage_day = b.usage_day AND m.workflow_id = b.workflow_id
  GROUP BY t.usage_day, t.workflow_id, m.model
),

baseline_totals AS (
  SELECT
    usage_day,
    workflow_id,
    SUM(tokens) AS tokens,
    ARG_MAX(model, list_usd) AS baseline_model
  FROM baseline_models
  GROUP BY usage_day, workflow_id
),

today_models AS (
  SELECT
    m.usage_day,
    m.workflow_id,
    SUM(CAST(m.tokens AS DOUBLE)) AS tokens,
    SUM(CAST(m.tokens AS DOUBLE) * COALESCE(b.list_usd / NULLIF(b.tokens, 0), CAST(m.list_usd AS DOUBLE) / NULLIF(CAST(m.tokens AS DOUBLE), 0))) AS usd_at_baseline_prices,
    ARG_MAX(m.model, m.list_usd) AS model
  FROM int_agent__task_model_day AS m
  LEFT JOIN baseline_models AS b ON b.usage_day = m.usage_day AND b.workflow_id = m.workflow_id AND b.model = m.model
  GROUP BY m.usage_day, m.workflow_id
),

rates AS (
  SELECT
    t.usage_day,
    t.workflow_id,
    t.ratio,
    CAST(t.list_usd AS DOUBLE) / NULLIF(n.tokens, 0) AS usd_per_token,
    n.usd_at_baseline_prices / NULLIF(n.tokens, 0) AS usd_per_token_at_baseline_prices,
    n.tokens / CAST(t.attempts AS DOUBLE) AS tokens_per_attempt,
    CAST(t.attempts AS DOUBLE) / CAST(t.completed_tasks AS DOUBLE) AS attempts_per_completion,
    d.list_usd / NULLIF(b.tokens, 0) AS baseline_usd_per_token,
    b.tokens / NULLIF(d.attempts, 0) AS baseline_tokens_per_attempt,
    d.attempts / NULLIF(d.completed_tasks, 0) AS baseline_attempts_per_completion,
    d.list_usd / NULLIF(d.completed_tasks, 0) / CAST(t.baseline_usd AS DOUBLE) AS baseline_shape_factor,
    b.baseline_model,
    n.model
  FROM today AS t
  INNER JOIN baseline_days AS d ON d.usage_day = t.usage_day AND d.workflow_id = t.workflow_id
  INNER JOIN baseline_totals AS b ON b.usage_day = t.usage_day AND b.workflow_id = t.workflow_id
  INNER JOIN today_models AS n ON n.usage_day = t.usage_day AND n.workflow_id = t.workflow_id
),

rpt_platform__cost_change_day AS (
  SELECT
    usage_day,
    workflow_id,
    ratio,
    usd_per_token / NULLIF(usd_per_token_at_baseline_prices, 0) AS price_factor,
    tokens_per_attempt / NULLIF(baseline_tokens_per_attempt, 0) AS tokens_factor,
    attempts_per_completion / NULLIF(baseline_attempts_per_completion, 0) AS attempts_factor,
    usd_per_token_at_baseline_prices / NULLIF(baseline_usd_per_token, 0) AS model_mix_factor,
    baseline_shape_factor,
    baseline_model,
    model
  FROM rates
)

SELECT * FROM rpt_platform__cost_change_day
