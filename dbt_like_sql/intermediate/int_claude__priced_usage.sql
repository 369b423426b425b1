-- grain: one row per UTC day x key x workspace x model x service tier x context window x geography x speed
-- unit: tokens, five disjoint classes; USD per million tokens before the factor of tier and geography
-- source: stg_claude__api_usage_day, the dated price book
-- late data: follows the feed
-- partitions: view day
/*
usage_day: UTC day
api_key_id: key, null for use without a key
workspace_id: workspace, null for the default workspace
model: model id as reported
service_tier: standard, batch or priority
context_window: 0-200k or 200k-1M
inference_geo: global, us or not_available
speed: standard or fast, null when not reported
input_tokens: uncached input tokens
cache_write_5m_tokens: 5-minute cache writes
cache_write_1h_tokens: 1-hour cache writes
cache_read_tokens: cache reads
output_tokens: output tokens
web_search_requests: web searches
price_version: price book line of the tokens; null when unpriced
input_usd: uncached input, USD per million tokens
cache_write_5m_usd: 5-minute cache write, USD per million tokens
cache_write_1h_usd: 1-hour cache write, USD per million tokens
cache_read_usd: cache read, USD per million tokens
output_usd: output, USD per million tokens
factor: product of the modifiers of tier and geography, on every token class
search_usd: one web search, USD
search_price_version: price book line of the searches
*/
WITH usage AS (
  SELECT
    *,
    CASE WHEN speed = 'fast' THEN 'fast' WHEN context_window = '200k-1M' THEN 'long_context' ELSE 'default' END AS band
  FROM stg_claude__api_usage_day
),

banded AS (
  SELECT
    u.*,
    -- Prompts above 200k tokens cost more only while a long-context price is in force.
    CASE WHEN u.band = 'long_context' AND long_context.model IS NULL THEN 'default' ELSE u.band END AS price_band
  FROM usage AS u
  LEFT JOIN stg_prices__claude AS long_context
    ON u.band = 'long_context' AND long_context.band = 'long_context' AND long_context.model = u.model
    AND u.usage_day >= long_context.effective_from
    AND (long_context.effective_to IS NULL OR u.usage_day < long_context.effective_to)
),

int_claude__priced_usage AS (
  SELECT
    u.usage_day,
    u.api_key_id,
    u.workspace_id,
    u.model,
    u.service_tier,
    u.context_window,
    u.inference_geo,
    u.speed,
    u.input_tokens,
    u.cache_write_5m_tokens,
    u.cache_write_1h_tokens,
    u.cache_read_tokens,
    u.output_tokens,
    u.web_search_requests,
    p.price_version,
    p.input_usd,
    p.cache_write_5m_usd,
    p.cache_write_1h_usd,
    p.cache_read_usd,
    p.output_usd,
    CAST(COALESCE(tier.factor, 1) * COALESCE(geo.factor, 1) AS DECIMAL(12, 6)) AS factor,
    search.usd_per_unit AS search_usd,
    search.price_version AS search_price_version
  FROM banded AS u
  LEFT JOIN stg_prices__claude AS p
    ON p.model = u.model AND p.band = u.price_band
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
)

SELECT * FROM int_claude__priced_usage
