-- grain: one row per budget in force x vendor x series x model x price line x attribution mode of the newest month
-- unit: USD of the budget's own kind of amount
-- source: int_budget__line, int_budget__seat_fee: the rows that to_date_usd of rpt_finance__budget_pace adds up
-- partitions: none
/*
scope_kind: as in rpt_finance__budget_pace
scope: as in rpt_finance__budget_pace
amount_kind: list or billed
vendor: vendor; null for the seat fees of several
series: line on the main chart; seat_fees for the month's fees
model: model as the vendor prints it
price_state: priced, reported, unpriced or not_priced
price_version: price book line, null when the vendor reports the value
attribution_mode: direct, derived or allocated
amount_usd: amount so far; null when not stated
row_count: rows of fct_usage_day behind the line
first_day: first UTC day with a row
last_day: last UTC day with a row
*/
SELECT
  scope_kind,
  scope,
  amount_kind,
  vendor,
  series,
  model,
  price_state,
  price_version,
  attribution_mode,
  CAST(SUM(amount_usd) AS DECIMAL(38, 18)) AS amount_usd,
  CAST(COUNT(*) AS BIGINT) AS row_count,
  MIN(usage_day) AS first_day,
  MAX(usage_day) AS last_day
FROM int_budget__line
GROUP BY scope_kind, scope, amount_kind, vendor, series, model, price_state, price_version, attribution_mode
UNION ALL
SELECT
  scope_kind,
  scope,
  amount_kind,
  CASE WHEN scope_kind = 'vendor' THEN scope END AS vendor,
  'seat_fees' AS series,
  CAST(NULL AS VARCHAR) AS model,
  'priced' AS price_state,
  'prices/seat_prices.csv, see fct_seat_month' AS price_version,
  'derived' AS attribution_mode,
  seat_usd AS amount_usd,
  CAST(NULL AS BIGINT) AS row_count,
  CAST(NULL AS DATE) AS first_day,
  CAST(NULL AS DATE) AS last_day
FROM int_budget__seat_fee
