-- grain: one row per month x vendor x plan x seat holder, and one for a plan's seats that nobody holds
-- unit: days
-- source: int_seat__day, int_seat__used_day, feed_coverage
-- late data: follows int_seat__day
-- partitions: view month
/*
month: first day of the calendar month
month_days: days of the month
vendor: ledger name of the vendor
plan: plan of the seat
actor_id: the vendor's id of the holder; null for seats that nobody holds
person_id: the holder in the roster as last matched in the month
seats: 1 for a holder; the most seats that nobody held on one day
seat_days: seats added up over the days seen
known_days: days of the month on which the vendor's seats are known
is_stated: whether policies/seat_counts.csv states the plan's seats
begins_day: first UTC day in the month that the seat counts from; the 1st when it was there on the first known day, and the first day on the plan after another plan
last_held_day: last day in the month it was seen
is_left: whether the seat was gone on the vendor's last known day, or moved to another plan
is_moved: whether the holder has another plan later in the month
used_days: days of the month on which the holder used the product; null while no day is known
usage_known_days: days of the month with known usage of the vendor
attribution_mode: direct when every day is, else derived
*/
WITH vendor_days AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    MIN(usage_day) AS first_known_day,
    MAX(usage_day) AS last_known_day,
    CAST(COUNT(DISTINCT usage_day) AS BIGINT) AS known_days
  FROM int_seat__day
  GROUP BY 1, vendor
),

holders AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    plan,
    actor_id,
    ARG_MAX(person_id, CASE WHEN person_id IS NOT NULL THEN usage_day END) AS person_id,
    MAX(seats) AS seats,
    CAST(SUM(seats) AS BIGINT) AS seat_days,
    BOOL_OR(is_stated) AS is_stated,
    MIN(usage_day) AS first_held_day,
    MAX(usage_day) AS last_held_day,
    MIN(created_day) AS created_day,
    MAX(last_activity_day) AS last_activity_day,
    MIN(CASE WHEN attribution_mode = 'direct' THEN 1 ELSE 0 END) AS direct
  FROM int_seat__day
  GROUP BY 1, vendor, plan, actor_id
),

plans AS (
  SELECT
    *,
    MIN(first_held_day) OVER holder AS first_day_on_any_plan,
    MAX(last_held_day) OVER holder AS last_day_on_any_plan
  FROM holders
  WINDOW holder AS (PARTITION BY month, vendor, actor_id)
),

used AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    actor_id,
    CAST(COUNT(DISTINCT usage_day) AS BIGINT) AS used_days
  FROM int_seat__used_day
  GROUP BY 1, vendor, actor_id
),

usage_known AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    CASE feed
      WHEN 'copilot_user_usage' THEN 'github_copilot' WHEN 'claude_code_usage' THEN 'anthropic' ELSE 'cursor'
    END AS vendor,
    CAST(COUNT(DISTINCT usage_day) AS BIGINT) AS usage_known_days
  FROM feed_coverage
  WHERE feed IN ('copilot_user_usage', 'claude_code_usage', 'cursor_usage_events', 'cursor_csv_events') AND state IN ('available', 'zero')
  GROUP BY 1, 2
),

int_seat__month AS (
  SELECT
    p.month,
    CAST(DAY(LAST_DAY(p.month)) AS BIGINT) AS month_days,
    p.vendor,
    p.plan,
    p.actor_id,
    p.person_id,
    p.seats,
    p.seat_days,
    v.known_days,
    p.is_stated,
    CASE
      WHEN p.actor_id IS NOT NULL AND p.first_held_day > p.first_day_on_any_plan THEN p.first_held_day
      WHEN p.created_day IS NOT NULL AND p.created_day > p.month THEN p.created_day
      WHEN p.created_day IS NOT NULL OR p.first_held_day = v.first_known_day THEN p.month
      ELSE p.first_held_day
    END AS begins_day,
    p.last_held_day,
    p.last_held_day < v.last_known_day AS is_left,
    p.actor_id IS NOT NULL AND p.last_held_day < p.last_day_on_any_plan AS is_moved,
    CASE
      WHEN k.usage_known_days IS NULL THEN NULL
      -- Activity that the vendor lists but no usage report shows is one used day at least.
      WHEN u.used_days IS NULL AND p.last_activity_day BETWEEN p.month AND LAST_DAY(p.month) THEN CAST(1 AS BIGINT)
      ELSE COALESCE(u.used_days, 0)
    END AS used_days,
    COALESCE(k.usage_known_days, 0) AS usage_known_days,
    CASE WHEN p.direct = 1 THEN 'direct' ELSE 'derived' END AS attribution_mode
  FROM plans AS p
  INNER JOIN vendor_days AS v ON v.month = p.month AND v.vendor = p.vendor
  LEFT JOIN used AS u ON u.month = p.month AND u.vendor = p.vendor AND u.actor_id = p.actor_id
  LEFT JOIN usage_known AS k ON k.month = p.month AND k.vendor = p.vendor
)

SELECT * FROM int_seat__month
