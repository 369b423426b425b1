-- grain: one row per UTC day x GitHub user
-- unit: AI credits; list value at the price book's USD per credit
-- source: stg_copilot__user_day
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
same as int_usage
*/
WITH int_usage__copilot AS (
  SELECT
    u.usage_day,
    'copilot_user_usage' AS feed,
    'github_copilot' AS vendor,
    'copilot' AS surface,
    'copilot_credits' AS series,
    'seat' AS auth_kind,
    'Copilot credits are consumed by licensed seats' AS auth_rule,
    'not_split' AS actor_kind,
    'GitHub does not split ai_credits_used by surface, model or agent' AS actor_rule,
    CAST(NULL AS VARCHAR) AS background_kind,
    CAST(u.user_id AS VARCHAR) AS actor_id,
    CAST(NULL AS VARCHAR) AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(NULL AS VARCHAR) AS workspace,
    CAST(NULL AS VARCHAR) AS model,
    CAST(NULL AS VARCHAR) AS environment,
    CAST(u.credits AS DECIMAL(38, 18)) AS quantity,
    'ai_credits' AS unit,
    CAST(u.credits * p.usd_per_unit AS DECIMAL(38, 18)) AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    CASE WHEN u.credits IS NULL THEN 'not_priced' WHEN p.usd_per_unit IS NULL THEN 'unpriced' ELSE 'priced' END AS price_state,
    'direct' AS attribution_mode,
    p.price_version
  FROM stg_copilot__user_day AS u
  LEFT JOIN stg_prices__unit AS p
    ON p.vendor = 'github_copilot' AND p.item = 'ai_credit'
    AND u.usage_day >= p.effective_from AND (p.effective_to IS NULL OR u.usage_day < p.effective_to)
)

SELECT * FROM int_usage__copilot
