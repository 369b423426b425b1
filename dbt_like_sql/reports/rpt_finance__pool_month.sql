-- grain: one row per month x vendor x billing entity, each with a pool of included credits of its own
-- unit: credits; overage in USD
-- source: fct_seat_month x prices/included_pools.csv, int_github__billing_entity; copilot_billing_usage where loaded, else copilot_user_usage
-- late data: follows the seats and the usage; unused credits lapse at the end of the month
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
billing_entity: enterprise, or organization without one, that GitHub bills; null for seats of which it is not known
included_credits: credits that the month's seats bring, pooled, a full allotment for each seat; null when a plan has none stated
used_credits: credits consumed in the month so far; null when no usage is loaded
left_credits: included credits not used, never below zero
overage_credits: credits billed beyond the pool
overage_usd: USD billed for them: net by the billing API, else credits beyond the pool at the price book's USD a credit
source: where used and overage come from: billing API, or usage metrics and the seats
*/
-- Seats that are stated and held by nobody belong to the one that is billed, where there is one.
WITH billed_seats AS (
  SELECT
    month,
    vendor,
    COALESCE(
      billing_entity,
      CASE WHEN MIN(billing_entity) OVER bill = MAX(billing_entity) OVER bill THEN MIN(billing_entity) OVER bill END
    ) AS billing_entity,
    plan,
    actor_id,
    seats
  FROM fct_seat_month
  WHERE vendor = 'github_copilot' AND month >= DATE '2026-06-01'
  WINDOW bill AS (PARTITION BY month, vendor)
),

pool_seats AS (
  SELECT
    s.month,
    s.vendor,
    s.billing_entity,
    s.seats,
    i.credits_per_seat,
    -- A holder who changed plans adds one allotment, the larger: a smaller plan begins with the next month.
    ROW_NUMBER() OVER (
      PARTITION BY s.month, s.vendor, s.billing_entity, COALESCE(s.actor_id, s.plan) ORDER BY i.credits_per_seat DESC NULLS FIRST, s.plan
    ) AS preference
  FROM billed_seats AS s
  LEFT JOIN stg_prices__included_pool AS i
    ON i.vendor = s.vendor AND i.plan = s.plan
    AND s.month >= i.effective_from AND (i.effective_to IS NULL OR s.month < i.effective_to)
),

included AS (
  SELECT
    month,
    vendor,
    billing_entity,
    CASE
      WHEN COUNT(*) = COUNT(credits_per_seat) THEN CAST(SUM(seats * credits_per_seat) AS DECIMAL(38, 18))
    END AS included_credits
  FROM pool_seats
  WHERE preference = 1
  GROUP BY month, vendor, billing_entity
),

scopes AS (
  SELECT *, MIN(scope_kind) OVER (PARTITION BY usage_day) AS widest_scope
  FROM copilot_billing_usage
),

by_billing AS (
  SELECT
    CAST(DATE_TRUNC('month', s.usage_day) AS DATE) AS month,
    e.billing_entity,
    CAST(SUM(gross_quantity) AS DECIMAL(38, 18)) AS used_credits,
    CAST(SUM(net_quantity) AS DECIMAL(38, 18)) AS overage_credits,
    CAST(SUM(net_usd) AS DECIMAL(38, 18)) AS overage_usd
  FROM scopes AS s
  INNER JOIN int_github__billing_entity AS e ON e.scope = s.scope
  -- An enterprise's report holds its organizations already; 'enterprise' sorts first.
  WHERE s.sku_class = 'credits' AND s.scope_kind = s.widest_scope
  GROUP BY 1, e.billing_entity
),

by_metrics AS (
  SELECT
    CAST(DATE_TRUNC('month', u.usage_day) AS DATE) AS month,
    e.billing_entity,
    CAST(SUM(u.credits) AS DECIMAL(38, 18)) AS used_credits,
    MAX(p.usd_per_unit) AS usd_per_credit
  FROM stg_copilot__user_day AS u
  INNER JOIN int_github__billing_entity AS e ON e.scope = u.scope
  LEFT JOIN stg_prices__unit AS p
    ON p.vendor = 'github_copilot' AND p.item = 'ai_credit'
    AND u.usage_day >= p.effective_from AND (p.effective_to IS NULL OR u.usage_day < p.effective_to)
  GROUP BY 1, e.billing_entity
),

used AS (
  SELECT
    i.month,
    i.vendor,
    i.billing_entity,
    i.included_credits,
    COALESCE(b.used_credits, m.used_credits) AS used_credits,
    CASE
      WHEN b.month IS NOT NULL THEN b.overage_credits
      WHEN m.used_credits > i.included_credits THEN m.used_credits - i.included_credits
      WHEN m.used_credits <= i.included_credits THEN 0
    END AS overage_credits,
    b.overage_usd,
    m.usd_per_credit,
    CASE
      WHEN b.month IS NOT NULL THEN 'billing API'
      WHEN m.month IS NOT NULL THEN 'usage metrics and seats'
      ELSE 'seats'
    END AS source
  FROM included AS i
  LEFT JOIN by_billing AS b ON b.month = i.month AND b.billing_entity = i.billing_entity
  LEFT JOIN by_metrics AS m ON m.month = i.month AND m.billing_entity = i.billing_entity
),

rpt_finance__pool_month AS (
  SELECT
    month,
    vendor,
    billing_entity,
    included_credits,
    used_credits,
    -- GREATEST would turn an unknown pool into an empty one.
    CAST(
      CASE
        WHEN included_credits + overage_credits > used_credits THEN included_credits + overage_credits - used_credits
        WHEN included_credits + overage_credits <= used_credits THEN 0
      END AS DECIMAL(38, 18)
    ) AS left_credits,
    CAST(overage_credits AS DECIMAL(38, 18)) AS overage_credits,
    CAST(COALESCE(overage_usd, CAST(overage_credits AS DECIMAL(20, 6)) * CAST(usd_per_credit AS DECIMAL(12, 9))) AS DECIMAL(38, 18)) AS overage_usd,
    source
  FROM used
)

SELECT * FROM rpt_finance__pool_month
