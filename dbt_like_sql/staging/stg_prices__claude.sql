-- grain: one row per model x band x effective period
-- unit: USD per million tokens, five token classes
-- source: prices/claude_prices.csv
-- partitions: view none
/*
model: model id as the vendor reports it, and its aliases: without the release date, with latest, 4-0 for 4, and with the number before the family
band: default, fast, long_context and fast_long_context (prompts above 200k tokens), or up_to_100k and over_100k (prompt size)
input_usd: uncached input, USD per million tokens
cache_write_5m_usd: 5-minute cache write, USD per million tokens
cache_write_1h_usd: 1-hour cache write, USD per million tokens
cache_read_usd: cache read, USD per million tokens
output_usd: output, USD per million tokens
effective_from: first UTC day of the price
effective_to: first UTC day after the price, null while in force
price_version: price book line that a priced row points at
*/
WITH book AS (
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
),

stems AS (
  SELECT DISTINCT
    model,
    REGEXP_REPLACE(model, '-[0-9]{8}$', '') AS stem,
    SPLIT_PART(model, '-', 2) AS family
  FROM book
),

-- An alias means the newest snapshot; the first models of generation 4 are called 4-0 as well.
aliases AS (
  SELECT stem AS alias, MAX(model) AS model FROM stems GROUP BY stem
  UNION ALL
  SELECT stem || '-latest', MAX(model) FROM stems GROUP BY stem
  UNION ALL
  SELECT stem || '-0', MAX(model) FROM stems WHERE stem IN ('claude-opus-4', 'claude-sonnet-4') GROUP BY stem
  UNION ALL
  SELECT 'claude' || REPLACE(stem, 'claude-' || family, '') || '-' || family, MAX(model) FROM stems WHERE family <> '3' GROUP BY stem, family
  UNION ALL
  SELECT 'claude' || REPLACE(stem, 'claude-' || family, '') || '-' || family || REPLACE(model, stem, ''), model FROM stems WHERE family <> '3' AND model <> stem
),

stg_prices__claude AS (
  SELECT * FROM book
  UNION ALL
  SELECT
    a.alias AS model,
    b.band,
    b.input_usd,
    b.cache_write_5m_usd,
    b.cache_write_1h_usd,
    b.cache_read_usd,
    b.output_usd,
    b.effective_from,
    b.effective_to,
    b.price_version
  FROM book AS b
  INNER JOIN aliases AS a ON a.model = b.model
  LEFT JOIN (SELECT DISTINCT model FROM book) AS listed ON listed.model = a.alias
  WHERE listed.model IS NULL
)

SELECT * FROM stg_prices__claude
