-- grain: one row per billed budget of the newest month that seat fees belong to
-- unit: USD billed
-- source: fct_seat_month, dim_person, int_budget__in_force
-- late data: follows fct_seat_month
-- partitions: view none
/*
scope_kind: vendor, squad or org
scope: what the budget is for; squad and org are the holder's last known ones
amount_kind: billed
seat_usd: seat fees billed for the month; of a budget for a part of the month, that part of them in whole cents
*/
WITH budgets_of_month AS (
  SELECT month, month_days, scope_kind, scope, amount_kind, squad, org, CAST(SUM(days) AS BIGINT) AS days
  FROM int_budget__in_force
  WHERE amount_kind = 'billed'
  GROUP BY month, month_days, scope_kind, scope, amount_kind, squad, org
),

fees AS (
  SELECT s.month, s.vendor, p.squad, p.org, s.billed_usd
  FROM fct_seat_month AS s
  LEFT JOIN dim_person AS p ON p.person_id = s.person_id
),

summed AS (
  SELECT b.scope_kind, b.scope, b.amount_kind, b.days, b.month_days, CAST(SUM(f.billed_usd) AS DECIMAL(38, 18)) AS seat_usd
  FROM budgets_of_month AS b
  INNER JOIN fees AS f
    ON f.month = b.month
    AND CASE b.scope_kind
      WHEN 'vendor' THEN f.vendor = b.scope
      WHEN 'squad' THEN f.squad = b.squad AND f.org = b.org
      WHEN 'org' THEN f.org = b.org
    END
  GROUP BY b.scope_kind, b.scope, b.amount_kind, b.days, b.month_days
),

int_budget__seat_fee AS (
  SELECT
    scope_kind,
    scope,
    amount_kind,
    CASE
      WHEN days = month_days THEN seat_usd
      ELSE CAST(CAST(seat_usd * days / month_days AS DECIMAL(38, 2)) AS DECIMAL(38, 18))
    END AS seat_usd
  FROM summed
)

SELECT * FROM int_budget__seat_fee
