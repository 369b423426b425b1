-- grain: one row per snapshot day x vendor x seat holder
-- source: copilot_seats, int_github__billing_entity, claude_seats, cursor_members; stg_cursor__event for when a removed member was last there
-- late data: live lists, a day without a snapshot has no rows
-- partitions: view day
/*
usage_day: UTC day of the snapshot
feed: feed the row comes from
vendor: ledger name of the vendor
billing_entity: enterprise or organization that GitHub bills; null of other vendors
plan: plan as the vendor lists it, lower case; null when it lists none
actor_id: the vendor's id of the holder, as on the holder's usage
login: login, lower case
email: e-mail, lower case
created_day: UTC day the seat was given, null when the vendor does not say
ends_day: last UTC day of a seat that is cancelled; of a removed Cursor member, the last day of use before the list
is_removed: whether the list shows the holder as removed already
last_activity_day: UTC day the vendor last saw the holder, null when it does not say
*/
WITH copilot AS (
  SELECT
    s.*,
    b.billing_entity,
    MIN(s.created_at) OVER (PARTITION BY s.usage_day, s.user_id, b.standalone, LOWER(s.plan_type)) AS first_created_at,
    -- One user is one seat: Enterprise is billed where an organization gives it and another gives Business. Organizations
    -- of no enterprise bill the user each.
    ROW_NUMBER() OVER (
      PARTITION BY s.usage_day, s.user_id, b.standalone
      ORDER BY CASE LOWER(s.plan_type) WHEN 'enterprise' THEN 0 WHEN 'business' THEN 1 ELSE 2 END,
        CASE WHEN s.pending_cancellation_day IS NULL THEN 0 ELSE 1 END, s.created_at, s.scope
    ) AS preference
  FROM copilot_seats AS s
  INNER JOIN (
    SELECT scope, billing_entity, CASE WHEN is_standalone THEN billing_entity END AS standalone FROM int_github__billing_entity
  ) AS b ON b.scope = s.scope
  -- An open invitation is nobody's seat yet.
  WHERE s.user_id IS NOT NULL
),

cursor AS (
  SELECT
    m.usage_day,
    m.email,
    m.is_removed,
    CASE WHEN m.is_removed THEN MAX(e.usage_day) END AS last_used_day
  FROM cursor_members AS m
  LEFT JOIN stg_cursor__event AS e
    ON m.is_removed AND e.actor_id = LOWER(m.email) AND e.usage_day <= m.usage_day AND NOT e.is_service_account
  WHERE LOWER(m.role) NOT LIKE '%free%' AND LOWER(m.role) NOT LIKE '%unpaid%'
  GROUP BY m.usage_day, m.email, m.is_removed
  HAVING NOT m.is_removed OR MAX(e.usage_day) IS NOT NULL
),

stg_seats__listed AS (
  SELECT
    usage_day,
    'copilot_seats' AS feed,
    'github_copilot' AS vendor,
    billing_entity,
    CASE WHEN LOWER(plan_type) <> 'unknown' THEN LOWER(plan_type) END AS plan,
    CAST(user_id AS VARCHAR) AS actor_id,
    LOWER(user_login) AS login,
    CAST(NULL AS VARCHAR) AS email,
    CAST(first_created_at AS DATE) AS created_day,
    CAST(pending_cancellation_day - 1 AS DATE) AS ends_day,
    FALSE AS is_removed,
    CAST(last_activity_at AS DATE) AS last_activity_day
  FROM copilot
  WHERE preference = 1
  UNION ALL
  SELECT
    usage_day,
    'claude_seats' AS feed,
    'anthropic' AS vendor,
    CAST(NULL AS VARCHAR) AS billing_entity,
    LOWER(plan) AS plan,
    LOWER(person_email) AS actor_id,
    CAST(NULL AS VARCHAR) AS login,
    LOWER(person_email) AS email,
    CAST(NULL AS DATE) AS created_day,
    CAST(NULL AS DATE) AS ends_day,
    FALSE AS is_removed,
    CAST(NULL AS DATE) AS last_activity_day
  FROM claude_seats
  UNION ALL
  SELECT
    usage_day,
    'cursor_members' AS feed,
    'cursor' AS vendor,
    CAST(NULL AS VARCHAR) AS billing_entity,
    CAST(NULL AS VARCHAR) AS plan,
    LOWER(email) AS actor_id,
    CAST(NULL AS VARCHAR) AS login,
    LOWER(email) AS email,
    CAST(NULL AS DATE) AS created_day,
    last_used_day AS ends_day,
    is_removed,
    CAST(NULL AS DATE) AS last_activity_day
  FROM cursor
)

SELECT * FROM stg_seats__listed
