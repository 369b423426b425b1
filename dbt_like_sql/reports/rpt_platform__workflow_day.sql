-- grain: one row per UTC day x workflow with tasks that ended that day
-- unit: USD at list price; per completed task and per attempt
-- source: fct_task, int_agent__task_model_day, policies/alert_thresholds.csv
-- late data: follows fct_task
-- partitions: day
-- look: back 28
/*
usage_day: UTC day the tasks ended
workflow_id: workflow
environment: environment of the tasks
auth_kind: how the workflow authenticated
attempts: runs, failed ones included
tasks: distinct tasks
completed_tasks: distinct tasks with a success
unknown_tasks: distinct tasks whose outcome nothing says
list_usd: list value of all attempts of these tasks, allocated_usd included
allocated_usd: shares of what traces spent outside of their runs: overhead of orchestrators
attribution_mode: allocated when a share is in list_usd, derived when tokens were priced, else direct
cost_per_completed_task_usd: list_usd / completed_tasks; null without completions
cost_per_attempt_usd: list_usd / attempts
input_tokens: input tokens of all kinds
output_tokens: output tokens
dominant_model: model with the largest list value that day
previous_dominant_model: dominant model of the day before with one
model_changed: whether the dominant model changed
unpriced_calls: calls without a price, not in list_usd
baseline_usd: median cost per completed task of the trailing baseline days with completions
baseline_days: trailing baseline days with completions
baseline_completions: completed tasks in those days
ratio: cost_per_completed_task_usd / baseline_usd
*/
WITH days AS (
  SELECT
    usage_day,
    workflow_id,
    MIN(environment) AS environment,
    MIN(auth_kind) AS auth_kind,
    CAST(SUM(attempts) AS BIGINT) AS attempts,
    CAST(COUNT(*) AS BIGINT) AS tasks,
    CAST(SUM(CASE WHEN outcome = 'completed' THEN 1 ELSE 0 END) AS BIGINT) AS completed_tasks,
    CAST(SUM(CASE WHEN outcome = 'unknown' THEN 1 ELSE 0 END) AS BIGINT) AS unknown_tasks,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(allocated_usd) AS DECIMAL(38, 18)) AS allocated_usd,
    MAX(CASE attribution_mode WHEN 'allocated' THEN 2 WHEN 'derived' THEN 1 ELSE 0 END) AS mode_rank,
    CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens,
    CAST(SUM(unpriced_calls) AS BIGINT) AS unpriced_calls
  FROM fct_task
  GROUP BY usage_day, workflow_id
),

-- A quotient to twelve decimals, rounded half up, in whole numbers alone: engines divide decimals each in their own way.
whole_dollars AS (
  SELECT
    *,
    CAST(FLOOR(list_usd) AS BIGINT) AS dollars,
    CAST((CAST(list_usd AS DECIMAL(26, 12)) - CAST(FLOOR(list_usd) AS DECIMAL(26, 12))) * CAST(1000000000000 AS DECIMAL(13, 0)) AS BIGINT) AS picos
  FROM days
),

quotients AS (
  SELECT
    *,
    dollars // NULLIF(completed_tasks, 0) AS task_dollars,
    (2 * ((dollars % NULLIF(completed_tasks, 0)) * 1000000000000 + picos) + completed_tasks) // (2 * NULLIF(completed_tasks, 0)) AS task_picos,
    dollars // attempts AS attempt_dollars,
    (2 * ((dollars % attempts) * 1000000000000 + picos) + attempts) // (2 * attempts) AS attempt_picos
  FROM whole_dollars
),

unit_costs AS (
  SELECT
    *,
    CAST(CAST(task_dollars AS DECIMAL(19, 0)) + CAST(task_picos AS DECIMAL(19, 0)) * CAST(0.000000000001 AS DECIMAL(12, 12)) AS DECIMAL(38, 12)) AS cost_per_completed_task_usd,
    CAST(CAST(attempt_dollars AS DECIMAL(19, 0)) + CAST(attempt_picos AS DECIMAL(19, 0)) * CAST(0.000000000001 AS DECIMAL(12, 12)) AS DECIMAL(38, 12)) AS cost_per_attempt_usd
  FROM quotients
),

