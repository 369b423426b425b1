-- grain: one row per UTC day x key x workspace x model x price line
-- unit: tokens of five classes; list value from the dated price book
-- source: stg_claude__api_usage_day, int_claude__key; days of the analytics API are in int_usage__claude_analytics
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
same as int_usage
*/
WITH priced AS (
  SELECT
    u.*,
    p.price_version,
    CAST(
      (
        u.input_tokens * p.input_usd + u.cache_write_5m_tokens * p.cache_write_5m_usd
        + u.cache_write_1h_tokens * p.cache_write_1h_usd + u.cache_read_tokens * p.cache_read_usd
        + u.output_tokens * p.output_usd
      ) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(26, 12)
    ) AS token_usd,
    COALESCE(tier.factor, 1) AS tier_factor,
    COALESCE(geo.factor, 1) AS geo_factor,
    u.web_search_requests * search.usd_per_unit AS search_usd,
    u.input_tokens + u.cache_write_5m_tokens + u.cache_write_1h_tokens + u.cache_read_tokens + u.output_tokens AS tokens
  FROM stg_claude__api_usage_day AS u
  LEFT JOIN stg_prices__claude AS p
    ON p.model = u.model AND p.band = CASE WHEN u.speed = 'fast' THEN 'fast' ELSE 'default' END
    AND u.usage_day >= p.effective_from AND (p.effective_to IS NULL OR u.usage_day < p.effective_to)
  LEFT JOIN stg_prices__claude_modifier AS tier
    ON tier.modifier = 'service_tier' AND tier.value = u.service_tier
    AND u.usage_day >= tier.effective_from AND (tier.effective_to IS NULL OR u.usage_day < tier.effective_to)
  LEFT JOIN stg_prices__claude_modifier AS geo
    ON geo.modifier = 'inference_geo' AND geo.value = u.inference_geo
    AND u.usage_day >= geo.effective_from AND (geo.effective_to IS NULL OR u.usage_day < geo.effective_to)
  LEFT JOIN stg_prices__unit AS search
    ON search.vendor = 'anthropic' AND search.item = 'web_search'
    AND u.usage_day >= search.effective_from AND (search.effective_to IS NULL OR u.usage_day < search.effective_to)
),

summed AS (
  SELECT
    usage_day,
    api_key_id,
    workspace_id,
    model,
    price_version,
    CAST(SUM(tokens) AS DECIMAL(38, 18)) AS tokens,
    CAST(SUM(token_usd * tier_factor * geo_factor + search_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM priced
  GROUP BY usage_day, api_key_id, workspace_id, model, price_version
),

int_usage__claude_api AS (
  SELECT
    s.usage_day,
    'claude_api_usage' AS feed,
    'anthropic' AS vendor,
    CASE WHEN k.is_claude_code THEN 'claude_code' ELSE 'claude_api' END AS surface,
    'claude_api_key' AS series,
    CASE WHEN s.api_key_id IS NULL THEN 'unknown' ELSE 'api_key' END AS auth_kind,
    CASE WHEN s.api_key_id IS NULL THEN 'no key reported: Workbench, OAuth or federated' ELSE 'usage report names an API key' END AS auth_rule,
    COALESCE('api_key_id ' || s.api_key_id, 'api_key_id is null') AS auth_evidence,
    CASE WHEN k.is_claude_code THEN 'interactive' WHEN s.api_key_id IS NULL THEN 'interactive' ELSE 'machine' END AS actor_kind,
    CASE
      WHEN k.is_claude_code THEN 'key minted by Claude Code for a person'
      WHEN s.api_key_id IS NULL THEN 'Workbench use has no key'
      ELSE 'API key outside the Claude Code workspace'
    END AS actor_rule,
    CASE
      WHEN s.api_key_id IS NULL THEN 'api_key_id is null'
      WHEN k.api_key_id IS NULL THEN 'key ' || s.api_key_id || ' is on no list of keys'
      ELSE 'key ' || k.key_name || ' in workspace ' || COALESCE(k.workspace_name, '(default workspace)')
    END AS actor_evidence,
    CAST(NULL AS VARCHAR) AS background_kind,
    COALESCE(s.api_key_id, '(no key)') AS actor_id,
    CASE WHEN k.is_claude_code THEN k.creator_email END AS person_hint,
    s.api_key_id AS key_id,
    COALESCE(s.workspace_id, '(default workspace)') AS workspace,
    s.model,
    CAST(NULL AS VARCHAR) AS environment,
    s.tokens AS quantity,
    'tokens' AS unit,
    CASE WHEN s.price_version IS NOT NULL THEN s.list_usd END AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    CASE WHEN s.price_version IS NULL THEN 'unpriced' ELSE 'priced' END AS price_state,
    'derived' AS attribution_mode,
    s.price_version
  FROM summed AS s
  LEFT JOIN stg_claude__day_source AS d ON d.usage_day = s.usage_day
  LEFT JOIN int_claude__key AS k ON k.api_key_id = s.api_key_id
  WHERE COALESCE(d.source, 'reports') = 'reports'
)

SELECT * FROM int_usage__claude_api
