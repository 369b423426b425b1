-- grain: one row per feed x UTC day (first of month for invoices)
-- source: feed_coverage, int_feed__watermark
-- late data: rebuilt whole
-- partitions: none
/*
feed: feed asset
usage_day: UTC day, or first day of the month
state: available, zero, partial (known to be incomplete), missing, forbidden, not_connected; provisional while the vendor may restate it
reason: why there is no data, or what the source noted
message: the last attempt's message
rows: rows stored
fetched_at: when the stored content was first received
revision: how often the content changed; 1 = as first received, 0 = never received
last_attempt: what the newest attempt said; data stays when it failed
is_provisional: whether the vendor may still restate this day
*/
SELECT
  c.feed,
  c.usage_day,
  CASE WHEN c.state = 'available' AND c.usage_day > w.final_through_day THEN 'provisional' ELSE c.state END AS state,
  c.reason,
  c.message,
  c.row_count AS rows,
  c.fetched_at,
  c.revision,
  c.last_attempt,
  COALESCE(c.usage_day > w.final_through_day, TRUE) AS is_provisional
FROM feed_coverage AS c
LEFT JOIN int_feed__watermark AS w ON w.feed = c.feed
