-- grain: one row per budget in force in the newest month with usage
-- unit: USD of the budget's own kind: list value, or billed amounts with seat fees
-- source: int_budget__in_force, int_budget__line, int_budget__day, int_budget__seat_fee
-- late data: provisional days count in to_date and are left out of the pace; seat fees are a sum of the month, not a pace
-- partitions: none
/*
month: first day of the calendar month
scope_kind: vendor, squad, workflow, key or org
scope: what the budget is for; a squad as org/squad where two orgs have one of that name
squad: squad of a squad's budget, else null
org: org of a squad's or org's budget, else null
amount_kind: list or billed
owner: who answers for the budget
budget_usd: the budget of the month; in force for a part of it only, or changed within it, that part in days
to_date_usd: amount so far on days in force, provisional days and the month's seat fees included; null when nothing is stated
seat_usd: seat fees of the month inside to_date_usd; null for list budgets and where no fee is stated
share: to_date_usd over budget_usd
days_final: days in force that are known and no longer provisional; the pace rests on them
pace_usd_per_day: mean of the final days, without seat fees; null without one
projected_usd: expected at the month's end: final days, the pace for every other day, and seat fees; never below to_date_usd
projected_low_usd: projected_usd less one standard deviation of the final days times the root of the days to come
projected_high_usd: projected_usd plus the same; both null with fewer than two final days
exhaustion_day: UTC day on which the budget was reached, or will be at this pace; null when not in this month
state: under, over_80 (80 percent or more) or over_100; null when nothing is stated
*/
-- A budget that changes within the month is each line's share of its days, in whole cents.
WITH in_force AS (
  SELECT
    month,
    scope_kind,
    scope,
    squad,
    org,
    amount_kind,
    ARG_MAX(owner, first_day) AS owner,
    CAST(SUM(monthly_usd * days) / month_days AS DECIMAL(38, 2)) AS budget_usd,
    CAST(SUM(days) AS BIGINT) AS budget_days
  FROM int_budget__in_force
  GROUP BY month, month_days, scope_kind, scope, squad, org, amount_kind, last_known_day
  HAVING SUM(CASE WHEN last_known_day BETWEEN first_day AND last_day THEN 1 ELSE 0 END) > 0
),

amounts AS (
  SELECT scope_kind, scope, amount_kind, usage_day, CAST(SUM(amount_usd) AS DECIMAL(38, 18)) AS amount_usd
  FROM int_budget__line
  WHERE amount_usd IS NOT NULL
  GROUP BY scope_kind, scope, amount_kind, usage_day
),

paced AS (
  SELECT
    scope_kind,
    scope,
    amount_kind,
    CAST(SUM(CASE WHEN is_final THEN 1 ELSE 0 END) AS BIGINT) AS days_final,
    MAX(CASE WHEN is_final THEN usage_day END) AS last_final_day,
    MAX(usage_day) AS last_known_day,
    CAST(SUM(CASE WHEN is_final THEN amount_usd END) AS DECIMAL(38, 18)) AS final_usd,
    AVG(CASE WHEN is_final THEN CAST(amount_usd AS DOUBLE) END) AS pace,
    STDDEV_SAMP(CASE WHEN is_final THEN CAST(amount_usd AS DOUBLE) END) AS spread
  FROM int_budget__day
  GROUP BY scope_kind, scope, amount_kind
),

running AS (
  SELECT *, CAST(SUM(amount_usd) OVER (PARTITION BY scope_kind, scope, amount_kind ORDER BY usage_day) AS DECIMAL(38, 18)) AS so_far_usd
  FROM amounts
),

reached AS (
  SELECT b.scope_kind, b.scope, b.amount_kind, MIN(r.usage_day) AS reached_day
  FROM in_force AS b
  LEFT JOIN int_budget__seat_fee AS s ON s.scope_kind = b.scope_kind AND s.scope = b.scope AND s.amount_kind = b.amount_kind
  INNER JOIN running AS r ON r.scope_kind = b.scope_kind AND r.scope = b.scope AND r.amount_kind = b.amount_kind
  WHERE r.so_far_usd + COALESCE(s.seat_usd, 0) >= b.budget_usd
  GROUP BY b.scope_kind, b.scope, b.amount_kind
),

