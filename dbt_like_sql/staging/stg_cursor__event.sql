-- grain: one row per usage event
-- unit: USD (the feed turned cents into dollars)
-- source: cursor_usage_events or cursor_csv_events, whichever stg_cursor__day_source names for the day
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day of the event
event_at: instant of the event
actor_id: service account id, or lower-case e-mail of the person
is_service_account: whether a service account ran it
background_kind: automation, cloud_agent, service_account or headless; null for interactive use
model: model string as the vendor prints it
series: line on the main chart that the kind belongs to
tokens: all four token buckets, null when the event is not token based
charged_usd: chargedCents in dollars; cash only for usage_based; null where none is stated
book_usd: what the tokens cost by the price book, the token rate included, where no amount is stated; null for a model that the book does not know
price_version: price book line of book_usd
is_from_csv: whether the row comes from the dashboard's export
*/
WITH both_feeds AS (
  SELECT
    usage_day, event_at, user_email, service_account_id, cloud_agent_id, automation_id, is_headless, model, kind_class,
    input_tokens, output_tokens, cache_write_tokens, cache_read_tokens, charged_usd, FALSE AS is_from_csv
  FROM cursor_usage_events
  UNION ALL
  SELECT
    usage_day, event_at, user_email, service_account_id, cloud_agent_id, automation_id, is_headless, model, kind_class,
    input_tokens, output_tokens, cache_write_tokens, cache_read_tokens, charged_usd, TRUE AS is_from_csv
  FROM cursor_csv_events
),

events AS (
  SELECT
    b.*,
    -- The words for effort and thinking change no price; fast does.
    CASE WHEN b.charged_usd IS NULL THEN REGEXP_REPLACE(LOWER(b.model), '(-(thinking|none|minimal|low|medium|high|xhigh))+', '') END AS book_model
  FROM both_feeds AS b
  LEFT JOIN stg_cursor__day_source AS s ON s.usage_day = b.usage_day
  WHERE b.is_from_csv = (COALESCE(s.feed, 'cursor_usage_events') = 'cursor_csv_events')
)

SELECT
  e.usage_day,
  event_at,
  COALESCE(service_account_id, LOWER(user_email), '(unknown)') AS actor_id,
  service_account_id IS NOT NULL AS is_service_account,
  CASE
    WHEN automation_id IS NOT NULL THEN 'automation'
    WHEN cloud_agent_id IS NOT NULL THEN 'cloud_agent'
    WHEN service_account_id IS NOT NULL THEN 'service_account'
    WHEN is_headless THEN 'headless'
  END AS background_kind,
  e.model,
  CASE
    WHEN kind_class = 'usage_based' THEN 'cursor_on_demand'
    WHEN kind_class = 'included' THEN 'cursor_included'
    WHEN kind_class = 'unknown' THEN 'cursor_unknown_kind'
    ELSE 'cursor_not_charged'
  END AS series,
  CASE
    WHEN input_tokens IS NOT NULL OR output_tokens IS NOT NULL OR cache_write_tokens IS NOT NULL OR cache_read_tokens IS NOT NULL
      THEN COALESCE(input_tokens, 0) + COALESCE(output_tokens, 0) + COALESCE(cache_write_tokens, 0) + COALESCE(cache_read_tokens, 0)
  END AS tokens,
  charged_usd,
  CAST(
    (
      COALESCE(input_tokens, 0) * p.input_usd + COALESCE(cache_write_tokens, 0) * p.cache_write_usd
      + COALESCE(cache_read_tokens, 0) * p.cache_read_usd + COALESCE(output_tokens, 0) * p.output_usd
    ) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(26, 12)
  ) AS book_usd,
  p.price_version,
  is_from_csv
FROM events AS e
LEFT JOIN stg_prices__cursor AS p
  ON p.model = e.book_model AND e.output_tokens IS NOT NULL
  AND e.usage_day >= p.effective_from AND (p.effective_to IS NULL OR e.usage_day < p.effective_to)
