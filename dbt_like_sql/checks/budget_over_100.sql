-- asset: rpt_finance__budget_pace
-- severity: ERROR
-- partitions: none
-- description: A budget in policies/budgets.csv is used up.
SELECT * FROM int_budget__used WHERE kind = 'budget_over_100'
