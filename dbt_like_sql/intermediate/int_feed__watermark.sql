-- grain: one row per feed
-- source: feed_coverage, policies/restatement_windows.csv
-- partitions: view none
/*
feed: feed asset
last_day: newest UTC day with data
final_through_day: days up to here have passed the feed's restatement window
*/
WITH newest AS (
  SELECT
    feed,
    MAX(usage_day) AS last_day
  FROM feed_coverage
  WHERE state IN ('available', 'zero')
  GROUP BY feed
),

int_feed__watermark AS (
  SELECT
    newest.feed,
    newest.last_day,
    CAST(newest.last_day - COALESCE(CAST(restatement_windows.window_days AS INTEGER), 0) AS DATE) AS final_through_day
  FROM newest
  LEFT JOIN restatement_windows ON restatement_windows.feed = newest.feed
)

SELECT * FROM int_feed__watermark
