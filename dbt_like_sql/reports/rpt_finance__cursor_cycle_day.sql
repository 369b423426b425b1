-- grain: one row per UTC day x billing cycle x series x auth kind; the day on which a cycle changes has rows of both
-- unit: USD, amounts apart; added over a cycle they are the cycle, added over a month they are the calendar month
-- source: stg_cursor__event, int_cursor__cycle
-- late data: re-read for the feed's restatement window
-- partitions: day
/*
usage_day: UTC day of the events
cycle_started_at: first instant of the cycle; null where Cursor has not named the cycle of that time
cycle_ended_at: first instant after the cycle
series: line on the main chart
auth_kind: seat or service_account
events: usage events
list_usd: amount as the vendor prints it, cash or not; null when it prints none
covered_usd: part that the plan already pays
billed_usd: on-demand charge
*/
WITH rpt_finance__cursor_cycle_day AS (
  SELECT
    e.usage_day,
    c.cycle_started_at,
    c.cycle_ended_at,
    e.series,
    CASE WHEN e.is_service_account THEN 'service_account' ELSE 'seat' END AS auth_kind,
    CAST(COUNT(*) AS BIGINT) AS events,
    CAST(SUM(CASE WHEN e.series <> 'cursor_not_charged' THEN e.charged_usd ELSE 0 END) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(CASE WHEN e.series = 'cursor_included' THEN e.charged_usd ELSE 0 END) AS DECIMAL(38, 18)) AS covered_usd,
    CAST(SUM(CASE WHEN e.series = 'cursor_on_demand' THEN e.charged_usd ELSE 0 END) AS DECIMAL(38, 18)) AS billed_usd
  FROM stg_cursor__event AS e
  LEFT JOIN int_cursor__cycle AS c
    ON e.event_at >= c.cycle_started_at AND (c.cycle_ended_at IS NULL OR e.event_at < c.cycle_ended_at)
  GROUP BY 1, 2, 3, 4, 5
)

SELECT * FROM rpt_finance__cursor_cycle_day
