-- grain: one row per month x Claude seat x workload of the seat's headless use; a what-if, never part of the ledger
-- unit: USD at list price
-- source: int_workload__sdk_day, rpt_platform__agent_sdk_split
-- late data: rebuilt whole
-- partitions: none
/*
month: first day of the month
seat: e-mail of the person who holds the seat, lower case
person_id: person in the roster
name: name for display
workload: traced workflow; (not traced) is the vendor's figure for the seat without its traced workflows
environment: environment of a traced workflow
headless_list_usd: use at list price
share: part of the seat's headless use, 0 to 1
stops: whether it would stop once the seat's credit is used; null while not in force
state: not in force, or what if from <day>
*/
WITH traced AS (
  SELECT
    month,
    state,
    seat,
    workload,
    environment,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM int_workload__sdk_day
  WHERE source_feed = 'agent_spans'
  GROUP BY month, state, seat, workload, environment
),

traced_seats AS (
  SELECT
    month,
    state,
    seat,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM traced
  GROUP BY month, state, seat
),

lines AS (
  SELECT * FROM traced
  UNION ALL
  SELECT
    s.month,
    s.state,
    s.seat,
    '(not traced)' AS workload,
    CAST(NULL AS VARCHAR) AS environment,
    CAST(s.headless_list_usd - COALESCE(t.list_usd, 0) AS DECIMAL(38, 18)) AS list_usd
  FROM rpt_platform__agent_sdk_split AS s
  LEFT JOIN traced_seats AS t ON t.month = s.month AND t.state = s.state AND t.seat = s.seat
  WHERE s.headless_list_usd > COALESCE(t.list_usd, 0)
),

rpt_platform__agent_sdk_split_workload AS (
  SELECT
    l.month,
    l.seat,
    s.person_id,
    s.name,
    l.workload,
    l.environment,
    l.list_usd AS headless_list_usd,
    CAST(l.list_usd AS DOUBLE) / NULLIF(CAST(SUM(l.list_usd) OVER (PARTITION BY l.month, l.state, l.seat) AS DOUBLE), 0) AS share,
    s.stops,
    l.state
  FROM lines AS l
  INNER JOIN rpt_platform__agent_sdk_split AS s ON s.month = l.month AND s.state = l.state AND s.seat = l.seat
)

SELECT * FROM rpt_platform__agent_sdk_split_workload
