-- asset: rpt_auth_audit
-- severity: WARN
-- partitions: none
-- description: A machine key with usage that names no owner, or an owner who has left the roster. It clears when the registry names somebody who is there.
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

key_without_owner AS (
  SELECT
    'key_without_owner' AS kind,
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
    'Key ' || workload
      || CASE
        WHEN MAX(owner_left_day) IS NOT NULL THEN ' belongs to ' || MAX(owner_email) || ', who left on ' || CAST(MAX(owner_left_day) AS VARCHAR)
        ELSE ' has no owner in the key registry'
      END
      || '; used since ' || CAST(MIN(first_used_day) AS VARCHAR) || ', ' || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', 'use without a price') AS explanation
  FROM current_keys
  WHERE vendor IN ('anthropic', 'cursor') AND NOT is_claude_code AND (owner_email IS NULL OR owner_left_day IS NOT NULL)
  GROUP BY vendor, workload
)

SELECT * FROM key_without_owner
