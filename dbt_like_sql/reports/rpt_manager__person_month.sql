-- grain: one row per month x org x squad x person x vendor x series
-- unit: AI credits; USD, four amounts apart
-- source: fct_usage_day, dim_person
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
WITH months AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    org,
    squad,
    COALESCE(person_id, '(not attributable)') AS person_id,
    vendor,
    series,
    CAST(SUM(CASE WHEN unit = 'ai_credits' THEN quantity END) AS DECIMAL(38, 18)) AS credits,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(covered_usd) AS DECIMAL(38, 18)) AS covered_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM fct_usage_day
  GROUP BY ALL
),

rpt_manager__person_month AS (
  SELECT
    m.month,
    m.org,
    m.squad,
    m.person_id,
    COALESCE(p.name, m.person_id) AS name,
    m.vendor,
    m.series,
    m.credits,
    m.list_usd,
    m.covered_usd,
    m.billed_usd
  FROM months AS m
  LEFT JOIN dim_person AS p ON p.person_id = m.person_id
)

SELECT * FROM rpt_manager__person_month
