-- asset: rpt_finance__budget_pace
-- severity: WARN
-- partitions: none
-- title: Key without a budget
-- description: A machine key or service account used in the newest month that no line of policies/budgets.csv in force covers: the key's own, or its squad's or org's. One finding a key; rotated keys of one name are one. While the file states no budget at all it is one finding for all of them. It clears when a line covers it.
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

uncovered AS (
  SELECT
    vendor,
    COALESCE(key_name, key_id) AS subject,
    MAX(key_name) AS key_name,
    STRING_AGG(key_id, ', ' ORDER BY key_id) AS key_ids,
    MAX(month) AS month,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM covered
  GROUP BY vendor, COALESCE(key_name, key_id)
  HAVING NOT BOOL_OR(has_budget)
),

stated AS (
  SELECT COUNT(*) AS budgets FROM stg_policies__budget
),

key_without_budget AS (
  SELECT
    u.vendor,
    u.subject,
    u.month AS usage_day,
    u.list_usd AS amount_usd,
    'Key ' || COALESCE(u.key_name || ' (' || u.key_ids || ')', u.key_ids) || ' has no budget in policies/budgets.csv; '
      || STRFTIME(u.month, '%Y-%m') || ' so far: '
      || COALESCE(CAST(CAST(u.list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'not priced') AS explanation
  FROM uncovered AS u
  INNER JOIN stated AS s ON s.budgets > 0
  UNION ALL
  SELECT
    'company' AS vendor,
    'all machine keys' AS subject,
    MAX(u.month) AS usage_day,
    CAST(SUM(u.list_usd) AS DECIMAL(38, 18)) AS amount_usd,
    'policies/budgets.csv states no budget at all, so nothing watches ' || CAST(COUNT(*) AS VARCHAR) || ' machine keys; '
      || STRFTIME(MAX(u.month), '%Y-%m') || ' so far: '
      || COALESCE(CAST(CAST(SUM(u.list_usd) AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'not priced')
      || '. A line such as key,' || COALESCE(ARG_MAX(u.subject, u.list_usd), MIN(u.subject)) || ',list,100,' || CAST(MAX(u.month) AS VARCHAR)
      || ',,owner@example.com gives one a budget in USD a month; a line for a squad or org covers all of its keys' AS explanation
  FROM uncovered AS u
  INNER JOIN stated AS s ON s.budgets = 0
  HAVING COUNT(*) > 0
)

SELECT * FROM key_without_budget
