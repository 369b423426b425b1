-- grain: one row per month x vendor x plan x seat holder, and one for a plan's seats that nobody holds
-- unit: USD; seat fees, never added to usage
-- source: int_seat__month, prices/seat_prices.csv, policies/seat_use.csv
-- late data: an open month is shown as the vendor's rule will bill it while nothing changes
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
plan: plan of the seat
person_id: the holder in the roster; null when not matched or when nobody holds the seats
actor_id: the vendor's id of the holder; null for stated seats that nobody holds
seats: 1 for a holder, else the number of seats
days: UTC days of the month the seats are billed for; of stated seats, seat-days seen
list_usd: price of the seats for one full month; null without a price
billed_usd: prorated by the rule, in whole cents; the rows of a vendor and plan add up to its rounded line; null without a price
proration_rule: rest_of_month, rest_of_month_if_used, year_of_365_days, or stated_seats (the mean of the seats stated over the days known)
used_days: days the holder used the product; null when the vendor's usage is not loaded
is_idle: not used on any day of the month, or held by nobody; null when usage is not loaded
idle_usd: billed_usd of an idle seat, else zero; null when either is not stated
is_under_used: used, but on less than the share of days in policies/seat_use.csv; null when usage is not loaded
under_used_usd: billed_usd of an under-used seat, else zero; null when either is not stated
attribution_mode: direct or derived
price_version: price book line behind the money
*/
WITH priced AS (
  SELECT
    m.*,
    p.usd_per_month,
    p.price_version,
    CASE WHEN m.is_stated THEN 'stated_seats' ELSE p.proration_rule END AS rule,
    CASE
      WHEN m.is_moved OR (p.proration_rule = 'rest_of_month_if_used' AND m.is_left AND m.used_days = 0) THEN m.last_held_day
      ELSE LAST_DAY(m.month)
    END AS billed_to_day,
    ROW_NUMBER() OVER (
      PARTITION BY m.month, m.vendor, m.plan, m.actor_id
      ORDER BY p.effective_from DESC, CASE WHEN p.billing = 'monthly' THEN 0 ELSE 1 END, p.price_version
    ) AS preference
  FROM int_seat__month AS m
  LEFT JOIN stg_prices__seat AS p
    ON p.vendor = m.vendor AND p.plan = m.plan
    AND m.begins_day >= p.effective_from AND (p.effective_to IS NULL OR m.begins_day < p.effective_to)
),

counted AS (
  SELECT
    *,
    CASE
      WHEN rule = 'stated_seats' THEN seat_days
      ELSE CAST(DATE_DIFF('day', begins_day, billed_to_day) + 1 AS BIGINT)
    END AS days
  FROM priced
  WHERE preference = 1
),

-- Exact fractions: `units` over `whole` is the price in cents, in integers, so that nothing is rounded before the line is.
fractions AS (
  SELECT
    *,
    100 * month_days * 365 * known_days AS whole,
    CAST(usd_per_month * 10000 AS BIGINT) * days * CASE rule
      WHEN 'rest_of_month' THEN 365 * known_days
      WHEN 'rest_of_month_if_used' THEN 365 * known_days
      WHEN 'year_of_365_days' THEN 12 * month_days * known_days
      WHEN 'stated_seats' THEN month_days * 365
    END AS units
  FROM counted
),

ranked AS (
  SELECT
    *,
    units // whole AS cents,
    (2 * CAST(SUM(units) OVER line AS BIGINT) + whole) // (2 * whole) - CAST(SUM(units // whole) OVER line AS BIGINT) AS cents_left,
    ROW_NUMBER() OVER (PARTITION BY month, vendor, plan ORDER BY units % whole DESC NULLS LAST, actor_id) AS place
  FROM fractions
  WINDOW line AS (PARTITION BY month, vendor, plan)
),

billed AS (
  SELECT
    *,
    CAST(CAST(cents + CASE WHEN place <= cents_left THEN 1 ELSE 0 END AS DECIMAL(38, 18)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(38, 18)) AS billed_usd,
    CASE WHEN actor_id IS NULL THEN TRUE ELSE used_days = 0 END AS is_idle
  FROM ranked
),

judged AS (
  SELECT
    b.*,
    CASE
      WHEN b.is_idle THEN FALSE
      ELSE b.used_days < CAST(s.min_used_share AS DECIMAL(9, 4)) * LEAST(b.usage_known_days, b.seat_days)
    END AS is_under_used
  FROM billed AS b
  LEFT JOIN seat_use AS s
    ON s.vendor = b.vendor AND b.month >= CAST(s.effective_from AS DATE)
    AND (s.effective_to IS NULL OR b.month < CAST(s.effective_to AS DATE))
),

fct_seat_month AS (
  SELECT
    month,
    vendor,
    plan,
    person_id,
    actor_id,
    seats,
    days,
    CAST(usd_per_month * seats AS DECIMAL(38, 18)) AS list_usd,
    billed_usd,
    rule AS proration_rule,
    used_days,
    is_idle,
    CASE WHEN is_idle THEN billed_usd WHEN NOT is_idle AND billed_usd IS NOT NULL THEN CAST(0 AS DECIMAL(38, 18)) END AS idle_usd,
    is_under_used,
    CASE
      WHEN is_under_used THEN billed_usd
      WHEN NOT is_under_used AND billed_usd IS NOT NULL THEN CAST(0 AS DECIMAL(38, 18))
    END AS under_used_usd,
    attribution_mode,
    price_version
  FROM judged
)

SELECT * FROM fct_seat_month
