-- asset: rpt_auth_audit
-- severity: WARN
-- partitions: none
-- description: A Claude API key with usage whose environment or cost center no registry tells. One finding a key, from its first day; it clears when the key is tagged. Keys of the Claude Code workspace belong to people and are left out.
WITH newest AS (
  SELECT
    MAX(last_seen_day) AS last_day
  FROM rpt_auth_audit
),

current_keys AS (
  SELECT keys.*
  FROM int_workload__key AS keys
  CROSS JOIN newest
  CROSS JOIN int_workload__rule AS rules
  WHERE keys.last_used_day > CAST(newest.last_day - rules.quiet_days AS DATE)
),

untagged_key AS (
  SELECT
    'untagged_key' AS kind,
    'WARN' AS severity,
    vendor,
    workload AS subject,
    CAST(NULL AS VARCHAR) AS person_id,
    '(not attributable)' AS org,
    MIN(first_used_day) AS usage_day,
    CAST(NULL AS DECIMAL(38, 18)) AS observed,
    CAST(NULL AS DECIMAL(38, 18)) AS baseline,
    CAST(NULL AS DOUBLE) AS ratio,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Key ' || workload || COALESCE(' (' || MAX(CASE WHEN key_name <> workload THEN key_name END) || ' in the console)', '') || ' has no '
      || CASE
        WHEN MAX(environment) IS NULL AND MAX(cost_center) IS NULL THEN 'environment and no cost center'
        WHEN MAX(environment) IS NULL THEN 'environment'
        ELSE 'cost center'
      END
      || ' in the key registry; used since ' || CAST(MIN(first_used_day) AS VARCHAR) || ', '
      || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', 'use without a price') AS explanation
  FROM current_keys
  WHERE vendor IN ('anthropic', 'cursor') AND NOT is_claude_code AND (environment IS NULL OR cost_center IS NULL)
  GROUP BY vendor, workload
)

SELECT * FROM untagged_key
