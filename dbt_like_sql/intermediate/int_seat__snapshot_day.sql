-- grain: one row per UTC day x seat list: the snapshot that stands for the day
-- source: feed_coverage of copilot_seats, claude_seats and cursor_members
-- late data: the newest snapshot of the day or the 31 days before it, else the oldest of the 92 days after it
-- partitions: view day
/*
usage_day: UTC day
feed: feed of the seat list
snapshot_day: UTC day the list was read for; a list of nobody counts as well
*/
WITH days AS (
  SELECT DISTINCT usage_day FROM feed_coverage WHERE feed <> 'vendor_invoices'
),

snapshots AS (
  SELECT feed, usage_day AS snapshot_day
  FROM feed_coverage
  WHERE feed IN ('copilot_seats', 'claude_seats', 'cursor_members') AND state IN ('available', 'zero')
),

ranked AS (
  SELECT
    d.usage_day,
    s.feed,
    s.snapshot_day,
    ROW_NUMBER() OVER (
      PARTITION BY d.usage_day, s.feed
      ORDER BY CASE WHEN s.snapshot_day <= d.usage_day THEN 0 ELSE 1 END,
        ABS(DATE_DIFF('day', s.snapshot_day, d.usage_day))
    ) AS preference
  FROM days AS d
  INNER JOIN snapshots AS s ON DATE_DIFF('day', s.snapshot_day, d.usage_day) BETWEEN -92 AND 31
),

int_seat__snapshot_day AS (
  SELECT usage_day, feed, snapshot_day FROM ranked WHERE preference = 1
)

SELECT * FROM int_seat__snapshot_day
