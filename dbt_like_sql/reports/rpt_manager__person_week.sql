-- grain: one row per ISO week x org x squad x person x vendor x series
-- unit: AI credits; USD, four amounts apart
-- source: int_person__usage_day
-- late data: follows fct_usage_day
-- partitions: week
-- look: back 7
/*
week_start: Monday 00:00 UTC of the ISO week
org: org on the day of use, '(not attributable)' without a person
squad: squad on the day of use; a person who moved has a row in each
person_id: person, '(not attributable)' without one
name: name for display
vendor: vendor
series: line on the chart
credits: AI credits; null for vendors without credits or when unknown
list_usd: consumption at list price
covered_usd: part already paid by a seat or pool
billed_usd: what the vendor's billing API says it charges
previous_list_usd: list_usd of the week before
change_pct: change of list_usd in percent; null without a week before
*/
WITH weeks AS (
  SELECT
    CAST(DATE_TRUNC('week', usage_day) AS DATE) AS week_start,
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
),

rpt_manager__person_week AS (
  SELECT
    w.*,
    b.list_usd AS previous_list_usd,
    (CAST(w.list_usd AS DOUBLE) / NULLIF(CAST(b.list_usd AS DOUBLE), 0) - 1) * 100 AS change_pct
  FROM weeks AS w
  LEFT JOIN weeks AS b
    ON b.week_start = CAST(w.week_start - 7 AS DATE) AND b.org = w.org AND b.squad = w.squad
    AND b.person_id = w.person_id AND b.vendor = w.vendor AND b.series = w.series
)

SELECT * FROM rpt_manager__person_week
