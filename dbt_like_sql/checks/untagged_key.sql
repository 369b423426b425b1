-- asset: fct_usage_day
-- severity: WARN
-- partitions: day
-- episode: 7
-- description: A Claude API key with usage whose environment or cost center no registry tells. Keys of the Claude Code workspace belong to people and are left out.
WITH keys AS (
  SELECT
    usage_day,
    key_id,
    MAX(workspace) AS workspace,
    MAX(environment) AS environment,
    MAX(cost_center) AS cost_center,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_usage_day
  WHERE vendor = 'anthropic' AND series = 'claude_api_key' AND surface = 'claude_api' AND key_id IS NOT NULL
  GROUP BY usage_day, key_id
),

untagged_key AS (
  SELECT
    'untagged_key' AS kind,
    'WARN' AS severity,
    'anthropic' AS vendor,
    key_id AS subject,
    CAST(NULL AS VARCHAR) AS person_id,
    '(not attributable)' AS org,
    usage_day,
    CAST(NULL AS DECIMAL(38, 18)) AS observed,
    CAST(NULL AS DECIMAL(38, 18)) AS baseline,
    CAST(NULL AS DOUBLE) AS ratio,
    list_usd AS amount_usd,
    'Key ' || key_id || COALESCE(' in workspace ' || workspace, '') || ' has no '
      || CASE
        WHEN environment IS NULL AND cost_center IS NULL THEN 'environment and no cost center'
        WHEN environment IS NULL THEN 'environment'
        ELSE 'cost center'
      END
      || ' in the key registry; ' || CAST(usage_day AS VARCHAR) || ' '
      || COALESCE(CAST(CAST(list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'without a price') AS explanation
  FROM keys
  WHERE environment IS NULL OR cost_center IS NULL
)

SELECT * FROM untagged_key
