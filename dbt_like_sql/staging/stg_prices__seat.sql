-- grain: one row per vendor x plan x billing x effective period
-- unit: USD per seat and month
-- source: prices/seat_prices.csv; a contract is a line of its own with a later effective_from
-- partitions: view none
/*
vendor: ledger name of the vendor
plan: plan of the seat
usd_per_month: price of one seat for one month
billing: monthly (price x days / days of the billing period) or annual (price x 12 x days / 365); where both are in force since the same day, monthly counts
proration_rule: rest_of_month, rest_of_cycle_if_used or purchased_seats
effective_from: first UTC day
effective_to: first UTC day after, null while in force
price_version: price book line that a seat's money points at
*/
SELECT
  vendor,
  LOWER(plan) AS plan,
  CAST(usd_per_month AS DECIMAL(12, 4)) AS usd_per_month,
  billing,
  proration_rule,
  CAST(effective_from AS DATE) AS effective_from,
  CAST(effective_to AS DATE) AS effective_to,
  'seat_prices ' || vendor || ' ' || plan || ' ' || billing || ' ' || effective_from AS price_version
FROM seat_prices
