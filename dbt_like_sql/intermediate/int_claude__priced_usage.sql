-- grain: one row per UTC day x key x sign-in x workspace x model x service tier x context window x geography x speed
-- unit: tokens, five disjoint classes; USD per million tokens before the factor of tier and geography
-- source: stg_claude__api_usage_day, int_claude__rate
-- late data: follows the feed
-- partitions: view day
/*
usage_day: UTC day
api_key_id: key, null for use without a key
account_id: user whose sign-in made the call, null for any other
service_account_id: service account of a federated workload, null for any other
workspace_id: workspace, null for the default workspace
model: model id as reported
service_tier: standard, batch or priority
context_window: 0-200k or 200k-1M
inference_geo: global, us or not_available
speed: standard or fast, null when not reported
rate_speed: speed as int_claude__rate names it
rate_prompt: prompt size as int_claude__rate names it
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
    CASE WHEN speed = 'fast' THEN 'fast' ELSE 'standard' END AS rate_speed,
    CASE context_window WHEN '0-200k' THEN 'up_to_200k' WHEN '200k-1M' THEN 'over_200k' ELSE 'unknown' END AS rate_prompt
  FROM stg_claude__api_usage_day
),

int_claude__priced_usage AS (
  SELECT
    u.usage_day,
    u.api_key_id,
    u.account_id,
    u.service_account_id,
    u.workspace_id,
    u.model,
    u.service_tier,
    u.context_window,
    u.inference_geo,
    u.speed,
    u.rate_speed,
    u.rate_prompt,
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
    CAST(
      CASE WHEN u.service_tier = 'batch' THEN p.batch_factor ELSE 1 END * CASE WHEN u.inference_geo = 'us' THEN p.us_factor ELSE 1 END
      AS DECIMAL(12, 6)
    ) AS factor,
    search.usd_per_unit AS search_usd,
    search.price_version AS search_price_version
  FROM usage AS u
  LEFT JOIN int_claude__rate AS p
    ON p.model = u.model AND p.speed = u.rate_speed AND p.prompt = u.rate_prompt
    AND u.usage_day >= p.effective_from AND (p.effective_to IS NULL OR u.usage_day < p.effective_to)
  LEFT JOIN stg_prices__unit AS search
    ON search.vendor = 'anthropic' AND search.item = 'web_search'
    AND u.usage_day >= search.effective_from AND (search.effective_to IS NULL OR u.usage_day < search.effective_to)
)

SELECT * FROM int_claude__priced_usage
