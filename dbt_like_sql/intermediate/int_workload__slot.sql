-- grain: one row per workload x auth kind x environment x time zone x slot of the day with a start in the rule's window
-- source: int_workload__slot_start, int_workload__span; policies/workload_rules.csv
-- late data: rebuilt whole
-- partitions: none
/*
vendor: ledger name of the vendor
workload: workload, or e-mail of a person for a session
workload_kind: as in int_workload__start
auth_kind: seat, api_key, service_account or unknown
environment: environment, empty when unknown
zone: time zone of the slot
slot: number of the half hour of the local day that the hour begins with, 0 to 47
usual_minute: median minute of the first start in the hour, 0 to 59
slot_days: days with a start in the hour
steady_days: days on which the first start lay within the rule's minutes of the usual minute
is_night: whether most first starts lie in the night window (UTC)
rhythm: daily, weekdays or irregular
is_clock: same hour, same minutes, day after day: the rule for what a clock starts
is_alone: whether it is so rare that the hours beside have a start that nobody is at work there
*/
WITH firsts AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    environment,
    zone,
    slot,
    slot_number,
    MIN(slot_minute) AS slot_minute,
    MIN(minute_at) AS minute_at
  FROM int_workload__slot_start
  GROUP BY vendor, workload, workload_kind, auth_kind, environment, zone, slot, slot_number
),

medians AS (
  SELECT vendor, workload, workload_kind, auth_kind, environment, zone, slot, CAST(MEDIAN(slot_minute) AS DOUBLE) AS usual_minute
  FROM firsts
  GROUP BY vendor, workload, workload_kind, auth_kind, environment, zone, slot
),

-- The day that a slot lies on is the one it begins on.
judged AS (
  SELECT
    f.vendor,
    f.workload,
    f.workload_kind,
    f.auth_kind,
    f.environment,
    f.zone,
    f.slot,
    f.slot_number,
    m.usual_minute,
    ABS(f.slot_minute - m.usual_minute) <= r.steady_minutes AS is_steady,
    -- 1970-01-01 was a Thursday.
    (f.slot_number // 48 + 3) % 7 >= 5 AS is_weekend,
    CASE
      WHEN r.night_first_hour > r.night_last_hour
        THEN EXTRACT(HOUR FROM f.minute_at) >= r.night_first_hour OR EXTRACT(HOUR FROM f.minute_at) <= r.night_last_hour
      ELSE EXTRACT(HOUR FROM f.minute_at) BETWEEN r.night_first_hour AND r.night_last_hour
    END AS is_night
  FROM firsts AS f
  CROSS JOIN int_workload__rule AS r
  INNER JOIN medians AS m
    ON m.vendor = f.vendor AND m.workload = f.workload AND m.workload_kind = f.workload_kind AND m.auth_kind = f.auth_kind
    AND m.environment = f.environment AND m.zone = f.zone AND m.slot = f.slot
),

neighboured AS (
  SELECT DISTINCT j.vendor, j.workload, j.workload_kind, j.auth_kind, j.environment, j.zone, j.slot_number
  FROM judged AS j
  INNER JOIN judged AS b
    ON b.vendor = j.vendor AND b.workload = j.workload AND b.workload_kind = j.workload_kind AND b.auth_kind = j.auth_kind
    AND b.environment = j.environment AND b.zone = j.zone AND b.slot_number IN (j.slot_number - 2, j.slot_number + 2)
),

counted AS (
  SELECT
    j.vendor,
    j.workload,
    j.workload_kind,
    j.auth_kind,
    j.environment,
    j.zone,
    j.slot,
    j.usual_minute,
    CAST(COUNT(*) AS BIGINT) AS slot_days,
    CAST(COUNT(CASE WHEN j.is_weekend THEN 1 END) AS BIGINT) AS slot_weekend_days,
    CAST(COUNT(CASE WHEN j.is_steady THEN 1 END) AS BIGINT) AS steady_days,
    CAST(COUNT(b.slot_number) AS BIGINT) AS neighbour_days,
    COUNT(CASE WHEN j.is_night THEN 1 END) * 2 > COUNT(*) AS is_night
  FROM judged AS j
  LEFT JOIN neighboured AS b
    ON b.vendor = j.vendor AND b.workload = j.workload AND b.workload_kind = j.workload_kind AND b.auth_kind = j.auth_kind
    AND b.environment = j.environment AND b.zone = j.zone AND b.slot_number = j.slot_number
  GROUP BY j.vendor, j.workload, j.workload_kind, j.auth_kind, j.environment, j.zone, j.slot, j.usual_minute
),

rhythms AS (
  SELECT
    c.*,
    CASE
      WHEN c.slot_days < r.min_active_days THEN 'irregular'
      WHEN c.slot_days >= r.same_hour_share * s.calendar_days THEN 'daily'
      WHEN c.slot_weekend_days = 0 AND c.slot_days >= r.same_hour_share * (s.calendar_days - s.weekend_days) THEN 'weekdays'
      ELSE 'irregular'
    END AS rhythm,
    c.steady_days >= r.same_hour_share * c.slot_days AS is_steady,
    c.neighbour_days <= r.neighbour_share * c.slot_days AS is_alone
  FROM counted AS c
  CROSS JOIN int_workload__rule AS r
  INNER JOIN int_workload__span AS s
    ON s.vendor = c.vendor AND s.workload = c.workload AND s.workload_kind = c.workload_kind AND s.auth_kind = c.auth_kind
    AND s.environment = c.environment
),

int_workload__slot AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    environment,
    zone,
    slot,
    usual_minute,
    slot_days,
    steady_days,
    is_night,
    rhythm,
    COALESCE(rhythm <> 'irregular' AND is_steady, FALSE) AS is_clock,
    COALESCE(is_alone, FALSE) AS is_alone
  FROM rhythms
)

SELECT * FROM int_workload__slot
