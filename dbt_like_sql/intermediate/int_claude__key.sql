-- grain: one row per Claude API key ever listed, as last seen
-- source: claude_api_keys, claude_users (snapshots of live lists), int_claude__workspace
-- late data: rebuilt whole
-- partitions: none
/*
api_key_id: key
key_name: name in the Console
workspace_name: name of the workspace
creator_email: e-mail of the key's principal or creator, lower case
is_claude_code: whether the key was minted by Claude Code for a person
*/
WITH newest_keys AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY api_key_id ORDER BY usage_day DESC) AS preference
  FROM claude_api_keys
),

newest_users AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY user_id ORDER BY usage_day DESC) AS preference
  FROM claude_users
),

int_claude__key AS (
  SELECT
    k.api_key_id,
    k.name AS key_name,
    w.name AS workspace_name,
    LOWER(u.email) AS creator_email,
    COALESCE(w.name = 'Claude Code', FALSE) AS is_claude_code
  FROM newest_keys AS k
  LEFT JOIN int_claude__workspace AS w ON w.workspace_id = k.workspace_id
  LEFT JOIN newest_users AS u
    ON u.user_id = COALESCE(k.principal_user_id, k.created_by_user_id) AND u.preference = 1
  WHERE k.preference = 1
)

SELECT * FROM int_claude__key
