-- grain: one row per workload x auth kind x environment with use in the rule's window: how often, in days and starts
-- source: int_workload__day, int_workload__start, fct_usage_day (which days have data)
-- late data: follows what it reads
-- partitions: view none
/*
vendor: ledger name of the vendor
workload: workload, or e-mail of a person for a session
workload_kind: as in int_workload__day; session for a person's own use
auth_kind: seat, api_key, service_account or unknown
environment: environment, empty when unknown
calendar_days: days of the window with any data, from the workload's first day in it
weekend_days: Saturdays and Sundays among calendar_days
active_days: those with use of the workload
active_weekend_days: Saturdays and Sundays among active_days
starts: starts in the window; null where the vendor counts none
is_same_count: whether every active day has the same number of starts
restless_days: days on which the pause after no start was longer than the rule's hours of rest
*/
WITH calendar AS (
  SELECT DISTINCT f.usage_day, EXTRACT(ISODOW FROM f.usage_day) >= 6 AS is_weekend
  FROM fct_usage_day AS f
  INNER JOIN int_workload__window AS w ON f.usage_day > w.day_before
),

pauses AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    COALESCE(environment, '') AS environment,
    usage_day,
    EPOCH(
      LEAD(started_at) OVER (PARTITION BY vendor, workload, workload_kind, auth_kind, environment ORDER BY started_at)
    ) - EPOCH(started_at) AS seconds
  FROM int_workload__start
),

start_days AS (
  SELECT
    p.vendor,
    p.workload,
    p.workload_kind,
    p.auth_kind,
    p.environment,
    p.usage_day,
    CAST(COUNT(*) AS BIGINT) AS starts,
    COALESCE(MAX(p.seconds) <= MAX(r.rest_hours) * 3600, FALSE) AS is_restless
  FROM pauses AS p
  CROSS JOIN int_workload__rule AS r
  GROUP BY p.vendor, p.workload, p.workload_kind, p.auth_kind, p.environment, p.usage_day
),

days AS (
  SELECT vendor, workload, workload_kind, auth_kind, COALESCE(environment, '') AS environment, usage_day, SUM(starts) AS starts
  FROM int_workload__day
  GROUP BY vendor, workload, workload_kind, auth_kind, COALESCE(environment, ''), usage_day
  UNION ALL
  SELECT vendor, workload, workload_kind, auth_kind, environment, usage_day, starts
  FROM start_days
  WHERE workload_kind = 'session'
),

active AS (
  SELECT
    d.vendor,
    d.workload,
    d.workload_kind,
    d.auth_kind,
    d.environment,
    MIN(d.usage_day) AS first_day,
    COUNT(*) AS active_days,
    COUNT(CASE WHEN c.is_weekend THEN 1 END) AS active_weekend_days,
    SUM(d.starts) AS starts,
    COALESCE(MIN(d.starts) = MAX(d.starts), FALSE) AS is_same_count,
    COUNT(CASE WHEN s.is_restless THEN 1 END) AS restless_days
  FROM days AS d
  INNER JOIN calendar AS c ON c.usage_day = d.usage_day
  LEFT JOIN start_days AS s
    ON s.vendor = d.vendor AND s.workload = d.workload AND s.workload_kind = d.workload_kind AND s.auth_kind = d.auth_kind
    AND s.environment = d.environment AND s.usage_day = d.usage_day
  GROUP BY d.vendor, d.workload, d.workload_kind, d.auth_kind, d.environment
),

int_workload__span AS (
  SELECT
    a.vendor,
    a.workload,
    a.workload_kind,
    a.auth_kind,
    a.environment,
    CAST(COUNT(*) AS BIGINT) AS calendar_days,
    CAST(COUNT(CASE WHEN c.is_weekend THEN 1 END) AS BIGINT) AS weekend_days,
    CAST(MAX(a.active_days) AS BIGINT) AS active_days,
    CAST(MAX(a.active_weekend_days) AS BIGINT) AS active_weekend_days,
    CAST(MAX(a.starts) AS BIGINT) AS starts,
    BOOL_OR(a.is_same_count) AS is_same_count,
    CAST(MAX(a.restless_days) AS BIGINT) AS restless_days
  FROM active AS a
  INNER JOIN calendar AS c ON c.usage_day >= a.first_day
  GROUP BY a.vendor, a.workload, a.workload_kind, a.auth_kind, a.environment
)

SELECT * FROM int_workload__span
