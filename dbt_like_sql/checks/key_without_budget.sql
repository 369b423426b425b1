-- asset: rpt_finance__budget_pace
-- severity: WARN
-- partitions: none
-- title: Key without a budget
-- description: A machine key or service account used in the newest month that no line of policies/budgets.csv in force covers: the key's own, or its squad's or org's. One finding a key; rotated keys of one name are one. It clears when a line covers it.
-- remedy: add a line for the key, its squad or its org to policies/budgets.csv
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

covered AS (
  SELECT
    k.*,
    EXISTS (
      SELECT 1
      FROM int_budget__in_force AS b
      WHERE k.last_day BETWEEN b.first_day AND b.last_day
        -- A vendor's budget is of many keys and watches none of them.
        AND CASE b.scope_kind
          WHEN 'key' THEN b.scope IN (k.key_id, k.key_name)
          WHEN 'squad' THEN k.squad = b.squad AND k.org = b.org
          WHEN 'org' THEN k.org = b.org
        END
    ) AS has_budget
  FROM keys AS k
),

key_without_budget AS (
  SELECT
    vendor,
    COALESCE(key_name, key_id) AS subject,
    MAX(month) AS usage_day,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'Key ' || COALESCE(MAX(key_name) || ' (' || STRING_AGG(key_id, ', ' ORDER BY key_id) || ')', MAX(key_id))
      || ' has no budget in policies/budgets.csv; ' || STRFTIME(MAX(month), '%Y-%m') || ' so far: '
      || COALESCE(CAST(CAST(SUM(list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'not priced') AS explanation
  FROM covered
  GROUP BY vendor, COALESCE(key_name, key_id)
  HAVING NOT BOOL_OR(has_budget)
)

SELECT * FROM key_without_budget