ranked_models AS (
  SELECT
    usage_day,
    workflow_id,
    model,
    ROW_NUMBER() OVER (PARTITION BY usage_day, workflow_id ORDER BY list_usd DESC NULLS LAST, tokens DESC, model) AS preference
  FROM int_agent__task_model_day
),

dominant AS (
  SELECT
    usage_day,
    workflow_id,
    model AS dominant_model,
    LAG(model) OVER (PARTITION BY workflow_id ORDER BY usage_day) AS previous_dominant_model
  FROM ranked_models
  WHERE preference = 1
),

baseline_length AS (
  SELECT CAST(value AS INTEGER) AS days FROM alert_thresholds WHERE name = 'baseline_days'
),

baseline_days AS (
  SELECT
    u.usage_day,
    u.workflow_id,
    b.cost_per_completed_task_usd,
    ROW_NUMBER() OVER (PARTITION BY u.usage_day, u.workflow_id ORDER BY b.cost_per_completed_task_usd) AS place,
    CAST(COUNT(*) OVER (PARTITION BY u.usage_day, u.workflow_id) AS BIGINT) AS baseline_days,
    CAST(SUM(b.completed_tasks) OVER (PARTITION BY u.usage_day, u.workflow_id) AS BIGINT) AS baseline_completions
  FROM unit_costs AS u
  CROSS JOIN baseline_length AS l
  INNER JOIN unit_costs AS b
    ON b.workflow_id = u.workflow_id AND b.cost_per_completed_task_usd IS NOT NULL
    AND b.usage_day < u.usage_day AND b.usage_day >= CAST(u.usage_day - l.days AS DATE)
),

-- The median: the middle day, or the mean of the two in the middle.
baselines AS (
  SELECT
    usage_day,
    workflow_id,
    CAST(
      (CAST(MIN(cost_per_completed_task_usd) AS DECIMAL(26, 12)) + CAST(MAX(cost_per_completed_task_usd) AS DECIMAL(26, 12)))
      * CAST(0.5 AS DECIMAL(2, 1)) AS DECIMAL(38, 12)
    ) AS baseline_usd,
    MIN(baseline_days) AS baseline_days,
    MIN(baseline_completions) AS baseline_completions
  FROM baseline_days
  WHERE 2 * place BETWEEN baseline_days AND baseline_days + 2
  GROUP BY usage_day, workflow_id
),

rpt_platform__workflow_day AS (
  SELECT
    u.usage_day,
    u.workflow_id,
    u.environment,
    u.auth_kind,
    u.attempts,
    u.tasks,
    u.completed_tasks,
    u.unknown_tasks,
    u.list_usd,
    u.allocated_usd,
    CASE u.mode_rank WHEN 2 THEN 'allocated' WHEN 1 THEN 'derived' ELSE 'direct' END AS attribution_mode,
    u.cost_per_completed_task_usd,
    u.cost_per_attempt_usd,
    u.input_tokens,
    u.output_tokens,
    d.dominant_model,
    d.previous_dominant_model,
    COALESCE(d.dominant_model <> d.previous_dominant_model, FALSE) AS model_changed,
    u.unpriced_calls,
    b.baseline_usd,
    COALESCE(b.baseline_days, 0) AS baseline_days,
    COALESCE(b.baseline_completions, 0) AS baseline_completions,
    CAST(u.cost_per_completed_task_usd AS DOUBLE) / NULLIF(CAST(b.baseline_usd AS DOUBLE), 0) AS ratio
  FROM unit_costs AS u
  LEFT JOIN dominant AS d ON d.usage_day = u.usage_day AND d.workflow_id = u.workflow_id
  LEFT JOIN baselines AS b ON b.usage_day = u.usage_day AND b.workflow_id = u.workflow_id
)

SELECT * FROM rpt_platform__workflow_day
