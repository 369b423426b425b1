-- grain: one row per budget x ledger line of the newest month in its scope, on days that the budget is in force
-- unit: USD of the budget's own kind of amount
-- source: fct_usage_day, int_budget__in_force
-- late data: follows fct_usage_day
-- partitions: view none
/*
scope_kind: vendor, squad, workflow, key or org
scope: what the budget is for, as in int_budget__in_force
amount_kind: list or billed
vendor: ledger name of the vendor
usage_day: UTC day
series: line on the main chart
model: model as the vendor prints it
price_state: priced, reported, unpriced or not_priced
price_version: price book line behind the list value
attribution_mode: direct, derived or allocated
amount_usd: list or billed USD of the line; null when not stated
*/
SELECT
  b.scope_kind,
  b.scope,
  b.amount_kind,
  u.vendor,
  u.usage_day,
  u.series,
  u.model,
  u.price_state,
  u.price_version,
  u.attribution_mode,
  CASE b.amount_kind WHEN 'list' THEN u.list_usd WHEN 'billed' THEN u.billed_usd END AS amount_usd
FROM int_budget__in_force AS b
INNER JOIN fct_usage_day AS u
  ON u.usage_day BETWEEN b.first_day AND b.last_day
  AND CASE b.scope_kind
    WHEN 'vendor' THEN u.vendor = b.scope
    WHEN 'workflow' THEN u.vendor = 'custom_agents' AND u.actor_id = b.scope
    WHEN 'key' THEN u.vendor <> 'custom_agents' AND b.scope IN (u.key_id, u.key_name, CASE WHEN u.auth_kind = 'service_account' THEN u.actor_id END)
    -- Traced calls run on keys and seats that the vendors' own feeds count already.
    WHEN 'squad' THEN u.vendor <> 'custom_agents' AND u.squad = b.squad AND u.org = b.org
    WHEN 'org' THEN u.vendor <> 'custom_agents' AND u.org = b.org
  END
