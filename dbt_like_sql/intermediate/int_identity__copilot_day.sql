-- grain: one row per UTC day x GitHub user that matches a person; the first rule of the ladder wins
-- source: stg_copilot__user_day, stg_roster__member_day, int_github__login
-- late data: follows the roster of the day
-- partitions: view day
/*
usage_day: UTC day
actor_id: GitHub account id as text
person_id: the person
identity_rule: github_user_id, login or login_history
*/
WITH matches AS (
  SELECT u.usage_day, u.user_id, r.person_id, 1 AS step, 'github_user_id' AS identity_rule
  FROM stg_copilot__user_day AS u
  INNER JOIN stg_roster__member_day AS r ON r.usage_day = u.usage_day AND r.github_user_id = u.user_id
  UNION ALL
  SELECT u.usage_day, u.user_id, r.person_id, 2 AS step, 'login' AS identity_rule
  FROM stg_copilot__user_day AS u
  INNER JOIN stg_roster__member_day AS r ON r.usage_day = u.usage_day AND r.github_login = LOWER(u.user_login)
  UNION ALL
  SELECT u.usage_day, u.user_id, r.person_id, 3 AS step, 'login_history' AS identity_rule
  FROM stg_copilot__user_day AS u
  INNER JOIN int_github__login AS l ON l.user_id = u.user_id
  INNER JOIN stg_roster__member_day AS r ON r.usage_day = u.usage_day AND r.github_login = l.user_login
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
    identity_rule
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM int_identity__copilot_day
