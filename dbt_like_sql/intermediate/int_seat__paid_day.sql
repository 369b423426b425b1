-- grain: one row per UTC day that is paid for x vendor x billing entity x plan x seat holder, and one for a plan's seats that nobody holds
-- unit: seats
-- source: int_seat__period, int_seat__day, int_seat__stated, int_seat__used_day, prices/seat_prices.csv
-- late data: follows int_seat__day; a day depends on no later one, but for those before the first known day
-- partitions: view day
/*
usage_day: UTC day
vendor: ledger name of the vendor
billing_entity: enterprise or organization that GitHub bills, where known
plan: plan that is billed that day
actor_id: the vendor's id of the holder; null for seats that nobody holds
person_id: the holder in the roster when last seen; null when not matched
seats: 1 for a holder; the number of seats for those nobody holds
is_seen: whether the vendor's list, or a stated count, shows the seat on this very day
last_activity_day: UTC day the vendor last saw the holder
period_start_day: first UTC day of the billing period
period_end_day: its last UTC day
period_days: days that the price of the period is for
period_rule: whence the period
attribution_mode: direct or derived
usd_per_month: price of one seat for one month on this day; null without a price
billing: monthly or annual
proration_rule: rest_of_month, rest_of_cycle_if_used or purchased_seats
price_version: price book line
*/
WITH rates AS (
  SELECT
    d.usage_day,
    p.*,
    ROW_NUMBER() OVER (
      PARTITION BY d.usage_day, p.vendor, p.plan
      ORDER BY p.effective_from DESC, CASE WHEN p.billing = 'monthly' THEN 0 ELSE 1 END, p.price_version
    ) AS preference
  FROM int_seat__period AS d
  INNER JOIN stg_prices__seat AS p
    ON p.vendor = d.vendor AND d.usage_day >= p.effective_from AND (p.effective_to IS NULL OR d.usage_day < p.effective_to)
),

rate AS (
  SELECT * FROM rates WHERE preference = 1
),

held AS (
  SELECT
    d.usage_day,
    d.vendor,
    d.period_start_day,
    s.billing_entity,
    s.actor_id,
    s.plan,
    s.person_id,
    s.last_activity_day,
    s.attribution_mode
  FROM int_seat__period AS d
  INNER JOIN int_seat__day AS s ON s.vendor = d.vendor AND s.usage_day = d.as_of_day
  WHERE s.actor_id IS NOT NULL AND (s.created_day IS NULL OR s.created_day <= d.usage_day)
),

begun AS (
  SELECT vendor, period_start_day, billing_entity, actor_id, MIN(usage_day) AS first_held_day
  FROM held
  GROUP BY vendor, period_start_day, billing_entity, actor_id
),

-- Every day of the period since a holder was first there.
since AS (
  SELECT
    d.*,
    b.billing_entity,
    b.actor_id,
    MAX(h.usage_day) OVER holder AS last_held_day,
    MAX(CASE WHEN u.usage_day IS NULL THEN 0 ELSE 1 END) OVER holder AS is_used
  FROM begun AS b
  INNER JOIN int_seat__period AS d
    ON d.vendor = b.vendor AND d.period_start_day = b.period_start_day AND d.usage_day >= b.first_held_day
  LEFT JOIN held AS h
    ON h.vendor = b.vendor AND h.actor_id = b.actor_id AND h.usage_day = d.usage_day AND h.billing_entity IS NOT DISTINCT FROM b.billing_entity
  LEFT JOIN int_seat__used_day AS u ON u.vendor = b.vendor AND u.actor_id = b.actor_id AND u.usage_day = d.usage_day
  WINDOW holder AS (PARTITION BY b.vendor, b.period_start_day, b.billing_entity, b.actor_id ORDER BY d.usage_day)
),

kept AS (
  SELECT
    s.*,
    h.person_id,
    h.last_activity_day,
    h.attribution_mode,
    -- GitHub prorates every change of plans at once; elsewhere a dearer plan lasts to the end of the period.
    CASE
      WHEN r.proration_rule = 'rest_of_month' THEN h.plan
      ELSE COALESCE(ARG_MAX(h.plan, r.usd_per_month) OVER (PARTITION BY s.vendor, s.period_start_day, s.billing_entity, s.actor_id ORDER BY s.usage_day), h.plan)
    END AS plan
  FROM since AS s
  INNER JOIN held AS h
    ON h.vendor = s.vendor AND h.actor_id = s.actor_id AND h.usage_day = s.last_held_day AND h.billing_entity IS NOT DISTINCT FROM s.billing_entity
  LEFT JOIN rate AS r ON r.usage_day = s.usage_day AND r.vendor = s.vendor AND r.plan = h.plan
  WHERE
    s.last_held_day = s.usage_day
    OR r.proration_rule = 'rest_of_month'
    OR (r.proration_rule = 'rest_of_cycle_if_used' AND s.is_used = 1)
),

