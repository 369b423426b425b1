-- grain: one row per UTC day x GitHub user that matches a person; the first rule of the ladder wins
-- source: stg_copilot__user_day, identity_overrides, github_identities, roster, login history
-- late data: follows the roster and the overrides of the day
-- partitions: view day
/*
usage_day: UTC day
actor_id: GitHub account id as text
person_id: the person
identity_rule: override, email, github_user_id, vendor_mapping (another e-mail of the account), login or login_history
identity_confidence: certain, high or medium
*/
WITH logins AS (
  SELECT u.usage_day, u.user_id, LOWER(u.user_login) AS user_login, 0 AS is_past
  FROM stg_copilot__user_day AS u
  UNION ALL
  SELECT u.usage_day, u.user_id, l.user_login, 1 AS is_past
  FROM stg_copilot__user_day AS u
  INNER JOIN int_github__login AS l ON l.user_id = u.user_id AND l.user_login <> LOWER(u.user_login)
),

matches AS (
  SELECT u.usage_day, u.user_id, o.person_id, 1 AS step, 'override' AS identity_rule, 'certain' AS identity_confidence
  FROM logins AS u
  INNER JOIN stg_identity__override AS o
    ON o.vendor = 'github_copilot' AND o.usage_day = u.usage_day
    AND o.identifier IN (u.user_login, CAST(u.user_id AS VARCHAR))
  UNION ALL
  SELECT u.usage_day, u.user_id, r.person_id, 2 + u.is_past AS step, 'email' AS identity_rule, 'high' AS identity_confidence
  FROM logins AS u
  INNER JOIN int_github__email AS e ON e.user_login = u.user_login
  INNER JOIN stg_roster__member_day AS r ON r.usage_day = u.usage_day AND r.email = e.email
  UNION ALL
  SELECT u.usage_day, u.user_id, r.person_id, 4 AS step, 'github_user_id' AS identity_rule, 'certain' AS identity_confidence
  FROM stg_copilot__user_day AS u
  INNER JOIN stg_roster__member_day AS r ON r.usage_day = u.usage_day AND r.github_user_id = u.user_id
  UNION ALL
  SELECT u.usage_day, u.user_id, r.person_id, 5 AS step, 'vendor_mapping' AS identity_rule, 'high' AS identity_confidence
  FROM logins AS u
  INNER JOIN int_github__identity AS e ON e.user_login = u.user_login
  INNER JOIN stg_roster__member_day AS r ON r.usage_day = u.usage_day AND r.email = e.email
  UNION ALL
  SELECT
    u.usage_day,
    u.user_id,
    r.person_id,
    6 + u.is_past AS step,
    CASE WHEN u.is_past = 1 THEN 'login_history' ELSE 'login' END AS identity_rule,
    'medium' AS identity_confidence
  FROM logins AS u
  INNER JOIN stg_roster__member_day AS r ON r.usage_day = u.usage_day AND r.github_login = u.user_login
),

ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (PARTITION BY usage_day, user_id ORDER BY step, person_id) AS preference
  FROM matches
),

int_identity__copilot_day AS (
  SELECT
    usage_day,
    CAST(user_id AS VARCHAR) AS actor_id,
    person_id,
    identity_rule,
    identity_confidence
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM int_identity__copilot_day
