-- grain: one row per GitHub user x login
-- source: copilot_user_usage and copilot_user_usage_28_day, all days
-- late data: rebuilt whole
-- partitions: none
/*
user_id: GitHub account id
user_login: a login this account was seen with, lower case
first_day: first UTC day seen
last_day: last UTC day seen
*/
WITH seen AS (
  SELECT usage_day, user_id, user_login FROM copilot_user_usage
  UNION ALL
  SELECT usage_day, user_id, user_login FROM copilot_user_usage_28_day
),

int_github__login AS (
  SELECT
    user_id,
    LOWER(user_login) AS user_login,
    MIN(usage_day) AS first_day,
    MAX(usage_day) AS last_day
  FROM seen
  GROUP BY user_id, LOWER(user_login)
)

SELECT * FROM int_github__login
