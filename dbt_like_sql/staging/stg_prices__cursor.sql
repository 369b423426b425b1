-- grain: one row per model x effective period
-- unit: USD per million tokens, four token buckets, with the token rate where it applies
-- source: prices/cursor_prices.csv, prices/unit_prices.csv
-- partitions: view none
/*
model: model as Cursor names it, without the words for effort and thinking
input_usd: plain input, USD per million tokens
cache_write_usd: cache writes, USD per million tokens
cache_read_usd: cache reads, USD per million tokens
output_usd: output, USD per million tokens
effective_from: first UTC day of the price
effective_to: first UTC day after the price, null while in force
price_version: price book line that a priced row points at
*/
WITH rates AS (
  SELECT
    c.*,
    CASE WHEN c.token_rate = 'yes' THEN COALESCE(u.usd_per_unit, 0) * 1000000 ELSE 0 END AS fee_usd
  FROM cursor_prices AS c
  LEFT JOIN stg_prices__unit AS u ON u.vendor = 'cursor' AND u.item = 'token_rate' AND u.effective_to IS NULL
)

SELECT
  model,
  CAST(CAST(input_usd_per_million AS DECIMAL(12, 6)) + fee_usd AS DECIMAL(12, 6)) AS input_usd,
  CAST(CAST(cache_write_usd_per_million AS DECIMAL(12, 6)) + fee_usd AS DECIMAL(12, 6)) AS cache_write_usd,
  CAST(CAST(cache_read_usd_per_million AS DECIMAL(12, 6)) + fee_usd AS DECIMAL(12, 6)) AS cache_read_usd,
  CAST(CAST(output_usd_per_million AS DECIMAL(12, 6)) + fee_usd AS DECIMAL(12, 6)) AS output_usd,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to,
  'cursor_prices ' || model || ' ' || effective_from AS price_version
FROM rates
