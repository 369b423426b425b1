-- asset: rpt_auth_audit
-- severity: ERROR
-- partitions: none
-- title: A person's key in production
-- description: A key that acts as one person, used in production: it dies when the person leaves. Claude Code's own keys count when they are tagged as production.
-- remedy: give the workload a key of a service account or workspace and retire the person's key there
WITH personal_key_in_prod AS (
  SELECT
    vendor,
    workload AS subject,
    MIN(first_used_day) AS usage_day,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Personal key ' || workload || ' of ' || MAX(principal_email) || ' is used in production since ' || CAST(MIN(first_used_day) AS VARCHAR)
      || ' (' || CASE WHEN MAX(environment) IS NOT NULL THEN 'tag in the key registry' ELSE 'tag of its workspace' END
      || '); use a service key; '
      || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', 'use without a price') AS explanation
  FROM int_workload__key
  WHERE is_current AND principal_email IS NOT NULL
    AND (is_prod OR (is_prod_workspace AND NOT is_claude_code))
  GROUP BY vendor, workload
)

SELECT * FROM personal_key_in_prod
