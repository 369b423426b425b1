-- grain: one row per UTC day x vendor that has a coverage line
-- source: feed_coverage, int_feed__watermark, stg_claude__day_source and stg_copilot__day_source (which of two sources counts on a day)
-- late data: a day leaves is_provisional when the restatement windows of both feeds have passed
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
is_metered: whether the metering feed answered for the day, with rows or with a stated zero
is_billed: whether the vendor's billing feed answered for the day
is_provisional: whether either feed may still restate the day
*/
WITH roles AS (
  SELECT
    c.usage_day,
    CASE c.feed
      WHEN 'copilot_user_usage' THEN 'github_copilot'
      WHEN 'copilot_user_usage_28_day' THEN 'github_copilot'
      WHEN 'copilot_billing_usage' THEN 'github_copilot'
      WHEN 'cursor_usage_events' THEN 'cursor'
      WHEN 'cursor_csv_events' THEN 'cursor'
      ELSE 'anthropic'
    END AS vendor,
    c.feed,
    c.state IN ('available', 'zero') AS is_loaded,
    COALESCE(c.usage_day > w.final_through_day, TRUE) AS is_provisional
  FROM feed_coverage AS c
  LEFT JOIN int_feed__watermark AS w ON w.feed = c.feed
  LEFT JOIN stg_claude__day_source AS s ON s.usage_day = c.usage_day
  LEFT JOIN stg_copilot__day_source AS p ON p.usage_day = c.usage_day
  WHERE c.feed IN ('copilot_user_usage', 'copilot_billing_usage', 'cursor_usage_events')
    OR (s.source = 'reports' AND c.feed IN ('claude_api_usage', 'claude_api_cost'))
    OR (s.source = 'analytics' AND c.feed IN ('claude_analytics_usage', 'claude_analytics_cost'))
    OR (c.feed = 'cursor_csv_events' AND c.state = 'available')
    OR (c.feed = 'copilot_user_usage_28_day' AND c.feed = p.feed)
),

int_reconcile__coverage_day AS (
  SELECT
    usage_day,
    vendor,
    COALESCE(BOOL_OR(is_loaded) FILTER (WHERE feed IN ('copilot_user_usage', 'copilot_user_usage_28_day', 'claude_api_usage', 'claude_analytics_usage', 'cursor_usage_events', 'cursor_csv_events')), FALSE) AS is_metered,
    COALESCE(BOOL_OR(is_loaded) FILTER (WHERE feed IN ('copilot_billing_usage', 'claude_api_cost', 'claude_analytics_cost', 'cursor_usage_events', 'cursor_csv_events')), FALSE) AS is_billed,
    BOOL_OR(is_provisional) AS is_provisional
  FROM roles
  GROUP BY usage_day, vendor
)

SELECT * FROM int_reconcile__coverage_day
