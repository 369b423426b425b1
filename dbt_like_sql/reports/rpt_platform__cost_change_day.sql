-- grain: one row per UTC day x workflow with a baseline
-- unit: factors; price x tokens x attempts x model mix x baseline shape = ratio, and their logarithms add up to its logarithm
-- source: rpt_platform__workflow_day, int_agent__task_model_day, policies/alert_thresholds.csv
-- late data: follows fct_task
-- partitions: day
-- look: back 28
/*
usage_day: UTC day the tasks ended
workflow_id: workflow
ratio: cost per completed task / baseline_usd
price_factor: change of price per token at today's model mix; per attempt where tokens are not known on both sides
tokens_factor: change of tokens per attempt
attempts_factor: change of attempts per completed task
model_mix_factor: change of price per token that comes from using other models; a model new to the workflow is mix
baseline_shape_factor: how far the average of the baseline days lies from their median day
ratio_log: natural logarithm of ratio: the whole
price_log: contribution of price to the whole
tokens_log: contribution of token volume
attempts_log: contribution of attempts
model_mix_log: contribution of the model mix
baseline_shape_log: contribution of the baseline's shape
baseline_model: model with the largest list value in the baseline days
model: model with the largest list value on the day
swap_day: newest day, today or in the baseline, on which the dominant model changed; null without one
swapped_from: dominant model before swap_day
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
    b.usage_day AS baseline_day,
    b.attempts,
    b.completed_tasks,
    b.list_usd
  FROM today AS t
  CROSS JOIN baseline_length AS l
  INNER JOIN rpt_platform__workflow_day AS b
    ON b.workflow_id = t.workflow_id AND b.cost_per_completed_task_usd IS NOT NULL
    AND b.usage_day < t.usage_day AND b.usage_day >= CAST(t.usage_day - l.days AS DATE)
),

baselines AS (
  SELECT
    usage_day,
    workflow_id,
    CAST(SUM(attempts) AS DOUBLE) AS attempts,
    CAST(SUM(completed_tasks) AS DOUBLE) AS completed_tasks,
    CAST(SUM(list_usd) AS DOUBLE) AS list_usd
  FROM baseline_days
  GROUP BY usage_day, workflow_id
),

baseline_models AS (
  SELECT
    d.usage_day,
    d.workflow_id,
    m.model,
    CAST(SUM(m.tokens) AS DOUBLE) AS tokens,
    CAST(SUM(m.list_usd) AS DOUBLE) AS list_usd
  FROM baseline_days AS d
  INNER JOIN int_agent__task_model_day AS m ON m.usage_day = d.baseline_day AND m.workflow_id = d.workflow_id
  WHERE m.list_usd IS NOT NULL
  GROUP BY d.usage_day, d.workflow_id, m.model
),

ranked_baseline_models AS (
  SELECT
    *,
    SUM(tokens) OVER (PARTITION BY usage_day, workflow_id) AS all_tokens,
    ROW_NUMBER() OVER (PARTITION BY usage_day, workflow_id ORDER BY list_usd DESC, tokens DESC, model) AS place
  FROM baseline_models
),

today_models AS (
  SELECT
    m.usage_day,
    m.workflow_id,
    SUM(CAST(m.tokens AS DOUBLE)) AS tokens,
    SUM(
      CAST(m.tokens AS DOUBLE)
      * COALESCE(b.list_usd / NULLIF(b.tokens, 0), CAST(m.list_usd AS DOUBLE) / NULLIF(CAST(m.tokens AS DOUBLE), 0))
    ) AS usd_at_baseline_prices
  FROM int_agent__task_model_day AS m
  LEFT JOIN baseline_models AS b ON b.usage_day = m.usage_day AND b.workflow_id = m.workflow_id AND b.model = m.model
  WHERE m.list_usd IS NOT NULL
  GROUP BY m.usage_day, m.workflow_id
),

swaps AS (
  SELECT
    t.usage_day,
    t.workflow_id,
    s.usage_day AS swap_day,
    s.previous_dominant_model AS swapped_from,
    ROW_NUMBER() OVER (PARTITION BY t.usage_day, t.workflow_id ORDER BY s.usage_day DESC) AS place
  FROM today AS t
  CROSS JOIN baseline_length AS l
  INNER JOIN rpt_platform__workflow_day AS s
    ON s.workflow_id = t.workflow_id AND s.model_changed
    AND s.usage_day <= t.usage_day AND s.usage_day >= CAST(t.usage_day - l.days AS DATE)
),

rates AS (
  SELECT
    t.usage_day,
    t.workflow_id,
    t.ratio,
    t.dominant_model AS model,
    m.model AS baseline_model,
    s.swap_day,
    s.swapped_from,
    CAST(t.cost_per_completed_task_usd AS DOUBLE) * CAST(t.completed_tasks AS DOUBLE) / CAST(t.attempts AS DOUBLE) AS usd_per_attempt,
    b.list_usd / b.attempts AS baseline_usd_per_attempt,
    CAST(t.attempts AS DOUBLE) / CAST(t.completed_tasks AS DOUBLE) / (b.attempts / b.completed_tasks) AS attempts_factor,
    b.list_usd / b.completed_tasks / CAST(t.baseline_usd AS DOUBLE) AS baseline_shape_factor,
    CASE WHEN n.tokens > 0 AND m.all_tokens > 0 THEN n.tokens / CAST(t.attempts AS DOUBLE) / (m.all_tokens / b.attempts) ELSE 1 END AS tokens_factor,
    CASE
      WHEN n.tokens > 0 AND m.all_tokens > 0 AND n.usd_at_baseline_prices > 0 THEN n.usd_at_baseline_prices / n.tokens / (b.list_usd / m.all_tokens)
      ELSE 1
    END AS model_mix_factor
  FROM today AS t
  INNER JOIN baselines AS b ON b.usage_day = t.usage_day AND b.workflow_id = t.workflow_id
  LEFT JOIN ranked_baseline_models AS m ON m.usage_day = t.usage_day AND m.workflow_id = t.workflow_id AND m.place = 1
  LEFT JOIN today_models AS n ON n.usage_day = t.usage_day AND n.workflow_id = t.workflow_id
  LEFT JOIN swaps AS s ON s.usage_day = t.usage_day AND s.workflow_id = t.workflow_id AND s.place = 1
),

factors AS (
  SELECT
    *,
    usd_per_attempt / baseline_usd_per_attempt / (tokens_factor * model_mix_factor) AS price_factor
  FROM rates
),

rpt_platform__cost_change_day AS (
  SELECT
    usage_day,
    workflow_id,
    ratio,
    price_factor,
    tokens_factor,
    attempts_factor,
    model_mix_factor,
    baseline_shape_factor,
    LN(ratio) AS ratio_log,
    LN(price_factor) AS price_log,
    LN(tokens_factor) AS tokens_log,
    LN(attempts_factor) AS attempts_log,
    LN(model_mix_factor) AS model_mix_log,
    LN(baseline_shape_factor) AS baseline_shape_log,
    baseline_model,
    model,
    swap_day,
    swapped_from
  FROM factors
)

SELECT * FROM rpt_platform__cost_change_day
