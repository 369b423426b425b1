-- grain: one row per budget x line of the file in force on a day of the newest month
-- unit: USD of the budget's own kind of amount
-- source: policies/budgets.csv, fct_usage_day, dim_person
-- late data: a line that begins later ends the one before it
-- partitions: view none
/*
month: first day of the newest month with usage
month_days: days of the month
last_known_day: newest UTC day with usage
scope_kind: vendor, squad, workflow, key or org
scope: what the budget is for; a squad as org/squad where two orgs have one of that name
amount_kind: list or billed
squad: squad of a squad's budget
org: org of a squad's or org's budget
owner: who answers for the budget
monthly_usd: the budget for a whole month
first_day: first UTC day of the month that the line is in force
last_day: last UTC day of the month that it is
days: days from first_day to last_day
*/
WITH newest AS (
  SELECT CAST(DATE_TRUNC('month', MAX(usage_day)) AS DATE) AS month, MAX(usage_day) AS last_known_day FROM fct_usage_day
),

squads AS (
  SELECT org, squad, CAST(COUNT(*) OVER (PARTITION BY squad) AS BIGINT) AS orgs
  FROM (
    SELECT DISTINCT org, squad FROM dim_person WHERE squad IS NOT NULL AND org IS NOT NULL
    UNION
    SELECT DISTINCT u.org, u.squad
    FROM fct_usage_day AS u
    INNER JOIN newest AS n ON u.usage_day >= n.month
    WHERE u.org IS NOT NULL AND u.squad IS NOT NULL
  ) AS known
),

scoped AS (
  SELECT
    b.scope_kind,
    CASE WHEN s.orgs > 1 THEN s.org || '/' || s.squad WHEN s.squad IS NOT NULL THEN s.squad ELSE b.scope END AS scope,
    b.amount_kind,
    s.squad,
    CASE b.scope_kind WHEN 'squad' THEN s.org WHEN 'org' THEN b.scope END AS org,
    b.owner,
    b.monthly_usd,
    b.effective_from,
    b.effective_to,
    -- A line that names the org is about one squad, and wins over one for every squad of the name.
    CASE WHEN b.scope = s.squad THEN 0 ELSE 1 END AS is_exact
  FROM stg_policies__budget AS b
  LEFT JOIN squads AS s ON b.scope_kind = 'squad' AND b.scope IN (s.squad, s.org || '/' || s.squad)
),

followed AS (
  SELECT
    *,
    LEAD(effective_from) OVER (
      PARTITION BY scope_kind, scope, amount_kind ORDER BY effective_from, is_exact, monthly_usd
    ) AS next_from
  FROM scoped
),

bounded AS (
  SELECT
    n.month,
    CAST(DAY(LAST_DAY(n.month)) AS BIGINT) AS month_days,
    n.last_known_day,
    f.scope_kind,
    f.scope,
    f.amount_kind,
    f.squad,
    f.org,
    f.owner,
    f.monthly_usd,
    GREATEST(f.effective_from, n.month) AS first_day,
    LEAST(
      LAST_DAY(n.month),
      COALESCE(CAST(f.effective_to - 1 AS DATE), LAST_DAY(n.month)),
      COALESCE(CAST(f.next_from - 1 AS DATE), LAST_DAY(n.month))
    ) AS last_day
  FROM followed AS f
  CROSS JOIN newest AS n
),

int_budget__in_force AS (
  SELECT *, CAST(DATE_DIFF('day', first_day, last_day) + 1 AS BIGINT) AS days
  FROM bounded
  WHERE first_day <= last_day
)

SELECT * FROM int_budget__in_force
