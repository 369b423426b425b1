-- grain: one row per month x Copilot user with metered credits, and one for what is billed without any metered user
-- unit: AI credits; USD
-- source: fct_usage_day (who used how much), int_reconcile__copilot_bill_day (what was covered and charged; it names nobody)
-- late data: follows the feeds
-- partitions: month
/*
month: first day of the calendar month
actor_id: GitHub account id; null for what no metered user explains
person_id: person in the roster, on the user's last day of the month
cost_center: cost centre on that day
squad: squad on that day
org: org on that day
first_day: first day with use
last_day: last day with use
included_credits: share of the credits that the pool covers, by credits used
charged_credits: share of the credits beyond the pool, by credits used
billed_usd: share of the net charge, by credits used; the shares add up to it exactly
allocation_method: by credits used, or not stated by the billing API
*/
WITH users AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    actor_id,
    ARG_MAX(person_id, usage_day) AS person_id,
    ARG_MAX(cost_center, usage_day) AS cost_center,
    ARG_MAX(squad, usage_day) AS squad,
    ARG_MAX(org, usage_day) AS org,
    MIN(usage_day) AS first_day,
    MAX(usage_day) AS last_day,
    CAST(SUM(quantity) AS DECIMAL(38, 18)) AS credits
  FROM fct_usage_day
  WHERE series = 'copilot_credits' AND quantity > 0
  GROUP BY 1, actor_id
),

bills AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    MIN(usage_day) AS first_day,
    MAX(usage_day) AS last_day,
    CAST(SUM(gross_quantity * CASE WHEN gross_usd = 0 THEN 0 ELSE 1 END) AS DECIMAL(38, 18)) AS gross_quantity,
    CAST(SUM(gross_usd) AS DECIMAL(38, 18)) AS gross_usd,
    CAST(SUM(net_usd) AS DECIMAL(38, 18)) AS net_usd
  FROM int_reconcile__copilot_bill_day
  WHERE sku_class = 'credits'
  GROUP BY 1
),

weighed AS (
  SELECT
    COALESCE(u.month, b.month) AS month,
    u.actor_id,
    u.person_id,
    u.cost_center,
    u.squad,
    u.org,
    COALESCE(u.first_day, b.first_day) AS first_day,
    COALESCE(u.last_day, b.last_day) AS last_day,
    u.credits,
    b.gross_quantity,
    b.net_usd,
    COALESCE(
      CAST(b.gross_quantity AS DOUBLE) * CAST(b.net_usd AS DOUBLE) / NULLIF(CAST(b.gross_usd AS DOUBLE), 0), 0
    ) AS charged_quantity,
    COALESCE(CAST(u.credits AS DOUBLE) / NULLIF(CAST(SUM(u.credits) OVER (PARTITION BY u.month) AS DOUBLE), 0), 1) AS share,
    ROW_NUMBER() OVER (PARTITION BY COALESCE(u.month, b.month) ORDER BY u.credits DESC NULLS LAST, u.actor_id) AS place
  FROM users AS u
  FULL OUTER JOIN bills AS b ON b.month = u.month
),

shares AS (
  SELECT
    *,
    CAST(ROUND(charged_quantity * share, 6) AS DECIMAL(20, 6)) AS charged_share,
    CAST(ROUND((CAST(gross_quantity AS DOUBLE) - charged_quantity) * share, 6) AS DECIMAL(20, 6)) AS included_share,
    CAST(ROUND(CAST(net_usd AS DOUBLE) * share, 6) AS DECIMAL(20, 6)) AS net_share
  FROM weighed
),

int_reconcile__copilot_charge_month AS (
  SELECT
    month,
    actor_id,
    person_id,
    cost_center,
    squad,
    org,
    first_day,
    last_day,
    CAST(CASE WHEN net_usd IS NULL THEN credits ELSE included_share END AS DECIMAL(38, 18)) AS included_credits,
    CAST(COALESCE(charged_share, 0) AS DECIMAL(38, 18)) AS charged_credits,
    CAST(
      COALESCE(net_share, 0)
      + CASE WHEN place = 1 THEN COALESCE(net_usd - SUM(net_share) OVER (PARTITION BY month), 0) ELSE 0 END AS DECIMAL(38, 18)
    ) AS billed_usd,
    CASE WHEN net_usd IS NULL THEN 'not stated by the billing API' ELSE 'by credits used' END AS allocation_method
  FROM shares
)

SELECT * FROM int_reconcile__copilot_charge_month
