-- asset: rpt_auth_audit
-- severity: WARN
-- partitions: none
-- description: One key that two environments use or hold: a leak or a limit in one of them hits the other. It clears when each environment has a key of its own.
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

key_in_two_environments AS (
  SELECT
    'key_in_two_environments' AS kind,
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
    'Key ' || workload || ' stands in ' || MIN(LEAST(environment, other_environment)) || ' and in '
      || MAX(GREATEST(environment, other_environment)) || ' ('
      || MIN(other_environment_rule) || '); give each environment a key of its own; ' || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', 'use without a price') AS explanation
  FROM current_keys
  WHERE other_environment IS NOT NULL
  GROUP BY vendor, workload
)

SELECT * FROM key_in_two_environments
