-- grain: one row per model x band x effective period
-- unit: USD per million tokens, five token classes
-- source: prices/claude_prices.csv
-- partitions: view none
/*
model: model id as the vendor reports it
band: default, up_to_100k, over_100k (prompt size) or fast
input_usd: uncached input, USD per million tokens
cache_write_5m_usd: 5-minute cache write, USD per million tokens
cache_write_1h_usd: 1-hour cache write, USD per million tokens
cache_read_usd: cache read, USD per million tokens
output_usd: output, USD per million tokens
effective_from: first UTC day of the price
effective_to: first UTC day after the price, null while in force
price_version: price book line that a priced row points at
*/
SELECT
  model,
  band,
  CAST(input_usd_per_million AS DECIMAL(12, 6)) AS input_usd,
  CAST(cache_write_5m_usd_per_million AS DECIMAL(12, 6)) AS cache_write_5m_usd,
  CAST(cache_write_1h_usd_per_million AS DECIMAL(12, 6)) AS cache_write_1h_usd,
  CAST(cache_read_usd_per_million AS DECIMAL(12, 6)) AS cache_read_usd,
  CAST(output_usd_per_million AS DECIMAL(12, 6)) AS output_usd,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to,
  'claude_prices ' || model || ' ' || band || ' ' || effective_from AS price_version
FROM claude_prices
