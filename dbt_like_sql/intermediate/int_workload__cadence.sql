-- grain: one row per workload x auth kind x environment with use in the rule's window: its rhythm
-- source: int_workload__span, int_workload__slot, int_workload__away; policies/workload_rules.csv
-- late data: rebuilt whole
-- partitions: none
/*
vendor: ledger name of the vendor
workload: workload, or e-mail of a person for a session
workload_kind: as in int_workload__day; session for a person's own use
auth_kind: seat, api_key, service_account or unknown
environment: environment, null when unknown
calendar_days: as in int_workload__span
weekend_days: as in int_workload__span
active_days: as in int_workload__span
active_weekend_days: as in int_workload__span
starts: as in int_workload__span
zone: time zone of the slot; null where a feed has only days
slot: slot of int_workload__slot with a start on the most days
slot_days: days with a start in it
usual_minute: median minute of the first start in it
steady_days: days on which the first start lay within the rule's minutes of that
is_night: whether it lies in the night window (UTC)
away_days: active days on which the person behind the seat used nothing else; null without a person of the roster
rhythm: round the clock, daily, weekdays or irregular, by hours where a feed has them, else by days
is_clockwork: the rule for what a clock starts: same hour, same minutes, day after day; or no rest by day or by night
is_suspect: a session that only a clock explains, though nothing marks it: clockwork at night that stands alone, or no rest; or an unlisted terminal with the same sessions every day
*/
WITH ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY vendor, workload, workload_kind, auth_kind, environment
      -- A person's sessions are searched at night only: by day a steady hour is a habit.
      ORDER BY
        CASE WHEN workload_kind = 'session' AND is_night AND is_clock AND is_alone AND rhythm = 'daily' THEN 0 ELSE 1 END,
        slot_days DESC,
        steady_days DESC,
        CASE WHEN zone = 'UTC' THEN 0 ELSE 1 END,
        zone,
        slot % 2,
        slot
    ) AS preference
  FROM int_workload__slot
),

measured AS (
  SELECT
    p.*,
    s.zone,
    s.slot,
    s.slot_days,
    s.usual_minute,
    s.steady_days,
    s.is_night,
    a.away_days,
    COALESCE(s.is_clock, FALSE) AS is_clock,
    COALESCE(s.is_clock AND s.is_alone AND s.is_night AND s.rhythm = 'daily', FALSE) AS is_night_clock,
    p.restless_days >= r.min_active_days AND p.restless_days >= r.same_hour_share * p.calendar_days AS is_restless,
    CASE
      WHEN s.rhythm IS NOT NULL THEN s.rhythm
      WHEN p.active_days < r.min_active_days THEN 'irregular'
      WHEN p.active_days >= r.same_hour_share * p.calendar_days THEN 'daily'
      WHEN p.active_weekend_days = 0 AND p.active_days >= r.same_hour_share * (p.calendar_days - p.weekend_days) THEN 'weekdays'
      ELSE 'irregular'
    END AS rhythm
  FROM int_workload__span AS p
  CROSS JOIN int_workload__rule AS r
  LEFT JOIN ranked AS s
    ON s.vendor = p.vendor AND s.workload = p.workload AND s.workload_kind = p.workload_kind AND s.auth_kind = p.auth_kind
    AND s.environment = p.environment AND s.preference = 1
  LEFT JOIN int_workload__away AS a
    ON a.vendor = p.vendor AND a.workload = p.workload AND a.workload_kind = p.workload_kind AND a.auth_kind = p.auth_kind
    AND a.environment = p.environment
),

int_workload__cadence AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    NULLIF(environment, '') AS environment,
    calendar_days,
    weekend_days,
    active_days,
    active_weekend_days,
    starts,
    zone,
    slot,
    slot_days,
    usual_minute,
    steady_days,
    is_night,
    away_days,
    CASE WHEN is_restless THEN 'round the clock' ELSE rhythm END AS rhythm,
    is_restless OR is_clock AS is_clockwork,
    CASE workload_kind
      WHEN 'session' THEN auth_kind = 'seat' AND (is_restless OR (is_night_clock AND COALESCE(away_days > 0, FALSE)))
      WHEN 'unlisted terminal' THEN rhythm = 'daily' AND weekend_days > 0 AND is_same_count AND COALESCE(away_days > 0, FALSE)
      ELSE FALSE
    END AS is_suspect
  FROM measured
)

SELECT * FROM int_workload__cadence
