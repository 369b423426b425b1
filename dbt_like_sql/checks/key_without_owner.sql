-- asset: rpt_auth_audit
-- severity: WARN
-- partitions: none
-- title: Key without an owner
-- description: A machine key with usage that names no owner, or an owner who has left the roster. It clears when the registry names somebody who is there.
-- remedy: name an owner in the key registry, or retire the key
WITH key_without_owner AS (
  SELECT
    vendor,
    workload AS subject,
    MIN(first_used_day) AS usage_day,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Key ' || workload
      || CASE
        WHEN MAX(owner_left_day) IS NOT NULL THEN ' belongs to ' || MAX(owner_email) || ', who left on ' || CAST(MAX(owner_left_day) AS VARCHAR)
        ELSE ' has no owner in the key registry'
      END
      || '; used since ' || CAST(MIN(first_used_day) AS VARCHAR) || ', '
      || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', 'use without a price') AS explanation
  FROM int_workload__key
  WHERE is_current AND vendor IN ('anthropic', 'cursor') AND NOT is_claude_code AND (owner_email IS NULL OR owner_left_day IS NOT NULL)
  GROUP BY vendor, workload
)

SELECT * FROM key_without_owner
