-- grain: one row per UTC day x vendor with known usage
-- source: feed_coverage, policies/restatement_windows.csv, fct_usage_day
-- late data: follows the feeds
-- partitions: view none
/*
usage_day: UTC day
vendor: ledger name of the vendor
first_provisional_day: first day of the same month that the vendor may still restate; null when all are final
*/
WITH provisional AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    MIN(CASE WHEN is_provisional THEN usage_day END) AS first_provisional_day
  FROM fct_usage_day
  GROUP BY 1, vendor
),

known AS (
  SELECT DISTINCT c.usage_day, w.vendor
  FROM feed_coverage AS c
  INNER JOIN restatement_windows AS w ON w.feed = c.feed
  WHERE
    c.state IN ('available', 'zero')
    AND c.feed IN ('copilot_user_usage', 'copilot_user_usage_28_day', 'claude_api_usage', 'claude_analytics_usage', 'claude_code_usage', 'cursor_usage_events', 'cursor_csv_events', 'agent_spans')
),

int_budget__vendor_day AS (
  SELECT
    k.usage_day,
    k.vendor,
    p.first_provisional_day
  FROM known AS k
  LEFT JOIN provisional AS p ON p.vendor = k.vendor AND p.month = CAST(DATE_TRUNC('month', k.usage_day) AS DATE)
)

SELECT * FROM int_budget__vendor_day
