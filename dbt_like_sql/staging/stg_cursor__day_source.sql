-- grain: one row per UTC day on which Cursor's events were asked for or imported
-- source: feed_coverage
-- late data: a day moves to the API once that has all of it
-- partitions: view day
/*
usage_day: UTC day
feed: the feed that the day's events are taken from, whole: cursor_usage_events, or cursor_csv_events where the API has none or only a part
*/
SELECT
  usage_day,
  CASE
    WHEN BOOL_OR(feed = 'cursor_csv_events' AND row_count > 0)
      AND NOT BOOL_OR(feed = 'cursor_usage_events' AND row_count > 0 AND state <> 'partial') THEN 'cursor_csv_events'
    ELSE 'cursor_usage_events'
  END AS feed
FROM feed_coverage
WHERE feed IN ('cursor_usage_events', 'cursor_csv_events')
GROUP BY usage_day
