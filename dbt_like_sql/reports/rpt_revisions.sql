-- grain: one row per feed x UTC day x revision: what was believed before, and since when not
-- unit: rows; the feed's own total (credits, USD, tokens, messages or seats)
-- source: feed_revisions
-- partitions: none
/*
feed: feed asset
usage_day: UTC day
revision: number of the new content
revised_at: when the new content was received
rows_before: rows before
rows_after: rows after
total_before: the feed's total before, in its unit
total_after: the feed's total after, in its unit
*/
SELECT
  feed,
  usage_day,
  revision,
  revised_at,
  rows_before,
  rows_after,
  total_before,
  total_after
FROM feed_revisions
