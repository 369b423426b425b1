-- grain: one row per vendor x plan x effective period that the company states
-- unit: seats purchased
-- source: policies/seat_counts.csv
-- partitions: view none
/*
vendor: ledger name of the vendor
plan: plan of the seats
seats: seats purchased, assigned or not
effective_from: first UTC day
effective_to: first UTC day after, null while in force
*/
SELECT
  vendor,
  LOWER(plan) AS plan,
  CAST(seats AS BIGINT) AS seats,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to
FROM seat_counts
