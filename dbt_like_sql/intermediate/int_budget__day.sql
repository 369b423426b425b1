-- grain: one row per budget in force x known UTC day of the newest month
-- unit: USD of the budget's own kind of amount
-- source: int_budget__line, int_budget__in_force, int_budget__vendor_day
-- late data: a provisional day is not final; days after the first provisional one are not either
-- partitions: view none
/*
scope_kind: vendor, squad, workflow, key or org
scope: what the budget is for
amount_kind: list or billed
usage_day: UTC day known for a vendor of the scope
amount_usd: amount of the day; zero on a known day without a line
is_final: whether no vendor of the scope may still restate the day
*/
WITH amounts AS (
  SELECT scope_kind, scope, amount_kind, usage_day, CAST(SUM(amount_usd) AS DECIMAL(38, 18)) AS amount_usd
  FROM int_budget__line
  GROUP BY scope_kind, scope, amount_kind, usage_day
),

vendors AS (
  SELECT DISTINCT scope_kind, scope, amount_kind, vendor FROM int_budget__line
),

known_days AS (
  SELECT v.scope_kind, v.scope, v.amount_kind, d.usage_day, MIN(d.first_provisional_day) AS first_provisional_day
  FROM vendors AS v
  INNER JOIN int_budget__in_force AS b ON b.scope_kind = v.scope_kind AND b.scope = v.scope AND b.amount_kind = v.amount_kind
  INNER JOIN int_budget__vendor_day AS d ON d.vendor = v.vendor AND d.usage_day BETWEEN b.first_day AND b.last_day
  GROUP BY v.scope_kind, v.scope, v.amount_kind, d.usage_day
),

firsts AS (
  SELECT *, MIN(first_provisional_day) OVER (PARTITION BY scope_kind, scope, amount_kind) AS first_open_day
  FROM known_days
),

int_budget__day AS (
  SELECT
    k.scope_kind,
    k.scope,
    k.amount_kind,
    k.usage_day,
    COALESCE(a.amount_usd, CAST(0 AS DECIMAL(38, 18))) AS amount_usd,
    k.first_open_day IS NULL OR k.usage_day < k.first_open_day AS is_final
  FROM firsts AS k
  LEFT JOIN amounts AS a
    ON a.scope_kind = k.scope_kind AND a.scope = k.scope AND a.amount_kind = k.amount_kind AND a.usage_day = k.usage_day
)

SELECT * FROM int_budget__day
