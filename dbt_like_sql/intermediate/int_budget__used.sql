-- grain: one row per budget in force that is used to 80 percent or more, as its check tells it
-- unit: USD of the budget's own kind of amount
-- source: rpt_finance__budget_pace
-- partitions: view none
/*
state: over_80 or over_100
vendor: ledger name of the vendor, custom_agents for a workflow, company for the rest
subject: kind of scope, scope and kind of amount
org: org of the budget, '(not attributable)' without one
usage_day: first day of the month
observed: amount so far
baseline: the budget of the month
ratio: observed over baseline
amount_usd: amount so far
explanation: one line with the figures, the day of exhaustion and the owner
*/
SELECT
  state,
  CASE WHEN scope_kind = 'vendor' THEN scope WHEN scope_kind = 'workflow' THEN 'custom_agents' ELSE 'company' END AS vendor,
  scope_kind || ' ' || scope || ' (' || amount_kind || ')' AS subject,
  COALESCE(org, '(not attributable)') AS org,
  month AS usage_day,
  to_date_usd AS observed,
  budget_usd AS baseline,
  share AS ratio,
  to_date_usd AS amount_usd,
  'Budget of ' || scope_kind || ' ' || scope || ' for ' || STRFTIME(month, '%Y-%m') || ': '
    || CAST(CAST(to_date_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' of ' || CAST(CAST(budget_usd AS DECIMAL(38, 2)) AS VARCHAR)
    || ' USD (' || amount_kind || ') is ' || CAST(CAST(FLOOR(ROUND(share * 100, 6)) AS BIGINT) AS VARCHAR) || ' percent'
    || COALESCE(CASE WHEN state = 'over_100' THEN '; reached on ' ELSE '; at this pace it is reached on ' END || CAST(exhaustion_day AS VARCHAR), '')
    || COALESCE('; owner ' || owner, '') AS explanation
FROM rpt_finance__budget_pace
WHERE state IN ('over_80', 'over_100')
