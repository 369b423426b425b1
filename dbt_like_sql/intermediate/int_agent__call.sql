-- grain: one row per run x model x price state x whether allocated: the calls that cost money, each in exactly one run
-- unit: tokens of five classes; USD at list price, reported by the agent or priced from the dated book
-- source: agent_spans; inference spans only, for agent and workflow spans repeat their children's totals: a cost that the run's outermost span states counts where none of its calls has a price
-- late data: late spans restate the day their trace ended
-- partitions: day
/*
usage_day: UTC day the trace ended
trace_id: trace
run_span_id: span that leads the run
model: model that answered
price_state: reported, priced or unpriced
price_version: price book line behind the price
is_allocated: equal share of what the trace spent outside of its runs; false for the run's own calls
calls: number of inference calls
input_tokens: uncached input tokens
cache_read_tokens: cache reads
cache_write_5m_tokens: 5-minute cache writes
cache_write_1h_tokens: 1-hour cache writes
output_tokens: output tokens
list_usd: reported cost, else tokens at list price; null when unpriced
book_usd: tokens at list price whatever was reported, to show the difference; null when the model is unknown
*/
WITH spent AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    model,
    service_tier,
    inference_geo,
    CASE WHEN speed = 'fast' THEN 'fast' ELSE 'standard' END AS speed,
    CASE
      WHEN COALESCE(input_tokens, 0) + COALESCE(cache_read_tokens, 0) + COALESCE(cache_write_5m_tokens, 0) + COALESCE(cache_write_1h_tokens, 0) <= 100000 THEN 'up_to_100k'
      WHEN COALESCE(input_tokens, 0) + COALESCE(cache_read_tokens, 0) + COALESCE(cache_write_5m_tokens, 0) + COALESCE(cache_write_1h_tokens, 0) <= 200000 THEN '100k_to_200k'
      ELSE 'over_200k'
    END AS prompt,
    reported_usd IS NOT NULL AS is_reported,
    CAST(COUNT(*) AS BIGINT) AS calls,
    CAST(SUM(COALESCE(input_tokens, 0)) AS BIGINT) AS input_tokens,
    CAST(SUM(COALESCE(cache_read_tokens, 0)) AS BIGINT) AS cache_read_tokens,
    CAST(SUM(COALESCE(cache_write_5m_tokens, 0)) AS BIGINT) AS cache_write_5m_tokens,
    CAST(SUM(COALESCE(cache_write_1h_tokens, 0)) AS BIGINT) AS cache_write_1h_tokens,
    CAST(SUM(COALESCE(output_tokens, 0)) AS BIGINT) AS output_tokens,
    CAST(SUM(reported_usd) AS DECIMAL(38, 18)) AS reported_usd
  FROM agent_spans
  WHERE span_class = 'inference'
  GROUP BY ALL
),

priced AS (
  SELECT
    s.*,
    p.price_version,
    CAST(
      (
        -- Counts that no run can have used have no price, and do not keep the others of the day from theirs.
        TRY_CAST(s.input_tokens AS DECIMAL(13, 0)) * p.input_usd + TRY_CAST(s.cache_write_5m_tokens AS DECIMAL(13, 0)) * p.cache_write_5m_usd
        + TRY_CAST(s.cache_write_1h_tokens AS DECIMAL(13, 0)) * p.cache_write_1h_usd + TRY_CAST(s.cache_read_tokens AS DECIMAL(13, 0)) * p.cache_read_usd
        + TRY_CAST(s.output_tokens AS DECIMAL(13, 0)) * p.output_usd
      ) * CAST(0.000001 AS DECIMAL(6, 6)) AS DECIMAL(26, 12)
    ) * CASE WHEN s.service_tier = 'batch' THEN p.batch_factor ELSE 1 END * CASE WHEN s.inference_geo = 'us' THEN p.us_factor ELSE 1 END AS book_usd
  FROM spent AS s
  LEFT JOIN int_claude__spelling AS v ON v.usage_day = s.usage_day AND v.model = s.model
  LEFT JOIN int_claude__rate AS p
    ON p.model = v.vendor_model AND p.speed = CASE WHEN v.is_fast THEN 'fast' ELSE s.speed END AND p.prompt = s.prompt
    AND s.usage_day >= p.effective_from AND (p.effective_to IS NULL OR s.usage_day < p.effective_to)
),

stated AS (
  SELECT
    *,
    CASE
      WHEN is_reported THEN 'reported'
      WHEN book_usd IS NOT NULL THEN 'priced'
      ELSE 'unpriced'
    END AS price_state
  FROM priced
),

called AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    model,
    price_state,
    CASE WHEN price_state = 'priced' THEN price_version END AS price_version,
    CAST(SUM(calls) AS BIGINT) AS calls,
    CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
    CAST(SUM(cache_read_tokens) AS BIGINT) AS cache_read_tokens,
    CAST(SUM(cache_write_5m_tokens) AS BIGINT) AS cache_write_5m_tokens,
    CAST(SUM(cache_write_1h_tokens) AS BIGINT) AS cache_write_1h_tokens,
    CAST(SUM(output_tokens) AS BIGINT) AS output_tokens,
    CAST(SUM(CASE WHEN is_reported THEN reported_usd ELSE CAST(book_usd AS DECIMAL(38, 18)) END) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(book_usd) AS DECIMAL(38, 18)) AS book_usd
  FROM stated
  GROUP BY ALL
),

