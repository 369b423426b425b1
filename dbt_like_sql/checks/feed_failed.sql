-- asset: rpt_coverage
-- severity: ERROR
-- partitions: none
-- title: Feed failed
-- description: A feed's newest attempt for a day failed, was refused, or brought only a part. Stored data of that day, if any, gave way to nothing poorer.
-- remedy: do what the message says (a key, a permission, a file), run `agent-spend doctor`, then materialise the day again
WITH failed AS (
  SELECT
    feed,
    usage_day,
    state,
    reason,
    message,
    last_attempt,
    CASE
      WHEN feed LIKE 'copilot%' THEN 'github_copilot'
      WHEN feed LIKE 'claude%' THEN 'anthropic'
      WHEN feed LIKE 'cursor%' THEN 'cursor'
      WHEN feed LIKE 'agent%' THEN 'custom_agents'
      ELSE 'company'
    END AS vendor
  FROM rpt_coverage
  WHERE last_attempt NOT IN (
    'available', 'zero', 'not_connected', 'no_report', 'empty_body', 'null_body', 'no_links', 'live_list_only',
    'day_not_closed', 'no_invoice', 'not_refreshed', 'no_longer_served'
  )
    -- A report without a line is a zero with a reason; only where it would have replaced rows was it refused.
    AND (state <> 'zero' OR last_attempt <> COALESCE(reason, ''))
),

feed_failed AS (
  SELECT
    vendor,
    feed AS subject,
    usage_day,
    feed || ' ' || CAST(usage_day AS VARCHAR) || ' failed (' || last_attempt || '): '
      || COALESCE(NULLIF(message, ''), 'the vendor gave no reason') AS explanation
  FROM failed
)

SELECT * FROM feed_failed
