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
    u.feed,
    'github_copilot' AS vendor,
    'copilot' AS surface,
    'copilot_credits' AS series,
    'seat' AS auth_kind,
    'Copilot credits are consumed by licensed seats' AS auth_rule,
    'user_id ' || CAST(u.user_id AS VARCHAR) || ' in the report of licensed users' AS auth_evidence,
    CASE WHEN u.only_surface = 'ide' THEN 'interactive' WHEN u.only_surface = 'cloud_agent' THEN 'headless' ELSE 'not_split' END AS actor_kind,
    CASE
      WHEN u.only_surface = 'ide' THEN 'chat and agent mode of the editor are the only surfaces that GitHub reports for the day'
      WHEN u.only_surface = 'cloud_agent' THEN 'the cloud agent is the only surface that GitHub reports for the day'
      WHEN u.only_surface = 'cli' THEN 'GitHub does not say whether a person was at the Copilot CLI'
      ELSE 'GitHub does not split ai_credits_used by surface, model or agent'
    END AS actor_rule,
    'used_chat ' || COALESCE(CAST(u.used_chat AS VARCHAR), 'not said') || ', used_agent ' || COALESCE(CAST(u.used_agent AS VARCHAR), 'not said')
      || ', used_cli ' || COALESCE(CAST(u.used_cli AS VARCHAR), 'not said')
      || ', used_copilot_cloud_agent ' || COALESCE(CAST(u.used_cloud_agent AS VARCHAR), 'not said') AS actor_evidence,
    CASE WHEN u.only_surface = 'cloud_agent' THEN 'cloud_agent' END AS background_kind,
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