totals AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    CAST(COALESCE(MAX(CASE WHEN span_id = run_span_id THEN reported_usd END), MAX(reported_usd)) AS DECIMAL(38, 18)) AS total_usd
  FROM agent_spans
  WHERE span_class IN ('agent', 'workflow', 'other') AND reported_usd > 0 AND run_span_id IS NOT NULL
  GROUP BY usage_day, trace_id, run_span_id
),

-- The total stands beside the model with the most tokens; the other models' share of it is not known.
only_totals AS (
  SELECT
    c.usage_day,
    c.trace_id,
    c.run_span_id,
    MIN(t.total_usd) AS total_usd,
    ARG_MAX(COALESCE(c.model, ''), c.input_tokens + c.cache_read_tokens + c.cache_write_5m_tokens + c.cache_write_1h_tokens + c.output_tokens) AS model
  FROM called AS c
  INNER JOIN totals AS t ON t.usage_day = c.usage_day AND t.trace_id = c.trace_id AND t.run_span_id = c.run_span_id
  GROUP BY c.usage_day, c.trace_id, c.run_span_id
  HAVING MIN(c.price_state) = 'unpriced'
),

settled AS (
  SELECT
    c.usage_day,
    c.trace_id,
    c.run_span_id,
    c.model,
    CASE WHEN t.total_usd IS NOT NULL THEN 'reported' ELSE c.price_state END AS price_state,
    c.price_version,
    c.calls,
    c.input_tokens,
    c.cache_read_tokens,
    c.cache_write_5m_tokens,
    c.cache_write_1h_tokens,
    c.output_tokens,
    CASE WHEN COALESCE(c.model, '') = t.model THEN t.total_usd ELSE c.list_usd END AS list_usd,
    c.book_usd
  FROM called AS c
  LEFT JOIN only_totals AS t ON t.usage_day = c.usage_day AND t.trace_id = c.trace_id AND t.run_span_id = c.run_span_id
),

shared AS (
  SELECT
    c.*,
    l.run_span_id AS sharing_span_id,
    CAST(ROW_NUMBER() OVER (PARTITION BY c.usage_day, c.trace_id, c.model, c.price_state, c.price_version ORDER BY l.run_span_id) AS BIGINT) AS place,
    CAST(COUNT(*) OVER (PARTITION BY c.usage_day, c.trace_id, c.model, c.price_state, c.price_version) AS BIGINT) AS runs
  FROM settled AS c
  INNER JOIN agent_spans AS l ON l.usage_day = c.usage_day AND l.trace_id = c.trace_id AND l.span_id = l.run_span_id
  WHERE c.run_span_id IS NULL
),

parts AS (
  SELECT
    *,
    place = runs AS takes_rest,
    CAST(CAST(CAST(list_usd AS DECIMAL(26, 12)) * CAST(1000000000000 AS DECIMAL(13, 0)) AS BIGINT) // runs AS DECIMAL(19, 0)) * CAST(0.000000000001 AS DECIMAL(12, 12)) AS list_part,
    CAST(CAST(CAST(book_usd AS DECIMAL(26, 12)) * CAST(1000000000000 AS DECIMAL(13, 0)) AS BIGINT) // runs AS DECIMAL(19, 0)) * CAST(0.000000000001 AS DECIMAL(12, 12)) AS book_part
  FROM shared
),

int_agent__call AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    model,
    price_state,
    price_version,
    FALSE AS is_allocated,
    calls,
    input_tokens,
    cache_read_tokens,
    cache_write_5m_tokens,
    cache_write_1h_tokens,
    output_tokens,
    list_usd,
    book_usd
  FROM settled
  WHERE run_span_id IS NOT NULL
  UNION ALL
  SELECT
    usage_day,
    trace_id,
    sharing_span_id AS run_span_id,
    model,
    price_state,
    price_version,
    TRUE AS is_allocated,
    CASE WHEN takes_rest THEN calls - (calls // runs) * (runs - 1) ELSE calls // runs END AS calls,
    CASE WHEN takes_rest THEN input_tokens - (input_tokens // runs) * (runs - 1) ELSE input_tokens // runs END AS input_tokens,
    CASE WHEN takes_rest THEN cache_read_tokens - (cache_read_tokens // runs) * (runs - 1) ELSE cache_read_tokens // runs END AS cache_read_tokens,
    CASE WHEN takes_rest THEN cache_write_5m_tokens - (cache_write_5m_tokens // runs) * (runs - 1) ELSE cache_write_5m_tokens // runs END AS cache_write_5m_tokens,
    CASE WHEN takes_rest THEN cache_write_1h_tokens - (cache_write_1h_tokens // runs) * (runs - 1) ELSE cache_write_1h_tokens // runs END AS cache_write_1h_tokens,
    CASE WHEN takes_rest THEN output_tokens - (output_tokens // runs) * (runs - 1) ELSE output_tokens // runs END AS output_tokens,
    CAST(CASE WHEN takes_rest THEN list_usd - CAST(list_part AS DECIMAL(26, 12)) * CAST(runs - 1 AS DECIMAL(9, 0)) ELSE list_part END AS DECIMAL(38, 18)) AS list_usd,
    CAST(CASE WHEN takes_rest THEN book_usd - CAST(book_part AS DECIMAL(26, 12)) * CAST(runs - 1 AS DECIMAL(9, 0)) ELSE book_part END AS DECIMAL(38, 18)) AS book_usd
  FROM parts
)

SELECT * FROM int_agent__call
