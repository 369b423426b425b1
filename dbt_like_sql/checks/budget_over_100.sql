-- asset: rpt_finance__budget_pace
-- severity: ERROR
-- partitions: none
-- description: A budget in policies/budgets.csv is used up.
SELECT
  'budget_over_100' AS kind,
  'ERROR' AS severity,
  vendor,
  subject,
  person_id,
  org,
  usage_day,
  observed,
  baseline,
  ratio,
  amount_usd,
  explanation
FROM int_budget__used
WHERE state = 'over_100'
