-- asset: fct_usage_day
-- severity: WARN
-- partitions: none
-- description: A machine key or service account used in the newest month that no line of policies/budgets.csv in force covers: the key's own, or its squad's or org's. Silent while the file has no budget of a key at all.
WITH newest AS (
  SELECT CAST(DATE_TRUNC('month', MAX(usage_day)) AS DATE) AS month, MAX(usage_day) AS last_day FROM fct_usage_day
),

keys AS (
  SELECT
    u.vendor,
    COALESCE(u.key_id, u.actor_id) AS key_id,
    MAX(u.key_name) AS key_name,
    ARG_MAX(u.squad, u.usage_day) AS squad,
    ARG_MAX(u.org, u.usage_day) AS org,
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
    k.vendor,
    k.key_id AS subject,
    k.month AS usage_day,
    k.list_usd AS amount_usd,
    'Key ' || COALESCE(k.key_name || ' (' || k.key_id || ')', k.key_id) || ' has no budget in policies/budgets.csv; '
      || STRFTIME(k.month, '%Y-%m') || ' so far: '
      || COALESCE(CAST(CAST(k.list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'not priced') AS explanation
  FROM keys AS k
  LEFT JOIN int_budget__in_force AS b
    ON k.last_day BETWEEN b.first_day AND b.last_day
    -- A vendor's budget is of many keys and watches none of them.
    AND CASE b.scope_kind
      WHEN 'key' THEN b.scope IN (k.key_id, k.key_name)
      WHEN 'squad' THEN k.squad = b.squad AND k.org = b.org
      WHEN 'org' THEN k.org = b.org
    END
  WHERE b.scope IS NULL AND EXISTS (SELECT 1 FROM stg_policies__budget WHERE scope_kind = 'key')
)

SELECT * FROM key_without_budget
