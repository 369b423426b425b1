-- grain: one row per workload x auth kind x environment: its rhythm over the rule's window
-- source: int_workload__start, int_workload__day, fct_usage_day; policies/workload_rules.csv
-- late data: rebuilt whole
-- partitions: none
/*
vendor: ledger name of the vendor
workload: workload, or e-mail of a person for a session
workload_kind: as in int_workload__day; session for a person's own use
auth_kind: seat, api_key, service_account or unknown
environment: environment, null when unknown
calendar_days: days of the window with any data, from the workload's first day in it
active_days: those with use of the workload
weekend_days: Saturdays and Sundays among calendar_days
active_weekend_days: Saturdays and Sundays among active_days
starts: starts in the window; null where the vendor counts none
usual_hour: UTC hour in which a start falls on the most days; null where a feed has only days
usual_minute: median minute of the first start in that hour
slot_days: days with a start in that hour
steady_days: of these, days on which it lay within the rule's minutes of the usual minute
neighbour_days: of these, days with a start in the hour before or after
is_night: whether the usual hour lies in the night window (UTC)
away_days: active days on which the person behind the seat used nothing else; null without a person of the roster
rhythm: daily, weekdays or irregular, by hours where a feed has them, else by days
is_clockwork: same hour, same minutes, day after day: the rule for what a clock starts
is_suspect: clockwork at night that stands alone, though nothing marks it; or an unlisted terminal with the same sessions every day
*/
WITH newest AS (
  SELECT
    MAX(f.usage_day) AS last_day,
    CAST(MAX(f.usage_day) - MAX(r.window_days) AS DATE) AS day_before
  FROM fct_usage_day AS f
  CROSS JOIN int_workload__rule AS r
),

calendar AS (
  SELECT DISTINCT
    f.usage_day,
    EXTRACT(ISODOW FROM f.usage_day) >= 6 AS is_weekend
  FROM fct_usage_day AS f
  CROSS JOIN newest AS n
  WHERE f.usage_day > n.day_before
),

present AS (
  SELECT DISTINCT
    f.usage_day,
    p.email,
    f.vendor
  FROM fct_usage_day AS f
  INNER JOIN dim_person AS p ON p.person_id = f.person_id
  CROSS JOIN newest AS n
  WHERE f.usage_day > n.day_before AND f.actor_kind IN ('interactive', 'not_split') AND f.quantity > 0
    AND f.series <> 'claude_seat'
  UNION
  SELECT
    u.usage_day,
    LOWER(u.actor_email) AS email,
    'anthropic' AS vendor
  FROM claude_code_usage AS u
  LEFT JOIN workload_rules AS t ON t.name = 'interactive_terminal' AND t.value = LOWER(u.terminal_type)
  WHERE u.customer_type = 'subscription' AND u.actor_email IS NOT NULL AND (u.is_remote OR t.value IS NOT NULL)
),

present_anywhere AS (
  SELECT
    usage_day,
    email,
    COUNT(*) AS vendors
  FROM present
  GROUP BY usage_day, email
),

starts AS (
  SELECT
    s.*,
    CAST(FLOOR(EPOCH(s.started_at) / 3600) AS BIGINT) AS hour_number,
    CAST(EXTRACT(HOUR FROM s.started_at) AS BIGINT) AS utc_hour,
    CAST(EXTRACT(MINUTE FROM s.started_at) AS BIGINT) AS utc_minute,
    CAST(s.started_at AS DATE) AS start_day
  FROM int_workload__start AS s
  CROSS JOIN newest AS n
  WHERE CAST(s.started_at AS DATE) > n.day_before
),

days AS (
  SELECT DISTINCT vendor, workload, workload_kind, auth_kind, environment, person_email, usage_day, starts
  FROM int_workload__day
  UNION ALL
  SELECT
    vendor, workload, workload_kind, auth_kind, environment, person_email, usage_day, CAST(COUNT(*) AS BIGINT) AS starts
  FROM int_workload__start
  WHERE workload_kind = 'session'
  GROUP BY vendor, workload, workload_kind, auth_kind, environment, person_email, usage_day
),

