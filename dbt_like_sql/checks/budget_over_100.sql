-- asset: rpt_finance__budget_pace
-- severity: ERROR
-- partitions: none
-- title: Budget used up
-- description: A budget in policies/budgets.csv is used up.
-- remedy: ask the budget's owner whether to stop the work or to raise the budget with a new line in policies/budgets.csv
SELECT vendor, subject, org, usage_day, observed, baseline, ratio, amount_usd, explanation
FROM int_budget__used
WHERE state = 'over_100'
