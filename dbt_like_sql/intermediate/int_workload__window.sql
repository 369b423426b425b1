-- grain: one row: the days that the workload inventory looks at
-- source: fct_usage_day; policies/workload_rules.csv
-- partitions: view none
/*
last_day: newest UTC day of the ledger
day_before: last UTC day before the rule's window, which ends with the newest day
quiet_day: last UTC day that is too long ago for a workload or key still to count as running
window_days: days of the window
*/
SELECT
  MAX(f.usage_day) AS last_day,
  CAST(MAX(f.usage_day) - MAX(r.window_days) AS DATE) AS day_before,
  CAST(MAX(f.usage_day) - MAX(r.quiet_days) AS DATE) AS quiet_day,
  MAX(r.window_days) AS window_days
FROM fct_usage_day AS f
CROSS JOIN int_workload__rule AS r
