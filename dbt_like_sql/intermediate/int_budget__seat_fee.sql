-- grain: one row per month x budget scope that seat fees belong to
-- unit: USD billed
-- source: fct_seat_month, dim_person
-- late data: follows fct_seat_month
-- partitions: view none
/*
month: first day of the calendar month
scope_kind: vendor, squad or org
scope: vendor, or the holder's last known squad or org
seat_usd: seat fees billed for the month
*/
WITH fees AS (
  SELECT s.month, s.vendor, p.squad, p.org, s.billed_usd
  FROM fct_seat_month AS s
  LEFT JOIN dim_person AS p ON p.person_id = s.person_id
),

scoped AS (
  SELECT month, 'vendor' AS scope_kind, vendor AS scope, billed_usd FROM fees
  UNION ALL
  SELECT month, 'squad' AS scope_kind, squad AS scope, billed_usd FROM fees WHERE squad IS NOT NULL
  UNION ALL
  SELECT month, 'org' AS scope_kind, org AS scope, billed_usd FROM fees WHERE org IS NOT NULL
),

int_budget__seat_fee AS (
  SELECT month, scope_kind, scope, CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS seat_usd
  FROM scoped
  GROUP BY month, scope_kind, scope
)

SELECT * FROM int_budget__seat_fee
