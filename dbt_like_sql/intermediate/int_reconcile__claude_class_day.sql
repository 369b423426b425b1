-- grain: one row per UTC day x key x workspace x model x service tier x geography x speed x token class (or web searches)
-- unit: tokens or requests; USD at list price
-- source: stg_claude__api_usage_day, price book
-- late data: re-read for the feed's restatement window
-- partitions: day
/*
usage_day: UTC day
api_key_id: key, null for use without a key
workspace_id: workspace, null for the default workspace
model: model id as reported
service_tier: standard, batch or priority
inference_geo: global, us or not_available
speed: standard or fast, null when not reported
token_class: uncached_input, cache_write_5m, cache_write_1h, cache_read, output or web_search
quantity: tokens, or web searches
usd_per_million: list price of a million tokens (of one search) with the modifiers of tier and geography; null when unpriced
list_usd: quantity at that price; null when unpriced
price_version: price book line, null when unpriced
*/
WITH priced AS (
  SELECT
    u.*,
    p.price_version,
    p.input_usd,
    p.cache_write_5m_usd,
    p.cache_write_1h_usd,
    p.cache_read_usd,
    p.output_usd,
    search.usd_per_unit AS search_usd,
    search.price_version AS search_price_version,
    CAST(COALESCE(tier.factor, 1) * COALESCE(geo.factor, 1) AS DECIMAL(12, 6)) AS factor
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

classes AS (
  SELECT *, 'uncached_input' AS token_class, input_tokens AS quantity, input_usd * factor AS price, price_version AS class_version FROM priced
  UNION ALL
  SELECT *, 'cache_write_5m', cache_write_5m_tokens, cache_write_5m_usd * factor, price_version FROM priced
  UNION ALL
  SELECT *, 'cache_write_1h', cache_write_1h_tokens, cache_write_1h_usd * factor, price_version FROM priced
  UNION ALL
  SELECT *, 'cache_read', cache_read_tokens, cache_read_usd * factor, price_version FROM priced
  UNION ALL
  SELECT *, 'output', output_tokens, output_usd * factor, price_version FROM priced
  UNION ALL
  SELECT *, 'web_search', web_search_requests, search_usd, search_price_version FROM priced
),

int_reconcile__claude_class_day AS (
  SELECT
    usage_day,
    api_key_id,
    workspace_id,
    model,
    service_tier,
    inference_geo,
    speed,
    token_class,
    CAST(SUM(quantity) AS BIGINT) AS quantity,
    CAST(price AS DECIMAL(24, 12)) AS usd_per_million,
    CAST(
      SUM(quantity) * CAST(price AS DECIMAL(18, 12)) * CASE WHEN token_class = 'web_search' THEN 1 ELSE CAST(0.000001 AS DECIMAL(7, 6)) END
      AS DECIMAL(38, 18)
    ) AS list_usd,
    class_version AS price_version
  FROM classes
  WHERE quantity > 0
  GROUP BY
    usage_day, api_key_id, workspace_id, model, service_tier, inference_geo, speed, token_class, price, class_version
)

SELECT * FROM int_reconcile__claude_class_day
