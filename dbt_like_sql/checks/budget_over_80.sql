-- asset: rpt_finance__budget_pace
-- severity: WARN
-- partitions: none
-- description: A budget in policies/budgets.csv is used to 80 percent or more, and not yet to 100.
WITH budget_over_80 AS (
  SELECT
    'budget_over_80' AS kind,
    'WARN' AS severity,
    CASE WHEN scope_kind = 'vendor' THEN scope WHEN scope_kind = 'workflow' THEN 'custom_agents' ELSE 'company' END AS vendor,
    scope_kind || ' ' || scope || ' (' || amount_kind || ')' AS subject,
    CAST(NULL AS VARCHAR) AS person_id,
    CASE WHEN scope_kind = 'org' THEN scope ELSE '(not attributable)' END AS org,
    month AS usage_day,
    to_date_usd AS observed,
    budget_usd AS baseline,
    share AS ratio,
    to_date_usd AS amount_usd,
    'Budget of ' || scope_kind || ' ' || scope || ' for ' || STRFTIME(month, '%Y-%m') || ': '
      || CAST(CAST(to_date_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' of ' || CAST(CAST(budget_usd AS DECIMAL(38, 2)) AS VARCHAR)
      || ' USD (' || amount_kind || ') is ' || CAST(CAST(FLOOR(ROUND(share * 100, 6)) AS BIGINT) AS VARCHAR) || ' percent'
      || COALESCE('; at this pace it is reached on ' || CAST(exhaustion_day AS VARCHAR), '')
      || COALESCE('; owner ' || owner, '') AS explanation
  FROM rpt_finance__budget_pace
  WHERE state = 'over_80'
)

SELECT * FROM budget_over_80
