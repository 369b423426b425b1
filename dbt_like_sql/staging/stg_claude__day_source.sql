-- grain: one row per UTC day on which a Claude API feed was asked
-- source: feed_coverage
-- late data: a day moves to analytics once the vendor has completed it there
-- partitions: view day
/*
usage_day: UTC day
source: analytics (Usage and Cost Analytics API) when both of its feeds hold all rows of the day, or when it alone holds any; else reports (usage and cost report); a day is never taken from both
*/
SELECT
  usage_day,
  CASE
    -- An organisation new to the analytics API gets empty answers for older days: those are no reason to drop a report.
    WHEN BOOL_OR(feed = 'claude_analytics_cost' AND state = 'available')
      AND BOOL_OR(feed = 'claude_analytics_usage' AND state = 'available') THEN 'analytics'
    WHEN BOOL_OR(feed LIKE 'claude_analytics%' AND row_count > 0) AND NOT BOOL_OR(feed LIKE 'claude_api%' AND row_count > 0) THEN 'analytics'
    ELSE 'reports'
  END AS source
FROM feed_coverage
WHERE feed IN ('claude_api_usage', 'claude_api_cost', 'claude_analytics_usage', 'claude_analytics_cost')
GROUP BY usage_day