busy AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    COALESCE(environment, '') AS environment,
    start_day,
    COUNT(DISTINCT hour_number) AS hours
  FROM starts
  GROUP BY ALL
),

attended AS (
  SELECT
    d.*,
    CASE
      WHEN d.workload_kind = 'session'
        -- A person's own starts are the very thing in doubt: only other vendors and other hours tell of the person.
        THEN COALESCE(a.vendors, 0) - CASE WHEN o.vendor IS NULL THEN 0 ELSE 1 END > 0 OR COALESCE(b.hours, 0) > 1
      ELSE a.vendors IS NOT NULL
    END AS is_attended
  FROM days AS d
  LEFT JOIN present_anywhere AS a ON a.usage_day = d.usage_day AND a.email = d.person_email
  LEFT JOIN present AS o ON o.usage_day = d.usage_day AND o.email = d.person_email AND o.vendor = d.vendor
  LEFT JOIN busy AS b
    ON b.vendor = d.vendor AND b.workload = d.workload AND b.workload_kind = d.workload_kind
    AND b.auth_kind = d.auth_kind AND b.environment = COALESCE(d.environment, '') AND b.start_day = d.usage_day
),

active AS (
  SELECT
    d.vendor,
    d.workload,
    d.workload_kind,
    d.auth_kind,
    d.environment,
    MIN(d.usage_day) AS first_day,
    COUNT(DISTINCT d.usage_day) AS active_days,
    COUNT(DISTINCT CASE WHEN c.is_weekend THEN d.usage_day END) AS active_weekend_days,
    SUM(d.starts) AS starts,
    COALESCE(MIN(d.starts) = MAX(d.starts), FALSE) AS is_same_count,
    MAX(p.email) AS known_email,
    COUNT(DISTINCT CASE WHEN p.email IS NOT NULL AND NOT d.is_attended THEN d.usage_day END) AS away_days
  FROM attended AS d
  INNER JOIN calendar AS c ON c.usage_day = d.usage_day
  LEFT JOIN dim_person AS p ON p.email = d.person_email
  GROUP BY d.vendor, d.workload, d.workload_kind, d.auth_kind, d.environment
),

spans AS (
  SELECT
    a.*,
    COUNT(c.usage_day) AS calendar_days,
    SUM(CASE WHEN c.is_weekend THEN 1 ELSE 0 END) AS weekend_days
  FROM active AS a
  INNER JOIN calendar AS c ON c.usage_day >= a.first_day
  GROUP BY ALL
),

hours AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    COALESCE(environment, '') AS environment,
    start_day,
    hour_number,
    utc_hour,
    MIN(utc_minute) AS utc_minute
  FROM starts
  GROUP BY ALL
),

medians AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    environment,
    utc_hour,
    CAST(MEDIAN(utc_minute) AS DOUBLE) AS usual_minute
  FROM hours
  GROUP BY ALL
),

slots AS (
  SELECT
    h.vendor,
    h.workload,
    h.workload_kind,
    h.auth_kind,
    h.environment,
    h.utc_hour,
    m.usual_minute,
    COUNT(DISTINCT h.start_day) AS slot_days,
    COUNT(DISTINCT CASE WHEN EXTRACT(ISODOW FROM h.start_day) >= 6 THEN h.start_day END) AS slot_weekend_days,
    COUNT(DISTINCT CASE WHEN ABS(h.utc_minute - m.usual_minute) <= r.steady_minutes THEN h.start_day END) AS steady_days,
    COUNT(DISTINCT CASE WHEN b.hour_number IS NOT NULL THEN h.start_day END) AS neighbour_days
  FROM hours AS h
  CROSS JOIN int_workload__rule AS r
  INNER JOIN medians AS m
    ON m.vendor = h.vendor AND m.workload = h.workload AND m.workload_kind = h.workload_kind
    AND m.auth_kind = h.auth_kind AND m.environment = h.environment AND m.utc_hour = h.utc_hour
  LEFT JOIN hours AS b
    ON b.vendor = h.vendor AND b.workload = h.workload AND b.workload_kind = h.workload_kind
    AND b.auth_kind = h.auth_kind AND b.environment = h.environment
    AND (b.hour_number = h.hour_number - 1 OR b.hour_number = h.hour_number + 1)
  GROUP BY h.vendor, h.workload, h.workload_kind, h.auth_kind, h.environment, h.utc_hour, m.usual_minute
),

