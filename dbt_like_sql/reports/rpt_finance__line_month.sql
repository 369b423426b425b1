-- grain: one row per month x vendor x org x squad x series x surface x model x auth kind x unit x price state x price line x attribution mode
-- unit: `unit` for quantity; USD, four amounts apart
-- source: fct_usage_day
-- late data: follows fct_usage_day
-- partitions: month
/*
month: first day of the calendar month
vendor: vendor
org: org on the day of use, '(not attributable)' without a person
squad: squad on the day of use
series: line on the chart
surface: api, editor, billing and the like
model: model as reported; null where the vendor does not split by model
auth_kind: seat, api_key, service_account or unknown
unit: unit of quantity
price_state: priced, reported or unpriced
price_version: price book line, null when the vendor reports the value
attribution_mode: direct, derived or allocated
quantity: sum of the days
list_usd: consumption at list price
covered_usd: part already paid by a seat or pool
billed_usd: what the vendor's billing API says it charges
row_count: rows of fct_usage_day behind the line
first_day: first UTC day with a row
last_day: last UTC day with a row
*/
SELECT
  CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
  vendor,
  org,
  squad,
  series,
  surface,
  model,
  auth_kind,
  unit,
  price_state,
  price_version,
  attribution_mode,
  CAST(SUM(quantity) AS DECIMAL(38, 18)) AS quantity,
  CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
  CAST(SUM(covered_usd) AS DECIMAL(38, 18)) AS covered_usd,
  CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd,
  CAST(COUNT(*) AS BIGINT) AS row_count,
  MIN(usage_day) AS first_day,
  MAX(usage_day) AS last_day
FROM fct_usage_day
GROUP BY ALL
