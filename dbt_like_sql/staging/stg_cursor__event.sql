-- grain: one row per usage event
-- unit: USD (the feed turned cents into dollars)
-- source: cursor_usage_events
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day of the event
event_at: instant of the event
actor_id: service account id, or lower-case e-mail of the person
is_service_account: whether a service account ran it
background_kind: automation, cloud_agent, service_account or headless; null for interactive use
model: model string as the vendor prints it
kind_class: usage_based, included, errored, aborted, free, user_api_key or custom_subscription
tokens: all four token buckets, null when the event is not token based
charged_usd: chargedCents in dollars; cash only for usage_based
*/
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
    WHEN input_tokens IS NOT NULL OR output_tokens IS NOT NULL OR cache_write_tokens IS NOT NULL OR cache_read_tokens IS NOT NULL
      THEN COALESCE(input_tokens, 0) + COALESCE(output_tokens, 0) + COALESCE(cache_write_tokens, 0) + COALESCE(cache_read_tokens, 0)
  END AS tokens,
  charged_usd
FROM cursor_usage_events
