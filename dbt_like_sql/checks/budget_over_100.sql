-- asset: rpt_finance__budget_pace
-- severity: ERROR
-- partitions: none
-- description: A budget in policies/budgets.csv is used up.
SELECT vendor, subject, org, usage_day, observed, baseline, ratio, amount_usd, explanation
FROM int_budget__used
WHERE state = 'over_100'
