-- grain: one row per vendor x plan x span of days on which the vendor's stated counts are the same
-- unit: seats
-- source: stg_seats__stated
-- late data: follows stg_seats__stated
-- partitions: view none
/*
vendor: ledger name of the vendor
plan: plan of the seats
seats: seats that are paid: the larger of what the company states and what the vendor counts
source: the one of the two that counts: seat_counts or claude_enterprise_seats
from_day: first UTC day
to_day: first UTC day after, null while in force
is_only_plan: whether it is the only plan that is stated of the vendor
*/
WITH changes AS (
  SELECT vendor, effective_from AS from_day FROM stg_seats__stated
  UNION
  SELECT vendor, effective_to FROM stg_seats__stated WHERE effective_to IS NOT NULL
),

spans AS (
  SELECT vendor, from_day, LEAD(from_day) OVER (PARTITION BY vendor ORDER BY from_day) AS to_day
  FROM changes
),

counts AS (
  SELECT
    s.vendor,
    s.from_day,
    s.to_day,
    c.plan,
    c.source,
    CAST(SUM(c.seats) AS BIGINT) AS seats
  FROM spans AS s
  INNER JOIN stg_seats__stated AS c
    ON c.vendor = s.vendor AND c.effective_from <= s.from_day AND (c.effective_to IS NULL OR s.from_day < c.effective_to)
  GROUP BY s.vendor, s.from_day, s.to_day, c.plan, c.source
),

-- Seats are paid from purchase and may be assigned later: the larger of the two counts is what is paid.
int_seat__stated AS (
  SELECT
    vendor,
    plan,
    MAX(seats) AS seats,
    ARG_MAX(source, seats) AS source,
    from_day,
    to_day,
    COUNT(*) OVER (PARTITION BY vendor, from_day) = 1 AS is_only_plan
  FROM counts
  GROUP BY vendor, plan, from_day, to_day
)

SELECT * FROM int_seat__stated
