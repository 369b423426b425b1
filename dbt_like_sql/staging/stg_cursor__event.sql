-- grain: one row per usage event
-- unit: USD (the feed turned cents into dollars)
-- source: cursor_usage_events; cursor_csv_events for days of which that has none
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day of the event
event_at: instant of the event
actor_id: service account id, or lower-case e-mail of the person
is_service_account: whether a service account ran it
background_kind: automation, cloud_agent, service_account or headless; null for interactive use
model: model string as the vendor prints it
kind_class: usage_based, included, errored, aborted, free, user_api_key, custom_subscription or unknown
series: line on the main chart that the kind belongs to
tokens: all four token buckets, null when the event is not token based
charged_usd: chargedCents in dollars; cash only for usage_based; null where the dashboard's export prints a word
is_from_csv: whether the row comes from the dashboard's export
*/
WITH api_days AS (
  SELECT DISTINCT usage_day FROM cursor_usage_events
),

events AS (
  SELECT
    usage_day, event_at, user_email, service_account_id, cloud_agent_id, automation_id, is_headless, model, kind_class,
    input_tokens, output_tokens, cache_write_tokens, cache_read_tokens, charged_usd, FALSE AS is_from_csv
  FROM cursor_usage_events
  UNION ALL
  SELECT
    c.usage_day, c.event_at, c.user_email, c.service_account_id, c.cloud_agent_id, c.automation_id, c.is_headless, c.model, c.kind_class,
    c.input_tokens, c.output_tokens, c.cache_write_tokens, c.cache_read_tokens, c.charged_usd, TRUE AS is_from_csv
  FROM cursor_csv_events AS c
  LEFT JOIN api_days AS d ON d.usage_day = c.usage_day
  WHERE d.usage_day IS NULL
)

SELECT
  usage_day,
  event_at,
  COALESCE(service_account_id, LOWER(user_email), '(unknown)') AS actor_id,
  service_account_id IS NOT NULL AS is_service_account,
  CASE
    WHEN automation_id IS NOT NULL THEN 'automation'
    WHEN cloud_agent_id IS NOT NULL THEN 'cloud_agent'
    WHEN service_account_id IS NOT NULL THEN 'service_account'
    WHEN is_headless THEN 'headless'
  END AS background_kind,
  model,
  kind_class,
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
  is_from_csv
FROM events
