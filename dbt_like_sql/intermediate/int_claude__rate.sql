-- grain: one row per model x speed x prompt size x period in which one line of the price book is in force: the one place where a rate is found
-- unit: USD per million tokens of five classes; factors on every class
-- source: stg_prices__claude, stg_prices__claude_modifier
-- partitions: view none
/*
model: model id as the vendor reports it, or an alias of it
speed: fast, or standard for every other or none
prompt: up_to_100k, 100k_to_200k or over_200k tokens of input; up_to_200k or unknown where no more is told
effective_from: first UTC day
effective_to: first UTC day after; null while in force
input_usd: uncached input, USD per million tokens
cache_write_5m_usd: 5-minute cache write, USD per million tokens
cache_write_1h_usd: 1-hour cache write, USD per million tokens
cache_read_usd: cache read, USD per million tokens
output_usd: output, USD per million tokens
batch_factor: multiplies every class where the service tier is batch; 1 while no line is in force
us_factor: multiplies every class where the inference geography is us; 1 while no line is in force
price_version: price book line that a priced row points at
*/
WITH bands AS (
  -- Which lines of the book may price such a call, the more special one first. A model that is priced by prompt size has no
  -- default line, so it stays unpriced where the size is not told.
  SELECT * FROM (
    VALUES
      ('standard', 'up_to_100k', 'up_to_100k', 1), ('standard', 'up_to_100k', 'default', 2),
      ('standard', '100k_to_200k', 'over_100k', 1), ('standard', '100k_to_200k', 'default', 2),
      ('standard', 'over_200k', 'long_context', 1), ('standard', 'over_200k', 'over_100k', 2), ('standard', 'over_200k', 'default', 3),
      ('standard', 'up_to_200k', 'default', 1),
      ('standard', 'unknown', 'default', 1),
      ('fast', 'up_to_100k', 'fast', 1),
      ('fast', '100k_to_200k', 'fast', 1),
      ('fast', 'over_200k', 'fast_long_context', 1), ('fast', 'over_200k', 'fast', 2),
      ('fast', 'up_to_200k', 'fast', 1),
      ('fast', 'unknown', 'fast', 1)
  ) AS b (speed, prompt, band, preference)
),

candidates AS (
  SELECT p.*, b.speed, b.prompt, b.preference
  FROM stg_prices__claude AS p
  INNER JOIN bands AS b ON b.band = p.band
),

days AS (
  SELECT effective_from AS day FROM stg_prices__claude_modifier
  UNION
  SELECT effective_to FROM stg_prices__claude_modifier WHERE effective_to IS NOT NULL
),

edges AS (
  SELECT model, speed, prompt, effective_from AS day FROM candidates
  UNION
  SELECT model, speed, prompt, effective_to FROM candidates WHERE effective_to IS NOT NULL
  UNION
  SELECT c.model, c.speed, c.prompt, d.day
  FROM candidates AS c
  INNER JOIN days AS d ON d.day > c.effective_from AND (c.effective_to IS NULL OR d.day < c.effective_to)
),

periods AS (
  SELECT
    model,
    speed,
    prompt,
    day AS effective_from,
    LEAD(day) OVER (PARTITION BY model, speed, prompt ORDER BY day) AS effective_to
  FROM edges
),

ranked AS (
  SELECT
    s.effective_from,
    s.effective_to,
    c.model,
    c.speed,
    c.prompt,
    c.input_usd,
    c.cache_write_5m_usd,
    c.cache_write_1h_usd,
    c.cache_read_usd,
    c.output_usd,
    c.price_version,
    ROW_NUMBER() OVER (PARTITION BY s.model, s.speed, s.prompt, s.effective_from ORDER BY c.preference) AS place
  FROM periods AS s
  INNER JOIN candidates AS c
    ON c.model = s.model AND c.speed = s.speed AND c.prompt = s.prompt
    AND c.effective_from <= s.effective_from AND (c.effective_to IS NULL OR s.effective_from < c.effective_to)
),

int_claude__rate AS (
  SELECT
    r.model,
    r.speed,
    r.prompt,
    r.effective_from,
    r.effective_to,
    r.input_usd,
    r.cache_write_5m_usd,
    r.cache_write_1h_usd,
    r.cache_read_usd,
    r.output_usd,
    CAST(COALESCE(batch.factor, 1) AS DECIMAL(6, 3)) AS batch_factor,
    CAST(COALESCE(us.factor, 1) AS DECIMAL(6, 3)) AS us_factor,
    r.price_version
  FROM ranked AS r
  LEFT JOIN stg_prices__claude_modifier AS batch
    ON batch.modifier = 'service_tier' AND batch.value = 'batch'
    AND r.effective_from >= batch.effective_from AND (batch.effective_to IS NULL OR r.effective_from < batch.effective_to)
  LEFT JOIN stg_prices__claude_modifier AS us
    ON us.modifier = 'inference_geo' AND us.value = 'us'
    AND r.effective_from >= us.effective_from AND (us.effective_to IS NULL OR r.effective_from < us.effective_to)
  WHERE r.place = 1
)

SELECT * FROM int_claude__rate
