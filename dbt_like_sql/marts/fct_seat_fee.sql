-- grain: one row per month x vendor x billing entity x billing period x plan x seat holder, and one for a plan's seats that nobody holds
-- unit: USD; added over a month they are the calendar month, added over a period the billing cycle, both to the cent
-- source: int_seat__paid_day
-- late data: follows int_seat__day; an open month is shown as the vendor's rule will bill it while nothing changes
-- look: back 31
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
billing_entity: enterprise or organization that GitHub bills, where known; null of other vendors
period_start_day: first UTC day of the billing period, which may lie in the month before
period_end_day: its last UTC day
period_rule: whence the period
is_provisional: whether the vendor's billing cycle is not known, so that calendar months stand in for it
plan: plan of the seat
actor_id: the vendor's id of the holder; null for seats that nobody holds
person_id: the holder in the roster as last matched
seats: 1 for a holder; the most seats that nobody held on one day
days: UTC days of the period in this month that are paid for; of seats nobody holds, seat-days
seen_days: of these, days on which the seat was seen
last_activity_day: UTC day the vendor last saw the holder
usd_per_month: price of one seat for one month, as of the first day paid in the period; null without a price
billed_usd: the days' share of the fee, in whole cents; null without a price
proration_rule: rest_of_month, rest_of_cycle_if_used or purchased_seats
attribution_mode: direct or derived
price_version: price book line behind the money
*/
WITH pieces AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    billing_entity,
    period_start_day,
    period_end_day,
    period_days,
    period_rule,
    plan,
    actor_id,
    ARG_MAX(person_id, CASE WHEN person_id IS NOT NULL THEN usage_day END) AS person_id,
    MAX(seats) AS seats,
    CAST(SUM(seats) AS BIGINT) AS days,
    CAST(SUM(CASE WHEN is_seen THEN seats ELSE 0 END) AS BIGINT) AS seen_days,
    MAX(last_activity_day) AS last_activity_day,
    ARG_MIN(usd_per_month, usage_day) AS usd_per_month,
    ARG_MIN(billing, usage_day) AS billing,
    ARG_MIN(proration_rule, usage_day) AS proration_rule,
    ARG_MIN(price_version, usage_day) AS price_version,
    MAX(CASE WHEN is_seen AND attribution_mode = 'derived' THEN 1 ELSE 0 END) AS derived
  FROM int_seat__paid_day
  GROUP BY 1, vendor, billing_entity, period_start_day, period_end_day, period_days, period_rule, plan, actor_id
),

-- Exact fractions: `units` over `whole` is the fee in cents, in integers, so that nothing is rounded before the line is.
fractions AS (
  SELECT
    *,
    FIRST_VALUE(usd_per_month) OVER seat AS period_usd_per_month,
    FIRST_VALUE(price_version) OVER seat AS period_price_version,
    100 * 365 * period_days AS whole,
    CASE
      WHEN proration_rule NOT IN ('rest_of_month', 'rest_of_cycle_if_used', 'purchased_seats') THEN NULL
      WHEN billing = 'annual' THEN days * 12 * period_days
      ELSE days * 365
    END AS shares
  FROM pieces
  WINDOW seat AS (PARTITION BY vendor, billing_entity, period_start_day, plan, actor_id ORDER BY month)
),

summed AS (
  SELECT
    *,
    CAST(SUM(CAST(period_usd_per_month * 10000 AS BIGINT) * shares) OVER (PARTITION BY vendor, billing_entity, period_start_day, plan, actor_id ORDER BY month) AS BIGINT) AS units
  FROM fractions
),

-- What a seat has cost since the period began is rounded, so that a whole period costs its price however months cut it.
-- The cents of a line go to the largest remainders: its seats add up to the rounded line.
ranked AS (
  SELECT
    *,
    units // whole AS cents,
    (2 * CAST(SUM(units) OVER line AS BIGINT) + whole) // (2 * whole) - CAST(SUM(units // whole) OVER line AS BIGINT) AS cents_left,
    ROW_NUMBER() OVER (PARTITION BY month, vendor, billing_entity, period_start_day, plan ORDER BY units % whole DESC NULLS LAST, actor_id) AS place
  FROM summed
  WINDOW line AS (PARTITION BY month, vendor, billing_entity, period_start_day, plan)
),

rounded AS (
  SELECT *, cents + CASE WHEN place <= cents_left THEN 1 ELSE 0 END AS cents_so_far FROM ranked
),

shared AS (
  SELECT
    *,
    cents_so_far - COALESCE(LAG(cents_so_far) OVER (PARTITION BY vendor, billing_entity, period_start_day, plan, actor_id ORDER BY month), 0) AS cents_of_month
  FROM rounded
),

known AS (
  SELECT DISTINCT CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month, vendor FROM int_seat__day
),

fct_seat_fee AS (
  SELECT
    s.month,
    s.vendor,
    s.billing_entity,
    s.period_start_day,
    s.period_end_day,
    s.period_rule,
    s.period_rule LIKE '%not known' AS is_provisional,
    s.plan,
    s.actor_id,
    s.person_id,
    s.seats,
    s.days,
    s.seen_days,
    s.last_activity_day,
    s.period_usd_per_month AS usd_per_month,
    CAST(CAST(s.cents_of_month AS DECIMAL(38, 18)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(38, 18)) AS billed_usd,
    s.proration_rule,
    CASE WHEN s.derived = 1 OR s.period_rule LIKE '%counted%' OR s.period_rule LIKE '%not known' THEN 'derived' ELSE 'direct' END AS attribution_mode,
    s.period_price_version AS price_version
  FROM shared AS s
  INNER JOIN known AS k ON k.month = s.month AND k.vendor = s.vendor
)

SELECT * FROM fct_seat_fee
