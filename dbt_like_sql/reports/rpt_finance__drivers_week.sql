-- grain: one row per ISO week x vendor x series x background kind, in either of the week and the week before
-- unit: USD at list price
-- source: fct_usage_day; series without a list value are left out
-- late data: follows fct_usage_day; changes of consecutive weeks add up to the change over a month
-- partitions: week
-- look: back 7
/*
week_start: Monday 00:00 UTC of the ISO week
vendor: vendor
series: line on the main chart
background_kind: automation, cloud_agent, service_account or headless; interactive or api_key or not_split where there is none
list_usd: consumption at list price; zero in a week without use
previous_list_usd: the week before; zero without use, null when that week has no data of the vendor at all
change_list_usd: difference; null without a week before
rank: 1 is the largest rise; null without a week before
*/
WITH weeks AS (
  SELECT
    CAST(DATE_TRUNC('week', usage_day) AS DATE) AS week_start,
    vendor,
    series,
    CASE
      -- Whole days of one surface are known, parts of a day are not: a week's change between the two would mean nothing.
      WHEN series = 'copilot_credits' THEN 'not_split'
      WHEN background_kind IS NOT NULL THEN background_kind
      WHEN series = 'claude_api_key' AND actor_kind = 'machine' THEN 'api_key'
      ELSE actor_kind
    END AS background_kind,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_usage_day
  WHERE list_usd IS NOT NULL
  GROUP BY ALL
),

vendor_weeks AS (
  SELECT DISTINCT week_start, vendor FROM weeks
),

lines AS (
  SELECT week_start, vendor, series, background_kind FROM weeks
  UNION
  SELECT CAST(w.week_start + 7 AS DATE) AS week_start, w.vendor, w.series, w.background_kind
  FROM weeks AS w
  INNER JOIN vendor_weeks AS v ON v.week_start = CAST(w.week_start + 7 AS DATE) AND v.vendor = w.vendor
),

changes AS (
  SELECT
    l.week_start,
    l.vendor,
    l.series,
    l.background_kind,
    COALESCE(n.list_usd, CAST(0 AS DECIMAL(38, 18))) AS list_usd,
    CASE WHEN v.vendor IS NOT NULL THEN COALESCE(b.list_usd, CAST(0 AS DECIMAL(38, 18))) END AS previous_list_usd
  FROM lines AS l
  LEFT JOIN weeks AS n
    ON n.week_start = l.week_start AND n.vendor = l.vendor AND n.series = l.series AND n.background_kind = l.background_kind
  LEFT JOIN weeks AS b
    ON b.week_start = CAST(l.week_start - 7 AS DATE) AND b.vendor = l.vendor AND b.series = l.series
    AND b.background_kind = l.background_kind
  LEFT JOIN vendor_weeks AS v ON v.week_start = CAST(l.week_start - 7 AS DATE) AND v.vendor = l.vendor
),

rpt_finance__drivers_week AS (
  SELECT
    week_start,
    vendor,
    series,
    background_kind,
    list_usd,
    previous_list_usd,
    CAST(list_usd - previous_list_usd AS DECIMAL(38, 18)) AS change_list_usd,
    CASE
      WHEN previous_list_usd IS NOT NULL
        THEN CAST(
          ROW_NUMBER() OVER (
            PARTITION BY week_start, CASE WHEN previous_list_usd IS NULL THEN 0 ELSE 1 END
            ORDER BY list_usd - previous_list_usd DESC, vendor, series, background_kind
          ) AS BIGINT
        )
    END AS rank
  FROM changes
)

SELECT * FROM rpt_finance__drivers_week