judged_slots AS (
  SELECT
    s.*,
    CASE
      WHEN r.night_first_hour > r.night_last_hour THEN s.utc_hour >= r.night_first_hour OR s.utc_hour <= r.night_last_hour
      ELSE s.utc_hour BETWEEN r.night_first_hour AND r.night_last_hour
    END AS is_night
  FROM slots AS s
  CROSS JOIN int_workload__rule AS r
),

ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY vendor, workload, workload_kind, auth_kind, environment
      -- A person's sessions are searched at night only: by day a steady hour is a habit.
      ORDER BY CASE WHEN workload_kind = 'session' AND is_night THEN 0 ELSE 1 END, slot_days DESC, steady_days DESC, utc_hour
    ) AS preference
  FROM judged_slots
),

measured AS (
  SELECT
    a.vendor,
    a.workload,
    a.workload_kind,
    a.auth_kind,
    a.environment,
    CAST(a.calendar_days AS BIGINT) AS calendar_days,
    CAST(a.active_days AS BIGINT) AS active_days,
    CAST(a.weekend_days AS BIGINT) AS weekend_days,
    CAST(a.active_weekend_days AS BIGINT) AS active_weekend_days,
    CAST(a.starts AS BIGINT) AS starts,
    s.utc_hour AS usual_hour,
    s.usual_minute,
    CAST(s.slot_days AS BIGINT) AS slot_days,
    CAST(s.steady_days AS BIGINT) AS steady_days,
    CAST(s.neighbour_days AS BIGINT) AS neighbour_days,
    s.is_night,
    a.is_same_count,
    CASE WHEN a.known_email IS NOT NULL THEN CAST(a.away_days AS BIGINT) END AS away_days,
    COALESCE(s.slot_days, a.active_days) AS rhythm_days,
    COALESCE(s.slot_weekend_days, a.active_weekend_days) AS rhythm_weekend_days
  FROM spans AS a
  LEFT JOIN ranked AS s
    ON s.vendor = a.vendor AND s.workload = a.workload AND s.workload_kind = a.workload_kind
    AND s.auth_kind = a.auth_kind AND s.environment = COALESCE(a.environment, '') AND s.preference = 1
),

rhythms AS (
  SELECT
    m.*,
    r.min_active_days,
    r.same_hour_share,
    r.neighbour_share,
    CASE
      WHEN m.rhythm_days < r.min_active_days THEN 'irregular'
      WHEN m.rhythm_days >= r.same_hour_share * m.calendar_days THEN 'daily'
      WHEN m.rhythm_weekend_days = 0 AND m.rhythm_days >= r.same_hour_share * (m.calendar_days - m.weekend_days) THEN 'weekdays'
      ELSE 'irregular'
    END AS rhythm
  FROM measured AS m
  CROSS JOIN int_workload__rule AS r
),

int_workload__cadence AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    environment,
    calendar_days,
    active_days,
    weekend_days,
    active_weekend_days,
    starts,
    usual_hour,
    usual_minute,
    slot_days,
    steady_days,
    neighbour_days,
    is_night,
    away_days,
    rhythm,
    COALESCE(rhythm <> 'irregular' AND steady_days >= same_hour_share * slot_days, FALSE) AS is_clockwork,
    CASE workload_kind
      WHEN 'session' THEN
        COALESCE(
          auth_kind = 'seat' AND rhythm = 'daily' AND steady_days >= same_hour_share * slot_days AND is_night
          AND neighbour_days <= neighbour_share * slot_days AND away_days > 0,
          FALSE
        )
      WHEN 'unlisted terminal' THEN COALESCE(rhythm = 'daily' AND weekend_days > 0 AND is_same_count AND away_days > 0, FALSE)
      ELSE FALSE
    END AS is_suspect
  FROM rhythms
)

SELECT * FROM int_workload__cadence
