-- grain: one row per month x Claude seat with headless use; a what-if, never part of the ledger
-- unit: USD at list price
-- source: int_workload__sdk_day, dim_person; switched on by effective_from in policies/agent_sdk_split.csv
-- late data: rebuilt whole
-- partitions: none
/*
month: first day of the month
seat: e-mail of the person who holds the seat, lower case
person_id: person in the roster
name: name for display
plan: plan of the policy
plan_rule: what says which plan the seat has
headless_list_usd: headless use at list price
source_feed: claude_code_usage (the vendor's own figure), or agent_spans where the vendor reports none
use_days: days with headless use
credit_usd: monthly credit of the seat, not pooled, not carried over; null while not in force
credit_used_usd: part of the credit that the use takes; null while not in force
overflow_usd: use beyond the credit; null while not in force
covered_days: days of use that the credit covers; null while not in force
stops: whether headless work of the seat would stop, because overflow is off; null while not in force
stops_day: first day the credit does not cover; null for a date after the newest day
basis: use of the month, or of the 28 days before the newest day where the date lies ahead
state: not in force, or what if from <day>
*/
WITH feeds AS (
  SELECT
    month,
    state,
    seat,
    MAX(CASE WHEN source_feed = 'claude_code_usage' THEN 1 ELSE 0 END) AS has_report
  FROM int_workload__sdk_day
  GROUP BY month, state, seat
),

days AS (
  SELECT
    d.month,
    d.state,
    d.basis,
    d.seat,
    d.plan,
    d.plan_rule,
    d.credit_usd,
    d.overflow,
    d.source_feed,
    d.usage_day,
    CAST(SUM(d.list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM int_workload__sdk_day AS d
  INNER JOIN feeds AS f ON f.month = d.month AND f.state = d.state AND f.seat = d.seat
  WHERE d.source_feed = CASE WHEN f.has_report = 1 THEN 'claude_code_usage' ELSE 'agent_spans' END
  GROUP BY ALL
),

running AS (
  SELECT
    *,
    CAST(SUM(list_usd) OVER (PARTITION BY month, state, seat ORDER BY usage_day) AS DECIMAL(38, 18)) AS used_usd
  FROM days
),

seats AS (
  SELECT
    month,
    state,
    basis,
    seat,
    plan,
    plan_rule,
    overflow,
    source_feed,
    CAST(credit_usd AS DECIMAL(38, 18)) AS credit_usd,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS headless_list_usd,
    CAST(COUNT(*) AS BIGINT) AS use_days,
    CAST(SUM(CASE WHEN used_usd <= credit_usd THEN 1 ELSE 0 END) AS BIGINT) AS covered_days,
    MIN(CASE WHEN used_usd > credit_usd THEN usage_day END) AS stops_day
  FROM running
  GROUP BY ALL
),

rpt_platform__agent_sdk_split AS (
  SELECT
    s.month,
    s.seat,
    p.person_id,
    p.name,
    s.plan,
    s.plan_rule,
    s.headless_list_usd,
    s.source_feed,
    s.use_days,
    s.credit_usd,
    CAST(CASE WHEN s.headless_list_usd < s.credit_usd THEN s.headless_list_usd ELSE s.credit_usd END AS DECIMAL(38, 18)) AS credit_used_usd,
    CAST(
      CASE
        WHEN s.headless_list_usd > s.credit_usd THEN s.headless_list_usd - s.credit_usd
        WHEN s.credit_usd IS NOT NULL THEN 0
      END AS DECIMAL(38, 18)
    ) AS overflow_usd,
    CASE WHEN s.credit_usd IS NOT NULL THEN s.covered_days END AS covered_days,
    CASE WHEN s.credit_usd IS NOT NULL THEN s.headless_list_usd > s.credit_usd AND s.overflow = 'off' END AS stops,
    CASE WHEN s.basis = 'use of the month' AND s.overflow = 'off' THEN s.stops_day END AS stops_day,
    s.basis,
    s.state
  FROM seats AS s
  LEFT JOIN dim_person AS p ON p.email = s.seat
)

SELECT * FROM rpt_platform__agent_sdk_split
