-- asset: rpt_platform__workflow_day
-- severity: ERROR
-- partitions: day
-- episode: 3
-- title: Cost per completed task jumped
-- description: A workflow's list value per completed task reached a multiple (cost_per_task_ratio, 2 unless changed) of the median of its baseline days, with enough completions on both sides (policies/alert_thresholds.csv). Names a model swap and splits the change.
-- remedy: the largest factor of the change is the cause: pin the model back, shorten the prompt, or mend what makes attempts fail
WITH thresholds AS (
  SELECT
    MAX(CASE WHEN name = 'cost_per_task_ratio' THEN TRY_CAST(value AS DECIMAL(9, 3)) END) AS cost_per_task_ratio,
    MAX(CASE WHEN name = 'baseline_min_days' THEN TRY_CAST(value AS BIGINT) END) AS baseline_min_days,
    MAX(CASE WHEN name = 'min_completions' THEN TRY_CAST(value AS BIGINT) END) AS min_completions
  FROM alert_thresholds
),

rises AS (
  SELECT
    days.usage_day,
    days.workflow_id,
    days.cost_per_completed_task_usd,
    days.baseline_usd,
    days.baseline_days,
    days.completed_tasks,
    CAST(days.cost_per_completed_task_usd AS DOUBLE) / CAST(days.baseline_usd AS DOUBLE) AS ratio,
    changes.price_factor,
    changes.tokens_factor,
    changes.attempts_factor,
    changes.model_mix_factor,
    changes.baseline_shape_factor,
    COALESCE(changes.swapped_from, CASE WHEN days.model_changed THEN days.previous_dominant_model ELSE changes.baseline_model END) AS model_before,
    COALESCE(changes.swap_day, CASE WHEN days.model_changed THEN days.usage_day END) AS swap_day,
    COALESCE(days.dominant_model, changes.model) AS model_now
  FROM rpt_platform__workflow_day AS days
  CROSS JOIN thresholds
  LEFT JOIN rpt_platform__cost_change_day AS changes
    ON days.usage_day = changes.usage_day AND days.workflow_id = changes.workflow_id
  WHERE days.baseline_usd > 0
    AND days.cost_per_completed_task_usd >= thresholds.cost_per_task_ratio * days.baseline_usd
    AND days.baseline_days >= thresholds.baseline_min_days
    AND days.completed_tasks >= thresholds.min_completions
    AND days.baseline_completions >= thresholds.min_completions
),

cost_per_task_doubled AS (
  SELECT
    'custom_agents' AS vendor,
    workflow_id AS subject,
    usage_day,
    CAST(cost_per_completed_task_usd AS DECIMAL(38, 18)) AS observed,
    CAST(baseline_usd AS DECIMAL(38, 18)) AS baseline,
    ratio,
    CAST(
      (cost_per_completed_task_usd - baseline_usd) * CAST(completed_tasks AS DECIMAL(9, 0)) AS DECIMAL(38, 18)
    ) AS amount_usd,
    workflow_id || ' cost ' || CAST(CAST(cost_per_completed_task_usd AS DECIMAL(38, 4)) AS VARCHAR)
      || ' USD (list) per completed task on ' || CAST(usage_day AS VARCHAR) || ', '
      || CAST(CAST(FLOOR(ROUND(ratio * 10, 6)) / 10 AS DECIMAL(18, 1)) AS VARCHAR) || 'x the '
      || CAST(CAST(baseline_usd AS DECIMAL(38, 4)) AS VARCHAR) || ' USD median of '
      || CAST(baseline_days AS VARCHAR) || ' days before'
      || CASE
        WHEN model_before <> model_now
          THEN '; the model moved from ' || model_before || ' to ' || model_now || COALESCE(' on ' || CAST(swap_day AS VARCHAR), '')
        ELSE ''
      END
      || COALESCE(
        '; change: price x' || FORMAT('{:.2f}', price_factor)
        || ', tokens per attempt x' || FORMAT('{:.2f}', tokens_factor)
        || ', attempts per completion x' || FORMAT('{:.2f}', attempts_factor)
        || ', model mix x' || FORMAT('{:.2f}', model_mix_factor)
        || CASE
          WHEN ABS(baseline_shape_factor - 1) >= 0.005
            THEN ', baseline average against its median x' || FORMAT('{:.2f}', baseline_shape_factor)
          ELSE ''
        END,
        ''
      ) AS explanation
  FROM rises
)

SELECT * FROM cost_per_task_doubled
