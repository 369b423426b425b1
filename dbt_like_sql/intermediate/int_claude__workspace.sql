-- grain: one row per Console workspace ever listed, as last seen
-- source: claude_workspaces (snapshots of a live list)
-- late data: rebuilt whole
-- partitions: none
/*
workspace_id: workspace
ledger_name: what the ledger calls it: its id, or '(default workspace)'
name: name in the Console
is_default: whether it is the default workspace, which the usage and cost reports leave null
cost_center: tag cost_center, cost-center, CostCenter or cost_centre in any case, upper case; null when untagged
environment: tag environment or env in any case: prod, staging, dev or as tagged; null when untagged
owner_email: tag owner_email or owner in any case, lower case; null when untagged
*/
WITH newest AS (
  SELECT
    *,
    LOWER(tags_json) AS tags,
    ROW_NUMBER() OVER (PARTITION BY workspace_id ORDER BY usage_day DESC) AS preference
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
    NULLIF(UPPER(TRIM(COALESCE(
      JSON_EXTRACT_STRING(tags, '$.cost_center'), JSON_EXTRACT_STRING(tags, '$."cost-center"'), JSON_EXTRACT_STRING(tags, '$.costcenter'),
      JSON_EXTRACT_STRING(tags, '$.cost_centre')
    ))), '') AS cost_center,
    NULLIF(TRIM(COALESCE(JSON_EXTRACT_STRING(tags, '$.environment'), JSON_EXTRACT_STRING(tags, '$.env'))), '') AS environment,
    NULLIF(TRIM(COALESCE(JSON_EXTRACT_STRING(tags, '$.owner_email'), JSON_EXTRACT_STRING(tags, '$.owner'))), '') AS owner_email
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