totals AS (
  SELECT scope_kind, scope, amount_kind, CAST(SUM(amount_usd) AS DECIMAL(38, 18)) AS amount_usd
  FROM amounts
  GROUP BY scope_kind, scope, amount_kind
),

joined AS (
  SELECT
    b.*,
    s.seat_usd,
    CASE WHEN t.amount_usd IS NOT NULL OR s.seat_usd IS NOT NULL
      THEN CAST(COALESCE(t.amount_usd, 0) + COALESCE(s.seat_usd, 0) AS DECIMAL(38, 18))
    END AS to_date_usd,
    COALESCE(p.days_final, 0) AS days_final,
    CASE WHEN t.amount_usd IS NOT NULL THEN p.pace END AS pace,
    CASE WHEN t.amount_usd IS NOT NULL THEN p.spread END AS spread,
    CAST(p.final_usd + COALESCE(s.seat_usd, 0) AS DECIMAL(38, 18)) AS final_usd,
    p.last_final_day,
    p.last_known_day,
    r.reached_day
  FROM in_force AS b
  LEFT JOIN totals AS t ON t.scope_kind = b.scope_kind AND t.scope = b.scope AND t.amount_kind = b.amount_kind
  LEFT JOIN paced AS p ON p.scope_kind = b.scope_kind AND p.scope = b.scope AND p.amount_kind = b.amount_kind
  LEFT JOIN reached AS r ON r.scope_kind = b.scope_kind AND r.scope = b.scope AND r.amount_kind = b.amount_kind
  LEFT JOIN int_budget__seat_fee AS s ON s.scope_kind = b.scope_kind AND s.scope = b.scope AND s.amount_kind = b.amount_kind
),

projected AS (
  SELECT
    *,
    CAST(final_usd AS DOUBLE) + pace * (budget_days - days_final) AS expected,
    spread * SQRT(budget_days - days_final) AS band,
    CAST(to_date_usd AS DOUBLE) AS so_far
  FROM joined
),

rpt_finance__budget_pace AS (
  SELECT
    month,
    scope_kind,
    scope,
    squad,
    org,
    amount_kind,
    owner,
    CAST(budget_usd AS DECIMAL(38, 18)) AS budget_usd,
    to_date_usd,
    seat_usd,
    so_far / NULLIF(CAST(budget_usd AS DOUBLE), 0) AS share,
    days_final,
    CAST(pace AS DECIMAL(38, 12)) AS pace_usd_per_day,
    CAST(CASE WHEN expected < so_far THEN so_far ELSE expected END AS DECIMAL(38, 12)) AS projected_usd,
    CAST(CASE WHEN expected - band < so_far THEN so_far ELSE expected - band END AS DECIMAL(38, 12)) AS projected_low_usd,
    CAST(CASE WHEN expected + band < so_far THEN so_far ELSE expected + band END AS DECIMAL(38, 12)) AS projected_high_usd,
    CASE
      WHEN reached_day IS NOT NULL THEN reached_day
      WHEN to_date_usd >= budget_usd THEN month
      WHEN pace > 0 AND expected >= CAST(budget_usd AS DOUBLE) THEN GREATEST(
        CAST(last_known_day + 1 AS DATE),
        CAST(last_final_day + CAST(CEIL(ROUND((CAST(budget_usd AS DOUBLE) - CAST(final_usd AS DOUBLE)) / pace, 6)) AS INTEGER) AS DATE)
      )
    END AS exhaustion_day,
    CASE
      WHEN to_date_usd >= budget_usd THEN 'over_100'
      WHEN to_date_usd >= budget_usd * CAST(0.8 AS DECIMAL(2, 1)) THEN 'over_80'
      WHEN to_date_usd IS NOT NULL THEN 'under'
    END AS state
  FROM projected
)

SELECT * FROM rpt_finance__budget_pace
