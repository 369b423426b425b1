-- grain: one row per UTC day x vendor x billing entity x plan x seat holder, and one for a plan's seats that nobody holds
-- unit: seats
-- source: stg_seats__listed as of int_seat__snapshot_day, int_seat__stated, int_identity__account_day, int_identity__email_day
-- late data: a day without a snapshot takes the newest one of the 31 days before it, else the oldest of the 92 after it
-- partitions: day
-- look: back 31, ahead 92
/*
usage_day: UTC day
vendor: ledger name of the vendor
billing_entity: enterprise or organization that GitHub bills; null of other vendors, and of seats that nobody holds
plan: plan of the seat; '(not stated)' when neither the vendor nor policies/seat_counts.csv tells
actor_id: the vendor's id of the holder; null for seats that nobody holds
person_id: the holder in the roster, null when not matched
seats: 1 for a holder; the number of seats for those nobody holds
created_day: UTC day the seat was given, null when the vendor does not say
last_activity_day: UTC day the vendor last saw the holder, as of the snapshot
snapshot_day: UTC day of the vendor's list behind the row; null for stated seats
is_stated: whether policies/seat_counts.csv or the vendor's count states the plan's seats on this day
source: copilot_seats, claude_seats, cursor_members, claude_enterprise_seats or seat_counts
rule: what decided the row
attribution_mode: direct (listed that day with its plan, or stated) or derived (carried from another day, plan assumed, or removed since)
*/
WITH days AS (
  SELECT DISTINCT usage_day FROM feed_coverage WHERE feed <> 'vendor_invoices'
),

stated AS (
  SELECT d.usage_day, s.*
  FROM days AS d
  INNER JOIN int_seat__stated AS s ON d.usage_day >= s.from_day AND (s.to_day IS NULL OR d.usage_day < s.to_day)
),

listed AS (
  SELECT
    r.usage_day,
    r.snapshot_day,
    l.vendor,
    l.billing_entity,
    l.feed,
    l.actor_id,
    l.login,
    l.email,
    l.created_day,
    l.last_activity_day,
    l.is_removed,
    COALESCE(l.plan, only_plan.plan, CASE WHEN l.vendor = 'cursor' THEN 'standard' ELSE '(not stated)' END) AS plan,
    l.plan IS NULL AND only_plan.plan IS NULL AS is_plan_assumed
  FROM int_seat__snapshot_day AS r
  INNER JOIN stg_seats__listed AS l ON l.feed = r.feed AND l.usage_day = r.snapshot_day
  LEFT JOIN stated AS only_plan
    ON only_plan.usage_day = r.usage_day AND only_plan.vendor = l.vendor AND only_plan.is_only_plan
  LEFT JOIN (SELECT DISTINCT usage_day, vendor FROM stated WHERE NOT is_only_plan) AS several
    ON several.usage_day = r.usage_day AND several.vendor = l.vendor
  WHERE
    (l.created_day IS NULL OR l.created_day <= r.usage_day)
    AND (l.ends_day IS NULL OR r.usage_day <= l.ends_day)
    -- Who holds which of several stated plans is not known; the stated seats stand for them.
    AND (l.plan IS NOT NULL OR several.vendor IS NULL)
),

identifiers AS (
  SELECT usage_day, vendor, actor_id, actor_id AS identifier FROM listed
  UNION
  SELECT usage_day, vendor, actor_id, login FROM listed WHERE login IS NOT NULL
),

matches AS (
  SELECT i.usage_day, i.vendor, i.actor_id, m.person_id, m.step
  FROM identifiers AS i
  INNER JOIN int_identity__account_day AS m ON m.usage_day = i.usage_day AND m.vendor = i.vendor AND m.identifier = i.identifier
  UNION ALL
  SELECT l.usage_day, l.vendor, l.actor_id, e.person_id, 2 AS step
  FROM listed AS l
  INNER JOIN int_identity__email_day AS e ON e.usage_day = l.usage_day AND e.email = l.email
),

people AS (
  SELECT
    usage_day,
    vendor,
    actor_id,
    person_id,
    ROW_NUMBER() OVER (PARTITION BY usage_day, vendor, actor_id ORDER BY step, person_id) AS preference
  FROM matches
),

held AS (
  SELECT usage_day, vendor, plan, CAST(COUNT(*) AS BIGINT) AS seats FROM listed GROUP BY usage_day, vendor, plan
),

int_seat__day AS (
  SELECT
    l.usage_day,
    l.vendor,
    l.billing_entity,
    l.plan,
    l.actor_id,
    p.person_id,
    CAST(1 AS BIGINT) AS seats,
    l.created_day,
    l.last_activity_day,
    l.snapshot_day,
    s.plan IS NOT NULL AS is_stated,
    l.feed AS source,
    CASE
      WHEN l.snapshot_day = l.usage_day THEN 'listed that day'
      ELSE 'listed on ' || CAST(l.snapshot_day AS VARCHAR)
    END || CASE WHEN l.is_removed THEN ' as removed, used until then' ELSE '' END
      || CASE WHEN l.is_plan_assumed THEN ', plan not listed' ELSE '' END AS rule,
    CASE WHEN l.snapshot_day = l.usage_day AND NOT l.is_plan_assumed AND NOT l.is_removed THEN 'direct' ELSE 'derived' END AS attribution_mode
  FROM listed AS l
  LEFT JOIN stated AS s ON s.usage_day = l.usage_day AND s.vendor = l.vendor AND s.plan = l.plan
  LEFT JOIN people AS p
    ON p.usage_day = l.usage_day AND p.vendor = l.vendor AND p.actor_id = l.actor_id AND p.preference = 1
  UNION ALL
  SELECT
    s.usage_day,
    s.vendor,
    CAST(NULL AS VARCHAR) AS billing_entity,
    s.plan,
    CAST(NULL AS VARCHAR) AS actor_id,
    CAST(NULL AS VARCHAR) AS person_id,
    s.seats - COALESCE(h.seats, 0) AS seats,
    CAST(NULL AS DATE) AS created_day,
    CAST(NULL AS DATE) AS last_activity_day,
    CAST(NULL AS DATE) AS snapshot_day,
    TRUE AS is_stated,
    s.source,
    CASE s.source WHEN 'seat_counts' THEN 'stated' ELSE 'counted by the vendor as assigned' END || ', less the holders listed' AS rule,
    'direct' AS attribution_mode
  FROM stated AS s
  LEFT JOIN held AS h ON h.usage_day = s.usage_day AND h.vendor = s.vendor AND h.plan = s.plan
  WHERE s.seats > COALESCE(h.seats, 0)
)

SELECT * FROM int_seat__day
