-- grain: one row per vendor identifier with usage on a personal surface and no person in the roster
-- unit: USD
-- source: fct_usage_day
-- late data: rebuilt whole; one line in the roster moves the money on the next run
-- partitions: none
/*
vendor: vendor
identifier: the vendor's id of the person
first_day: first UTC day
last_day: last UTC day
days: UTC days with usage
list_usd: consumption at list price that no person carries
billed_usd: billed amount that no person carries
*/
SELECT
  vendor,
  actor_id AS identifier,
  MIN(usage_day) AS first_day,
  MAX(usage_day) AS last_day,
  CAST(COUNT(DISTINCT usage_day) AS BIGINT) AS days,
  CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
  CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
FROM fct_usage_day
WHERE person_id IS NULL AND auth_kind = 'seat' AND series <> 'copilot_billing'
GROUP BY vendor, actor_id
