-- asset: fct_usage_day
-- severity: WARN
-- partitions: day
-- episode: 7
-- description: A vendor identifier with usage on a personal surface that belongs to nobody in the roster. Service accounts are left out.
WITH unmatched AS (
  SELECT
    usage_day,
    vendor,
    actor_id,
    org,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_usage_day
  WHERE person_id IS NULL
    AND series IN ('copilot_credits', 'claude_seat', 'cursor_included', 'cursor_on_demand')
    AND COALESCE(background_kind, '') <> 'service_account'
  GROUP BY usage_day, vendor, actor_id, org
),

unmatched_user AS (
  SELECT
    'unmatched_user' AS kind,
    'WARN' AS severity,
    vendor,
    actor_id AS subject,
    CAST(NULL AS VARCHAR) AS person_id,
    org,
    usage_day,
    CAST(NULL AS DECIMAL(38, 18)) AS observed,
    CAST(NULL AS DECIMAL(38, 18)) AS baseline,
    CAST(NULL AS DOUBLE) AS ratio,
    list_usd AS amount_usd,
    actor_id || ' (' || vendor || ') is nobody in the roster on ' || CAST(usage_day AS VARCHAR) || '; '
      || COALESCE(CAST(CAST(list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'usage without a price')
      || ' belongs to no squad' AS explanation
  FROM unmatched
)

SELECT * FROM unmatched_user
