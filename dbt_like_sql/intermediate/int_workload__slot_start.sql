-- grain: one row per minute with a start x time zone x slot: an hour of the day, of which one begins every half hour
-- source: int_workload__start in the rule's window; the time zones that clocks are kept in are clock_zone in policies/workload_rules.csv
-- late data: follows the feeds
-- partitions: view none
/*
vendor: ledger name of the vendor
workload: workload, or e-mail of a person for a session
workload_kind: as in int_workload__start
auth_kind: seat, api_key, service_account or unknown
environment: environment, empty when unknown
usage_day: UTC day of the start
minute_at: the start, cut to its minute
zone: time zone of the slot
slot: number of the half hour of the local day that the slot begins with, 0 to 47
slot_number: the same without end, so that the slot two further is the hour that follows
slot_minute: minute of the start in the slot, 0 to 59
*/
-- A job about the full hour lies in one slot whatever its jitter, and a job at a local hour in one slot whatever summer time does.
WITH minutes AS (
  SELECT DISTINCT
    s.vendor,
    s.workload,
    s.workload_kind,
    s.auth_kind,
    COALESCE(s.environment, '') AS environment,
    s.usage_day,
    DATE_TRUNC('minute', s.started_at) AS minute_at
  FROM int_workload__start AS s
  INNER JOIN int_workload__window AS w ON s.usage_day > w.day_before
),

local_minutes AS (
  SELECT
    m.*,
    z.value AS zone,
    CAST(FLOOR(EPOCH(m.minute_at AT TIME ZONE z.value) / 60) AS BIGINT) AS local_minute
  FROM minutes AS m
  INNER JOIN workload_rules AS z ON z.name = 'clock_zone'
),

int_workload__slot_start AS (
  SELECT
    l.vendor,
    l.workload,
    l.workload_kind,
    l.auth_kind,
    l.environment,
    l.usage_day,
    l.minute_at,
    l.zone,
    (l.local_minute // 30 - b.back) % 48 AS slot,
    l.local_minute // 30 - b.back AS slot_number,
    l.local_minute % 30 + 30 * b.back AS slot_minute
  FROM local_minutes AS l
  CROSS JOIN (VALUES (0), (1)) AS b (back)
)

SELECT * FROM int_workload__slot_start
