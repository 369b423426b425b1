-- asset: rpt_coverage
-- severity: ERROR
-- partitions: none
-- title: Alert threshold missing
-- description: A threshold that a check or report needs is absent from policies/alert_thresholds.csv, or is not a number. Its check is silent until it is back.
-- remedy: put the line back into policies/alert_thresholds.csv, with a number
WITH needed AS (
  SELECT *
  FROM (
    VALUES
      ('credits_ratio'), ('credits_floor'), ('new_user_floor'), ('cost_per_task_ratio'), ('baseline_days'),
      ('baseline_min_days'), ('min_completions')
  ) AS names (name)
),

lacking AS (
  SELECT
    needed.name,
    MAX(thresholds.value) AS value
  FROM needed
  LEFT JOIN alert_thresholds AS thresholds ON needed.name = thresholds.name
  GROUP BY needed.name
  HAVING MAX(TRY_CAST(thresholds.value AS DECIMAL(18, 3))) IS NULL
),

thresholds_missing AS (
  SELECT
    'company' AS vendor,
    name AS subject,
    'Threshold ' || name || COALESCE(' is not a number (' || value || ')', ' is missing')
      || ' in policies/alert_thresholds.csv; alerts that need it stay silent' AS explanation
  FROM lacking
)

SELECT * FROM thresholds_missing
