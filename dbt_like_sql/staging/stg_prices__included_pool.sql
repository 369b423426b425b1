-- grain: one row per vendor x plan x effective period
-- unit: credits per seat and month
-- source: prices/included_pools.csv
-- partitions: view none
/*
vendor: ledger name of the vendor
plan: plan of the seat
credits_per_seat: credits that one seat adds to the pool each month
effective_from: first UTC day
effective_to: first UTC day after, null while in force
*/
SELECT
  vendor,
  LOWER(plan) AS plan,
  CAST(credits_per_seat AS DECIMAL(18, 4)) AS credits_per_seat,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to
FROM included_pools
