-- asset: rpt_finance__budget_pace
-- severity: WARN
-- partitions: none
-- title: Budget over 80 percent
-- description: A budget in policies/budgets.csv is used to 80 percent or more, and not yet to 100.
-- remedy: tell the budget's owner while there is time; the lines behind it are in rpt_finance__budget_line
SELECT vendor, subject, org, usage_day, observed, baseline, ratio, amount_usd, explanation
FROM int_budget__used
WHERE state = 'over_80'
