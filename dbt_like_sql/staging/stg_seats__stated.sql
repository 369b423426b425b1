-- grain: one row per vendor x plan x effective period that the company states, or that the vendor counts
-- unit: seats
-- source: policies/seat_counts.csv (purchased); claude_enterprise_seats (assigned)
-- late data: a day without the vendor's count takes the newest one of the 31 days before it
-- partitions: view none
/*
vendor: ledger name of the vendor
plan: plan of the seats
source: seat_counts or claude_enterprise_seats
seats: seats purchased, assigned or not, as the company states them; seats assigned, as the vendor counts them
effective_from: first UTC day
effective_to: first UTC day after, null while in force
*/
WITH counted AS (
  SELECT
    usage_day,
    assigned_seats,
    LEAD(usage_day) OVER (ORDER BY usage_day) AS next_day
  FROM claude_enterprise_seats
  WHERE assigned_seats IS NOT NULL
),

stg_seats__stated AS (
  SELECT
    vendor,
    LOWER(plan) AS plan,
    'seat_counts' AS source,
    CAST(seats AS BIGINT) AS seats,
    CAST(effective_from AS DATE) AS effective_from,
    CAST(effective_to AS DATE) AS effective_to
  FROM seat_counts
  UNION ALL
  SELECT
    'anthropic' AS vendor,
    'enterprise' AS plan,
    'claude_enterprise_seats' AS source,
    assigned_seats AS seats,
    usage_day AS effective_from,
    LEAST(COALESCE(next_day, CAST(usage_day + 31 AS DATE)), CAST(usage_day + 31 AS DATE)) AS effective_to
  FROM counted
)

SELECT * FROM stg_seats__stated
