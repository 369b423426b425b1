-- grain: one row per UTC day x GitHub user
-- unit: AI credits
-- source: copilot_user_usage or copilot_user_usage_28_day, as stg_copilot__day_source names; enterprise rows win, orgs repeat members
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day of the activity
feed: feed that the row comes from
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
WITH reported AS (
  SELECT
    'copilot_user_usage' AS feed, usage_day, scope_kind, scope, user_id, user_login, ai_credits_used, ai_credits_state, interactions,
    used_chat, used_agent, used_cli, used_cloud_agent
  FROM copilot_user_usage
  UNION ALL
  SELECT
    'copilot_user_usage_28_day', usage_day, scope_kind, scope, user_id, user_login, ai_credits_used, ai_credits_state, interactions,
    used_chat, used_agent, used_cli, used_cloud_agent
  FROM copilot_user_usage_28_day
),

ranked AS (
  SELECT
    r.*,
    ROW_NUMBER() OVER (
      PARTITION BY r.usage_day, r.user_id
      ORDER BY CASE WHEN r.scope_kind = 'enterprise' THEN 0 ELSE 1 END,
        CASE WHEN r.ai_credits_used IS NULL THEN 1 ELSE 0 END, r.scope
    ) AS preference
  FROM reported AS r
  LEFT JOIN stg_copilot__day_source AS s ON s.usage_day = r.usage_day
  WHERE r.feed = COALESCE(s.feed, 'copilot_user_usage')
),

stg_copilot__user_day AS (
  SELECT
    usage_day,
    feed,
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
