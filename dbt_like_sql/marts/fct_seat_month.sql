-- grain: one row per month x vendor x billing entity x plan x seat holder, and one for a plan's seats that nobody holds
-- unit: USD; seat fees, never added to usage
-- source: fct_seat_fee, int_seat__used_day, feed_coverage, policies/seat_use.csv
-- late data: an open month is shown as the vendor's rule will bill it while nothing changes
-- partitions: month
/*
month: first day of the calendar month
vendor: ledger name of the vendor
billing_entity: enterprise or organization that GitHub bills, where known; null of other vendors
plan: plan of the seat
person_id: the holder in the roster; null when not matched or when nobody holds the seats
actor_id: the vendor's id of the holder; null for paid seats that nobody holds
seats: 1 for a holder, else the number of seats
days: UTC days of the month that are paid for; of seats nobody holds, seat-days
list_usd: price of the seats for one full month; null without a price
billed_usd: prorated by the rule, in whole cents; the rows of a vendor (or billing entity), plan and billing period add up to its rounded line; null without a price
proration_rule: rest_of_month, rest_of_cycle_if_used or purchased_seats
billing_periods: whence the billing periods behind the money: calendar month; cycle named by the vendor, stated or counted from another one
is_provisional: whether a billing cycle is not known, so that the calendar month stands in for it
used_days: days the holder used the product; null when the vendor's usage is not loaded, or shows none where it cannot show all
use_state: used, under-used, idle, held by nobody, usage not loaded, or use not visible (Claude chat without the Enterprise feed)
is_idle: not used on any day of the month, or held by nobody; null when that cannot be known
idle_usd: billed_usd of an idle seat, else zero; null when either is not known
is_under_used: used, but on less than the share of days in policies/seat_use.csv; null when that cannot be known
under_used_usd: billed_usd of an under-used seat, else zero; null when either is not known
attribution_mode: direct or derived
price_version: price book line behind the money
*/
WITH fees AS (
  SELECT
    month,
    vendor,
    billing_entity,
    plan,
    actor_id,
    ARG_MAX(person_id, CASE WHEN person_id IS NOT NULL THEN period_end_day END) AS person_id,
    MAX(seats) AS seats,
    CAST(SUM(days) AS BIGINT) AS days,
    CAST(SUM(seen_days) AS BIGINT) AS seen_days,
    MAX(last_activity_day) AS last_activity_day,
    ARG_MIN(usd_per_month, period_start_day) AS usd_per_month,
    CASE WHEN COUNT(*) = COUNT(billed_usd) THEN CAST(SUM(billed_usd) AS DECIMAL(38, 18)) END AS billed_usd,
    MIN(proration_rule) AS proration_rule,
    STRING_AGG(DISTINCT period_rule, ', ' ORDER BY period_rule) AS billing_periods,
    BOOL_OR(is_provisional) AS is_provisional,
    MIN(CASE WHEN attribution_mode = 'direct' THEN 1 ELSE 0 END) AS direct,
    ARG_MIN(price_version, period_start_day) AS price_version
  FROM fct_seat_fee
  GROUP BY month, vendor, billing_entity, plan, actor_id
),

used AS (
  SELECT CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month, vendor, actor_id, CAST(COUNT(DISTINCT usage_day) AS BIGINT) AS used_days
  FROM int_seat__used_day
  GROUP BY 1, vendor, actor_id
),

usage_known AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    CASE
      WHEN feed LIKE 'copilot%' THEN 'github_copilot' WHEN feed LIKE 'claude%' THEN 'anthropic' ELSE 'cursor'
    END AS vendor,
    CAST(COUNT(DISTINCT usage_day) AS BIGINT) AS days,
    -- Chat on claude.ai shows in the Enterprise feed alone.
    MAX(CASE WHEN feed LIKE 'claude%' AND feed <> 'claude_enterprise_users' THEN 0 ELSE 1 END) = 1 AS is_whole
  FROM feed_coverage
  WHERE
    feed IN (
      'copilot_user_usage', 'copilot_user_usage_28_day', 'claude_code_usage', 'claude_code_metrics', 'claude_team_usage',
      'claude_enterprise_users', 'cursor_usage_events', 'cursor_csv_events'
    )
    AND state IN ('available', 'zero')
  GROUP BY 1, 2
),

seen AS (
  SELECT
    f.*,
    k.days AS usage_known_days,
    COALESCE(k.is_whole, FALSE) AS is_whole,
    CASE
      WHEN k.days IS NULL THEN NULL
      -- Activity that the vendor lists but no usage report shows is one used day at least.
      WHEN u.used_days IS NULL AND f.last_activity_day BETWEEN f.month AND LAST_DAY(f.month) THEN CAST(1 AS BIGINT)
      WHEN u.used_days IS NULL AND k.is_whole THEN CAST(0 AS BIGINT)
      ELSE u.used_days
    END AS used_days,
    CAST(s.min_used_share AS DECIMAL(9, 4)) AS min_used_share
  FROM fees AS f
  LEFT JOIN used AS u ON u.month = f.month AND u.vendor = f.vendor AND u.actor_id = f.actor_id
  LEFT JOIN usage_known AS k ON k.month = f.month AND k.vendor = f.vendor
  LEFT JOIN seat_use AS s
    ON s.vendor = f.vendor AND f.month >= CAST(s.effective_from AS DATE)
    AND (s.effective_to IS NULL OR f.month < CAST(s.effective_to AS DATE))
),

judged AS (
  SELECT
    *,
    CASE
      WHEN actor_id IS NULL THEN 'held by nobody'
      WHEN usage_known_days IS NULL THEN 'usage not loaded'
      WHEN used_days = 0 THEN 'idle'
      WHEN used_days >= min_used_share * LEAST(usage_known_days, seen_days) THEN 'used'
      WHEN is_whole THEN 'under-used'
      ELSE 'use not visible'
    END AS use_state
  FROM seen
),

fct_seat_month AS (
  SELECT
    month,
    vendor,
    billing_entity,
    plan,
    person_id,
    actor_id,
    seats,
    days,
    CAST(usd_per_month * seats AS DECIMAL(38, 18)) AS list_usd,
    billed_usd,
    proration_rule,
    billing_periods,
    is_provisional,
    used_days,
    use_state,
    CASE WHEN use_state IN ('idle', 'held by nobody') THEN TRUE WHEN use_state IN ('used', 'under-used') THEN FALSE END AS is_idle,
    CASE
      WHEN use_state IN ('idle', 'held by nobody') THEN billed_usd
      WHEN use_state IN ('used', 'under-used') AND billed_usd IS NOT NULL THEN CAST(0 AS DECIMAL(38, 18))
    END AS idle_usd,
    CASE WHEN use_state = 'under-used' THEN TRUE WHEN use_state IN ('used', 'idle', 'held by nobody') THEN FALSE END AS is_under_used,
    CASE
      WHEN use_state = 'under-used' THEN billed_usd
      WHEN use_state IN ('used', 'idle', 'held by nobody') AND billed_usd IS NOT NULL THEN CAST(0 AS DECIMAL(38, 18))
    END AS under_used_usd,
    CASE WHEN direct = 1 THEN 'direct' ELSE 'derived' END AS attribution_mode,
    price_version
  FROM judged
)

SELECT * FROM fct_seat_month
