-- grain: one row per UTC day x vendor x seat holder with use of the seat's product
-- source: stg_copilot__user_day, claude_code_usage, claude_code_metrics, claude_team_usage, claude_enterprise_users, stg_cursor__event
-- late data: follows the feeds
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
actor_id: the vendor's id of the holder
*/
SELECT usage_day, 'github_copilot' AS vendor, CAST(user_id AS VARCHAR) AS actor_id
FROM stg_copilot__user_day
UNION
SELECT usage_day, 'anthropic' AS vendor, LOWER(actor_email) AS actor_id
FROM claude_code_usage
WHERE customer_type = 'subscription' AND actor_email IS NOT NULL
UNION
SELECT usage_day, 'anthropic' AS vendor, LOWER(user_email) AS actor_id
FROM claude_code_metrics
WHERE user_email IS NOT NULL
UNION
SELECT usage_day, 'anthropic' AS vendor, LOWER(person_email) AS actor_id
FROM claude_team_usage
WHERE person_email IS NOT NULL
UNION
SELECT usage_day, 'anthropic' AS vendor, LOWER(user_email) AS actor_id
FROM claude_enterprise_users
WHERE user_email IS NOT NULL
UNION
SELECT usage_day, 'cursor' AS vendor, actor_id
FROM stg_cursor__event
WHERE NOT is_service_account
