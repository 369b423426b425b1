-- grain: one row per GitHub user x login
-- source: copilot_user_usage, all days
-- late data: rebuilt whole
-- partitions: none
/*
user_id: GitHub account id
user_login: a login this account was seen with, lower case
first_day: first UTC day seen
last_day: last UTC day seen
*/
SELECT
  user_id,
  LOWER(user_login) AS user_login,
  MIN(usage_day) AS first_day,
  MAX(usage_day) AS last_day
FROM copilot_user_usage
GROUP BY user_id, LOWER(user_login)
