-- grain: one row per UTC day x key x workspace x model x service tier x geography x speed x token class (or web searches)
-- unit: tokens or requests; USD at list price
-- source: int_claude__priced_usage
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
WITH classes AS (
  SELECT *, 'uncached_input' AS token_class, input_tokens AS quantity, input_usd * factor AS price, price_version AS class_version FROM int_claude__priced_usage
  UNION ALL
  SELECT *, 'cache_write_5m', cache_write_5m_tokens, cache_write_5m_usd * factor, price_version FROM int_claude__priced_usage
  UNION ALL
  SELECT *, 'cache_write_1h', cache_write_1h_tokens, cache_write_1h_usd * factor, price_version FROM int_claude__priced_usage
  UNION ALL
  SELECT *, 'cache_read', cache_read_tokens, cache_read_usd * factor, price_version FROM int_claude__priced_usage
  UNION ALL
  SELECT *, 'output', output_tokens, output_usd * factor, price_version FROM int_claude__priced_usage
  UNION ALL
  SELECT *, 'web_search', web_search_requests, search_usd, search_price_version FROM int_claude__priced_usage
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
