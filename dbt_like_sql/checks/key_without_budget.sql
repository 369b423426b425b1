-- asset: fct_usage_day
-- severity: WARN
-- partitions: none
-- description: A machine key or service account used in the newest month that no line of policies/budgets.csv covers. Silent while the file has no budget of a key at all.
WITH key_budgets AS (
  SELECT scope, CAST(effective_from AS DATE) AS effective_from, CAST(effective_to AS DATE) AS effective_to
  FROM budgets
  WHERE LOWER(scope_kind) = 'key'
),

newest AS (
  SELECT CAST(DATE_TRUNC('month', MAX(usage_day)) AS DATE) AS month, MAX(usage_day) AS last_day FROM fct_usage_day
),

keys AS (
  SELECT
    u.vendor,
    COALESCE(u.key_id, u.actor_id) AS key_id,
    MAX(u.key_name) AS key_name,
    n.month,
    n.last_day,
    CAST(SUM(u.list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_usage_day AS u
  INNER JOIN newest AS n ON u.usage_day >= n.month
  WHERE u.vendor <> 'custom_agents' AND u.actor_kind <> 'interactive' AND (u.key_id IS NOT NULL OR u.auth_kind = 'service_account')
  GROUP BY u.vendor, COALESCE(u.key_id, u.actor_id), n.month, n.last_day
),

key_without_budget AS (
  SELECT
    'key_without_budget' AS kind,
    'WARN' AS severity,
    k.vendor,
    k.key_id AS subject,
    CAST(NULL AS VARCHAR) AS person_id,
    '(not attributable)' AS org,
    k.month AS usage_day,
    CAST(NULL AS DECIMAL(38, 18)) AS observed,
    CAST(NULL AS DECIMAL(38, 18)) AS baseline,
    CAST(NULL AS DOUBLE) AS ratio,
    k.list_usd AS amount_usd,
    'Key ' || COALESCE(k.key_name || ' (' || k.key_id || ')', k.key_id) || ' has no budget in policies/budgets.csv; '
      || STRFTIME(k.month, '%Y-%m') || ' so far: '
      || COALESCE(CAST(CAST(k.list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'not priced') AS explanation
  FROM keys AS k
  LEFT JOIN key_budgets AS b
    ON b.scope IN (k.key_id, k.key_name) AND k.last_day >= b.effective_from
    AND (b.effective_to IS NULL OR k.last_day < b.effective_to)
  WHERE b.scope IS NULL AND EXISTS (SELECT 1 FROM key_budgets)
)

SELECT * FROM key_without_budget
