-- asset: fct_usage_day
-- severity: ERROR
-- partitions: day
-- blocking: yes
-- title: Ledger row without rule or evidence
-- description: Every row of the ledger says who acted and how it signed in, with rule and evidence, its squad or why it has none, how it was attributed and its price line.
-- remedy: a model that feeds fct_usage_day is wrong: find the rows the finding names and correct it; nothing downstream is built until then
WITH missing AS (
  SELECT
    usage_day,
    COALESCE(vendor, 'company') AS vendor,
    COALESCE(series, '(no series)') AS series,
    list_usd,
    CASE
      WHEN vendor IS NULL THEN 'vendor'
      WHEN surface IS NULL THEN 'surface'
      WHEN auth_kind IS NULL OR auth_kind NOT IN ('seat', 'api_key', 'service_account', 'unknown') THEN 'auth_kind'
      WHEN auth_rule IS NULL THEN 'auth_rule'
      WHEN auth_evidence IS NULL THEN 'auth_evidence'
      WHEN actor_kind IS NULL OR actor_kind NOT IN ('interactive', 'headless', 'machine', 'not_split') THEN 'actor_kind'
      WHEN actor_rule IS NULL THEN 'actor_rule'
      WHEN actor_evidence IS NULL THEN 'actor_evidence'
      -- Without a name a row would be in no squad's sum, and the sums by squad less than the vendor's total.
      WHEN squad IS NULL THEN 'squad'
      WHEN org IS NULL THEN 'org'
      WHEN attribution_mode IS NULL OR attribution_mode NOT IN ('direct', 'derived', 'allocated') THEN 'attribution_mode'
      WHEN price_state = 'priced' AND price_version IS NULL THEN 'price_version'
    END AS column_name
  FROM fct_usage_day
),

found AS (
  SELECT
    usage_day,
    vendor,
    series,
    column_name,
    COUNT(*) AS row_count,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM missing
  WHERE column_name IS NOT NULL
  GROUP BY usage_day, vendor, series, column_name
),

ledger_row_unexplained AS (
  SELECT
    vendor,
    series || ' ' || column_name AS subject,
    usage_day,
    CAST(row_count AS DECIMAL(38, 18)) AS observed,
    CAST(0 AS DECIMAL(38, 18)) AS baseline,
    list_usd AS amount_usd,
    CAST(row_count AS VARCHAR) || ' rows of ' || series || ' (' || vendor || ') on ' || CAST(usage_day AS VARCHAR)
      || ' do not say their ' || column_name AS explanation
  FROM found
)

SELECT * FROM ledger_row_unexplained
