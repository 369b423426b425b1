-- grain: one row per budget in force in the newest month x ledger line of that month in its scope
-- unit: USD of the budget's own kind of amount
-- source: fct_usage_day, policies/budgets.csv
-- late data: follows fct_usage_day
-- partitions: view none
/*
month: first day of the newest month with usage
scope_kind: vendor, squad, workflow, key or org
scope: what the budget is for
amount_kind: list or billed
vendor: ledger name of the vendor
usage_day: UTC day
amount_usd: list or billed USD of the line; null when not stated
*/
WITH newest AS (
  SELECT
    CAST(DATE_TRUNC('month', MAX(usage_day)) AS DATE) AS month,
    MAX(usage_day) AS last_day
  FROM fct_usage_day
),

in_force AS (
  SELECT n.month, b.scope_kind, b.scope, b.amount_kind
  FROM stg_policies__budget AS b
  INNER JOIN newest AS n ON n.last_day >= b.effective_from AND (b.effective_to IS NULL OR n.last_day < b.effective_to)
),

int_budget__line AS (
  SELECT
    b.month,
    b.scope_kind,
    b.scope,
    b.amount_kind,
    u.vendor,
    u.usage_day,
    CASE b.amount_kind WHEN 'list' THEN u.list_usd WHEN 'billed' THEN u.billed_usd END AS amount_usd
  FROM in_force AS b
  INNER JOIN fct_usage_day AS u
    ON u.usage_day >= b.month
    AND CASE b.scope_kind
      WHEN 'vendor' THEN u.vendor = b.scope
      WHEN 'workflow' THEN u.vendor = 'custom_agents' AND u.actor_id = b.scope
      WHEN 'key' THEN u.vendor <> 'custom_agents' AND b.scope IN (u.key_id, u.key_name, CASE WHEN u.auth_kind = 'service_account' THEN u.actor_id END)
      -- Traced calls run on keys and seats that the vendors' own feeds count already.
      WHEN 'squad' THEN u.vendor <> 'custom_agents' AND u.squad = b.scope
      WHEN 'org' THEN u.vendor <> 'custom_agents' AND u.org = b.scope
    END
)

SELECT * FROM int_budget__line
