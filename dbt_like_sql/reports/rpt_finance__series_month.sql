-- grain: one row per month x vendor x series x auth kind
-- unit: AI credits; USD, four amounts apart
-- source: fct_usage_day
-- late data: follows fct_usage_day
-- partitions: month
/*
month: first day of the calendar month
vendor: vendor
series: line on the chart
auth_kind: seat, api_key, service_account or unknown
credits: AI credits; null for vendors without credits
list_usd: consumption at list price
covered_usd: part already paid by a seat or pool
billed_usd: what the vendor's billing API says it charges
*/
SELECT
  CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
  vendor,
  series,
  auth_kind,
  CAST(SUM(CASE WHEN unit = 'ai_credits' THEN quantity END) AS DECIMAL(38, 18)) AS credits,
  CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
  CAST(SUM(covered_usd) AS DECIMAL(38, 18)) AS covered_usd,
  CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
FROM fct_usage_day
GROUP BY ALL
