-- grain: one row per budget and effective period
-- unit: USD a calendar month, of list value or of billed amounts
-- source: policies/budgets.csv
-- partitions: view none
/*
scope_kind: vendor, squad, workflow, key or org
scope: ledger vendor, squad or org/squad, workflow id, key id or key name, or org
amount_kind: list or billed
monthly_usd: the budget
effective_from: first UTC day
effective_to: first UTC day after, null while in force
owner: who answers for it
*/
SELECT
  LOWER(scope_kind) AS scope_kind,
  scope,
  LOWER(amount_kind) AS amount_kind,
  CAST(monthly_usd AS DECIMAL(18, 2)) AS monthly_usd,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to,
  owner
FROM budgets
