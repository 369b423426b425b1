-- grain: one row per month x org x squad x person x vendor x series
-- unit: AI credits; USD, four amounts apart
-- source: int_person__usage_day
-- late data: follows fct_usage_day
-- partitions: month
/*
month: first day of the calendar month
org: org on the day of use, '(not attributable)' without a person
squad: squad on the day of use
person_id: person, '(not attributable)' without one
name: name for display
vendor: vendor
series: line on the chart
credits: AI credits; null for vendors without credits or when unknown
list_usd: consumption at list price
covered_usd: part already paid by a seat or pool
billed_usd: what the vendor's billing API says it charges
*/
SELECT
  CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
  org,
  squad,
  person_id,
  name,
  vendor,
  series,
  CAST(SUM(credits) AS DECIMAL(38, 18)) AS credits,
  CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
  CAST(SUM(covered_usd) AS DECIMAL(38, 18)) AS covered_usd,
  CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
FROM int_person__usage_day
GROUP BY ALL
