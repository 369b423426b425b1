-- grain: one row per UTC day x organisation or e-mail that tells how a Claude Code sign-in is paid
-- source: claude_code_usage (organisations of Console customers), claude_seats and claude_enterprise_users (who holds a seat)
-- late data: follows the feeds
-- partitions: view day
/*
usage_day: UTC day
subject: organisation id, or e-mail in lower case
auth_kind: api_key for the Console's organisation, whose use is billed by token; seat for a holder of one
*/
SELECT DISTINCT usage_day, organization_id AS subject, 'api_key' AS auth_kind
FROM claude_code_usage
WHERE customer_type = 'api' AND organization_id IS NOT NULL
UNION
SELECT usage_day, LOWER(person_email) AS subject, 'seat' AS auth_kind
FROM claude_seats
UNION
SELECT usage_day, LOWER(user_email) AS subject, 'seat' AS auth_kind
FROM claude_enterprise_users
WHERE user_email IS NOT NULL
