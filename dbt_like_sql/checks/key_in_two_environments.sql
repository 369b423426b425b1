-- asset: rpt_auth_audit
-- severity: WARN
-- partitions: none
-- title: One key in two environments
-- description: One key that two environments use or hold: a leak or a limit in one of them hits the other. It clears when each environment has a key of its own.
-- remedy: make a key for each environment and retire the shared one
WITH key_in_two_environments AS (
  SELECT
    vendor,
    workload AS subject,
    MIN(first_used_day) AS usage_day,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Key ' || workload || ' stands in ' || MIN(LEAST(environment, other_environment)) || ' and in '
      || MAX(GREATEST(environment, other_environment)) || ' ('
      || MIN(other_environment_rule) || '); give each environment a key of its own; '
      || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', 'use without a price') AS explanation
  FROM int_workload__key
  WHERE is_current AND other_environment IS NOT NULL
  GROUP BY vendor, workload
)

SELECT * FROM key_in_two_environments