counted AS (
  SELECT usage_day, vendor, plan, CAST(COUNT(*) AS BIGINT) AS holders, CAST(0 AS BIGINT) AS stated FROM kept GROUP BY usage_day, vendor, plan
  UNION ALL
  SELECT d.usage_day, d.vendor, s.plan, CAST(0 AS BIGINT), s.seats
  FROM int_seat__period AS d
  INNER JOIN int_seat__stated AS s ON s.vendor = d.vendor AND d.usage_day >= s.from_day AND (s.to_day IS NULL OR d.usage_day < s.to_day)
),

-- The plans of a period on each of its days; those of a family can be changed into each other, the dearest first.
plans AS (
  SELECT
    d.vendor,
    d.period_start_day,
    c.plan,
    CASE WHEN c.plan IN ('standard', 'premium') THEN 'team' ELSE c.plan END AS family,
    MAX(r.usd_per_month) AS dearness,
    MAX(CASE WHEN r.proration_rule = 'purchased_seats' THEN 1 ELSE 0 END) AS is_purchased
  FROM counted AS c
  INNER JOIN int_seat__period AS d ON d.vendor = c.vendor AND d.usage_day = c.usage_day
  LEFT JOIN rate AS r ON r.usage_day = c.usage_day AND r.vendor = c.vendor AND r.plan = c.plan
  GROUP BY d.vendor, d.period_start_day, c.plan
),

needed AS (
  SELECT
    d.*,
    p.plan,
    p.family,
    p.dearness,
    p.is_purchased,
    COALESCE(MAX(c.holders), 0) AS holders,
    COALESCE(MAX(c.stated), 0) AS stated
  FROM plans AS p
  INNER JOIN int_seat__period AS d ON d.vendor = p.vendor AND d.period_start_day = p.period_start_day
  LEFT JOIN counted AS c ON c.vendor = p.vendor AND c.plan = p.plan AND c.usage_day = d.usage_day
  GROUP BY ALL
),

summed AS (
  SELECT
    *,
    CAST(SUM(GREATEST(holders, stated)) OVER (PARTITION BY vendor, usage_day, family ORDER BY dearness DESC NULLS LAST, plan) AS BIGINT) AS up_to_plan
  FROM needed
),

-- Purchased seats stay paid to the end of the period, whoever leaves; one that is free again goes to the next who joins.
purchased AS (
  SELECT
    *,
    CASE
      WHEN is_purchased = 1 THEN MAX(up_to_plan) OVER (PARTITION BY vendor, period_start_day, family, plan ORDER BY usage_day)
      ELSE up_to_plan
    END AS paid_up_to_plan
  FROM summed
),

free AS (
  SELECT
    *,
    paid_up_to_plan - COALESCE(LAG(paid_up_to_plan) OVER (PARTITION BY vendor, usage_day, family ORDER BY dearness DESC NULLS LAST, plan), 0) - holders AS seats
  FROM purchased
),

int_seat__paid_day AS (
  SELECT
    k.usage_day,
    k.vendor,
    k.billing_entity,
    k.plan,
    k.actor_id,
    k.person_id,
    CAST(1 AS BIGINT) AS seats,
    k.last_held_day = k.usage_day AND k.as_of_day = k.usage_day AS is_seen,
    k.last_activity_day,
    k.period_start_day,
    k.period_end_day,
    k.period_days,
    k.period_rule,
    k.attribution_mode,
    r.usd_per_month,
    r.billing,
    r.proration_rule,
    r.price_version
  FROM kept AS k
  LEFT JOIN rate AS r ON r.usage_day = k.usage_day AND r.vendor = k.vendor AND r.plan = k.plan
  UNION ALL
  SELECT
    f.usage_day,
    f.vendor,
    CAST(NULL AS VARCHAR),
    f.plan,
    CAST(NULL AS VARCHAR),
    CAST(NULL AS VARCHAR),
    f.seats,
    f.as_of_day = f.usage_day,
    CAST(NULL AS DATE),
    f.period_start_day,
    f.period_end_day,
    f.period_days,
    f.period_rule,
    CASE WHEN f.stated >= f.holders + f.seats THEN 'direct' ELSE 'derived' END,
    r.usd_per_month,
    r.billing,
    r.proration_rule,
    r.price_version
  FROM free AS f
  LEFT JOIN rate AS r ON r.usage_day = f.usage_day AND r.vendor = f.vendor AND r.plan = f.plan
  WHERE f.seats > 0
)

SELECT * FROM int_seat__paid_day
