-- grain: one row per UTC day x GitHub user
-- unit: AI credits
-- source: copilot_user_usage; enterprise rows win, org rows repeat a member's whole activity in each org
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day of the activity
user_id: GitHub account id, stable across renames
scope: slug of the enterprise or organization whose report the row is from
user_login: login on that day
credits: AI credits consumed, null when GitHub does not say
credits_state: known, absent or null, as received
used_chat: whether chat was used, null when not collected
used_agent: whether agent mode of the editor was used, null when not collected
used_cli: whether Copilot CLI was used, null when not collected
used_cloud_agent: whether the cloud agent was used, null when not collected
only_surface: ide, cli or cloud_agent when every other surface is known not to have been used; null otherwise
*/
WITH ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY usage_day, user_id
      ORDER BY CASE WHEN scope_kind = 'enterprise' THEN 0 ELSE 1 END,
        CASE WHEN ai_credits_used IS NULL THEN 1 ELSE 0 END, scope
    ) AS preference
  FROM copilot_user_usage
),

stg_copilot__user_day AS (
  SELECT
    usage_day,
    user_id,
    scope,
    user_login,
    ai_credits_used AS credits,
    ai_credits_state AS credits_state,
    used_chat,
    used_agent,
    used_cli,
    used_cloud_agent,
    CASE
      WHEN (used_chat OR used_agent) AND NOT used_cli AND NOT used_cloud_agent THEN 'ide'
      WHEN used_cli AND NOT used_chat AND NOT used_agent AND NOT used_cloud_agent THEN 'cli'
      WHEN used_cloud_agent AND NOT used_chat AND NOT used_agent AND NOT used_cli AND interactions = 0 THEN 'cloud_agent'
    END AS only_surface
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM stg_copilot__user_day
