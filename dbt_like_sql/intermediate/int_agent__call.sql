-- grain: one row per trace x model x price state: the calls of a run that cost money
-- unit: tokens of five classes; USD at list price, reported by the agent or priced from the dated book
-- source: agent_spans; inference spans once, agent and workflow spans repeat their children's totals
-- late data: late spans restate the day their trace ended
-- partitions: day
/*
usage_day: UTC day the trace ended
trace_id: trace
model: model that answered
price_state: reported, priced or unpriced
price_version: price book line behind the price
calls: number of inference calls
input_tokens: uncached input tokens
cache_read_tokens: cache reads
cache_write_5m_tokens: 5-minute cache writes
cache_write_1h_tokens: 1-hour cache writes
output_tokens: output tokens
list_usd: reported cost, else tokens at list price; null when unpriced
book_usd: tokens at list price whatever was reported, to show the difference; null when the model is unknown
*/
WITH ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY usage_day, trace_id, COALESCE(response_id, span_id)
      ORDER BY CASE WHEN reported_usd IS NULL THEN 1 ELSE 0 END, started_at DESC, span_id
    ) AS preference
  FROM agent_spans
  WHERE span_class = 'inference'
),

calls AS (
  SELECT
    usage_day,
    trace_id,
    started_at,
    model,
    reported_usd,
    service_tier,
    COALESCE(input_tokens, 0) AS input_tokens,
    COALESCE(cache_read_tokens, 0) AS cache_read_tokens,
    COALESCE(cache_write_5m_tokens, 0) AS cache_write_5m_tokens,
    COALESCE(cache_write_1h_tokens, 0) AS cache_write_1h_tokens,
    COALESCE(output_tokens, 0) AS output_tokens
  FROM ranked
  WHERE preference = 1
),

priced AS (
  SELECT
    c.*,
    p.price_version,
    CAST(
      (
        c.input_tokens * p.input_usd + c.cache_write_5m_tokens * p.cache_write_5m_usd
        + c.cache_write_1h_tokens * p.cache_write_1h_usd + c.cache_read_tokens * p.cache_read_usd
        + c.output_tokens * p.output_usd
      ) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(26, 12)
    ) * COALESCE(tier.factor, 1) AS book_usd
  FROM calls AS c
  LEFT JOIN stg_prices__claude AS p
    ON p.model = c.model
    AND (
      p.band = 'default'
      OR p.band = CASE
        WHEN c.input_tokens + c.cache_read_tokens + c.cache_write_5m_tokens + c.cache_write_1h_tokens <= 100000 THEN 'up_to_100k'
        ELSE 'over_100k'
      END
    )
    AND c.usage_day >= p.effective_from AND (p.effective_to IS NULL OR c.usage_day < p.effective_to)
  LEFT JOIN stg_prices__claude_modifier AS tier
    ON tier.modifier = 'service_tier' AND tier.value = c.service_tier
    AND c.usage_day >= tier.effective_from AND (tier.effective_to IS NULL OR c.usage_day < tier.effective_to)
),

stated AS (
  SELECT
    *,
    CASE
      WHEN reported_usd IS NOT NULL THEN 'reported'
      WHEN book_usd IS NOT NULL THEN 'priced'
      ELSE 'unpriced'
    END AS price_state
  FROM priced
),

int_agent__call AS (
  SELECT
    usage_day,
    trace_id,
    model,
    price_state,
    CASE WHEN price_state = 'priced' THEN price_version END AS price_version,
    CAST(COUNT(*) AS BIGINT) AS calls,
    CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(cache_read_tokens) AS BIGINT) AS cache_read_tokens,
    CAST(SUM(cache_write_5m_tokens) AS BIGINT) AS cache_write_5m_tokens,
    CAST(SUM(cache_write_1h_tokens) AS BIGINT) AS cache_write_1h_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens,
    CAST(SUM(CASE WHEN reported_usd IS NOT NULL THEN CAST(reported_usd AS DECIMAL(38, 18)) ELSE CAST(book_usd AS DECIMAL(38, 18)) END) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(book_usd) AS DECIMAL(38, 18)) AS book_usd
  FROM stated
  GROUP BY ALL
)

SELECT * FROM int_agent__call
