-- grain: one row per UTC day on which GitHub was asked for a report of users
-- source: feed_coverage
-- late data: a day moves to the daily report once that has rows
-- partitions: view day
/*
usage_day: UTC day
feed: the feed that the day is taken from, whole: copilot_user_usage, or copilot_user_usage_28_day where the daily report has no row
*/
SELECT
  usage_day,
  CASE
    WHEN BOOL_OR(feed = 'copilot_user_usage_28_day' AND row_count > 0)
      AND NOT BOOL_OR(feed = 'copilot_user_usage' AND row_count > 0) THEN 'copilot_user_usage_28_day'
    ELSE 'copilot_user_usage'
  END AS feed
FROM feed_coverage
WHERE feed IN ('copilot_user_usage', 'copilot_user_usage_28_day')
GROUP BY usage_day
