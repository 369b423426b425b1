-- grain: one row per UTC day x GitHub user
-- unit: AI credits
-- source: fct_usage_day (series copilot_credits), stg_copilot__user_day
-- late data: a restated day changes its own line and the change of the day after
-- partitions: day
-- look: back 1
/*
usage_day: UTC day
actor_id: GitHub account id
login: login on that day
person_id: person, null when unmatched
name: name for display
org: org on that day
squad: squad on that day
credits: credits of the day; null when unknown
credits_state: known, absent (GitHub left the value out) or null (GitHub sent it empty)
previous_credits: credits of the day before; null when unknown or absent
previous_state: known, unknown (a row without a value) or absent (no row)
change_pct: change in percent; null without a known value above zero the day before
ratio: credits / previous_credits; null without a known value above zero the day before
is_provisional: whether GitHub may still restate this day
*/
WITH users AS (
  SELECT
    f.usage_day,
    f.actor_id,
    u.user_login AS login,
    f.person_id,
    f.org,
    f.squad,
    f.quantity AS credits,
    u.credits_state,
    f.is_provisional
  FROM fct_usage_day AS f
  INNER JOIN stg_copilot__user_day AS u ON u.usage_day = f.usage_day AND CAST(u.user_id AS VARCHAR) = f.actor_id
  WHERE f.series = 'copilot_credits'
),

rpt_manager__credit_day AS (
  SELECT
    t.usage_day,
    t.actor_id,
    t.login,
    t.person_id,
    r.name,
    t.org,
    t.squad,
    t.credits,
    t.credits_state,
    y.credits AS previous_credits,
    CASE WHEN y.actor_id IS NULL THEN 'absent' WHEN y.credits IS NULL THEN 'unknown' ELSE 'known' END AS previous_state,
    (CAST(t.credits AS DOUBLE) / NULLIF(CAST(y.credits AS DOUBLE), 0) - 1) * 100 AS change_pct,
    CAST(t.credits AS DOUBLE) / NULLIF(CAST(y.credits AS DOUBLE), 0) AS ratio,
    t.is_provisional
  FROM users AS t
  LEFT JOIN users AS y ON y.actor_id = t.actor_id AND y.usage_day = CAST(t.usage_day - 1 AS DATE)
  LEFT JOIN stg_roster__member_day AS r ON r.usage_day = t.usage_day AND r.person_id = t.person_id
)

SELECT * FROM rpt_manager__credit_day
