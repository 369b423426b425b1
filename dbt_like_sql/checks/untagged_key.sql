-- asset: rpt_auth_audit
-- severity: WARN
-- partitions: none
-- title: Key without tags
-- description: A Claude API key with usage whose environment or cost center no registry tells. One finding a key, from its first day; it clears when the key is tagged. Keys of the Claude Code workspace belong to people and are left out.
-- remedy: tag the key with environment and cost_center in the secret manager or the registry file
WITH untagged_key AS (
  SELECT
    vendor,
    workload AS subject,
    MIN(first_used_day) AS usage_day,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Key ' || workload || COALESCE(' (' || MAX(CASE WHEN key_name <> workload THEN key_name END) || ' in the console)', '') || ' has no '
      || CASE
        WHEN MAX(environment) IS NULL AND MAX(cost_center) IS NULL THEN 'environment and no cost center'
        WHEN MAX(environment) IS NULL THEN 'environment'
        ELSE 'cost center'
      END
      || ' in the key registry; used since ' || CAST(MIN(first_used_day) AS VARCHAR) || ', '
      || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', 'use without a price') AS explanation
  FROM int_workload__key
  WHERE is_current AND vendor IN ('anthropic', 'cursor') AND NOT is_claude_code AND (environment IS NULL OR cost_center IS NULL)
  GROUP BY vendor, workload
)

SELECT * FROM untagged_key
