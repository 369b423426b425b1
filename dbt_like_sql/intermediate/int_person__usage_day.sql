-- grain: one row per ledger row, as the managers' reports add it up
-- unit: AI credits; USD, four amounts apart
-- source: fct_usage_day, dim_person
-- late data: follows fct_usage_day
-- partitions: view day
/*
usage_day: UTC day
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
  u.usage_day,
  u.org,
  u.squad,
  COALESCE(u.person_id, '(not attributable)') AS person_id,
  COALESCE(p.name, u.person_id, '(not attributable)') AS name,
  u.vendor,
  u.series,
  CASE WHEN u.unit = 'ai_credits' THEN u.quantity END AS credits,
  u.list_usd,
  u.covered_usd,
  u.billed_usd
FROM fct_usage_day AS u
LEFT JOIN dim_person AS p ON p.person_id = u.person_id
