-- grain: one row per Console workspace ever listed, as last seen
-- source: claude_workspaces (snapshots of a live list)
-- late data: rebuilt whole
-- partitions: none
/*
workspace_id: workspace
ledger_name: what the ledger calls it: its id, or '(default workspace)'
name: name in the Console
is_default: whether it is the default workspace, which the usage and cost reports leave null
cost_center: tag cost_center or cost-center, upper case; null when untagged
environment: tag environment or env: prod, staging, dev or as tagged; null when untagged
owner_email: tag owner, lower case; null when untagged
*/
WITH newest AS (
  SELECT *, ROW_NUMBER() OVER (PARTITION BY workspace_id ORDER BY usage_day DESC) AS preference
  FROM claude_workspaces
),

tagged AS (
  SELECT
    workspace_id,
    name,
    -- One at most: a workspace made between the two lists it is read from looks like the default one.
    COALESCE(is_default, FALSE) AND ROW_NUMBER() OVER (
      ORDER BY CASE WHEN is_default AND name = 'Default' THEN 0 WHEN is_default THEN 1 ELSE 2 END, workspace_id
    ) = 1 AS is_default,
    NULLIF(UPPER(TRIM(COALESCE(JSON_EXTRACT_STRING(tags_json, '$.cost_center'), JSON_EXTRACT_STRING(tags_json, '$."cost-center"')))), '') AS cost_center,
    NULLIF(LOWER(TRIM(COALESCE(JSON_EXTRACT_STRING(tags_json, '$.environment'), JSON_EXTRACT_STRING(tags_json, '$.env')))), '') AS environment,
    NULLIF(LOWER(TRIM(JSON_EXTRACT_STRING(tags_json, '$.owner'))), '') AS owner_email
  FROM newest
  WHERE preference = 1
),

int_claude__workspace AS (
  SELECT
    workspace_id,
    CASE WHEN is_default THEN '(default workspace)' ELSE workspace_id END AS ledger_name,
    name,
    is_default,
    cost_center,
    CASE environment WHEN 'production' THEN 'prod' WHEN 'development' THEN 'dev' WHEN 'stage' THEN 'staging' ELSE environment END AS environment,
    owner_email
  FROM tagged
)

SELECT * FROM int_claude__workspace
