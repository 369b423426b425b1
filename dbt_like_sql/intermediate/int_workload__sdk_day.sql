-- grain: one row per month x state x Claude seat x UTC day x workload: headless use that the Agent SDK split would take out of the seat
-- unit: USD at list price
-- source: int_workload__day, int_workload__start, claude_seats, claude_code_usage; policies/agent_sdk_split.csv
-- late data: rebuilt with what reads it; a date after the newest day is judged by the 28 days before that day
-- partitions: view none
/*
month: first day of the month that the credit is for
state: not in force, or what if from <day>
basis: use of the month, or use of the 28 days to <day>
seat: e-mail of the person who holds the seat, lower case
plan: plan of the policy
plan_rule: what says so
credit_usd: monthly credit of the plan; null while not in force
overflow: on (goes on at list price) or off (stops); null while not in force
usage_day: UTC day of the use
source_feed: claude_code_usage (the vendor's own figure) or agent_spans
workload: traced workflow, or headless client for what the vendor reports
environment: environment of a traced workflow
list_usd: use at list price
*/
WITH policies AS (
  SELECT
    LOWER(plan) AS plan,
    LOWER(also_named) AS also_named,
    CAST(TRIM(monthly_credit_usd) AS DECIMAL(18, 2)) AS credit_usd,
    CAST(NULLIF(TRIM(effective_from), '') AS DATE) AS effective_from,
    LOWER(TRIM(overflow)) AS overflow,
    LOWER(TRIM(is_default)) = 'yes' AS is_default
  FROM agent_sdk_split
),

listed_seats AS (
  SELECT
    LOWER(person_email) AS seat,
    LOWER(plan) AS named,
    'seat list' AS plan_rule,
    1 AS step,
    usage_day
  FROM claude_seats
  UNION ALL
  SELECT
    LOWER(actor_email) AS seat,
    LOWER(subscription_type) AS named,
    'subscription_type of the Claude Code report' AS plan_rule,
    2 AS step,
    usage_day
  FROM claude_code_usage
  WHERE customer_type = 'subscription' AND subscription_type IS NOT NULL AND actor_email IS NOT NULL
),

ranked_seats AS (
  SELECT
    s.seat,
    p.plan,
    s.plan_rule,
    ROW_NUMBER() OVER (PARTITION BY s.seat ORDER BY s.step, s.usage_day DESC, p.plan) AS preference
  FROM listed_seats AS s
  INNER JOIN policies AS p ON p.plan = s.named OR p.also_named = s.named
),

used AS (
  SELECT
    usage_day,
    person_email AS seat,
    'claude_code_usage' AS source_feed,
    'headless client' AS workload,
    CAST(NULL AS VARCHAR) AS environment,
    list_usd
  FROM int_workload__day
  WHERE vendor = 'anthropic' AND workload_kind = 'headless client' AND auth_kind = 'seat'
  UNION ALL
  SELECT
    usage_day,
    person_email AS seat,
    'agent_spans' AS source_feed,
    workload,
    environment,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM int_workload__start
  WHERE workload_kind = 'traced workflow' AND seat_vendor = 'anthropic' AND person_email IS NOT NULL
  GROUP BY usage_day, person_email, workload, environment
),

planned AS (
  SELECT
    u.*,
    COALESCE(s.plan, d.plan) AS plan,
    COALESCE(s.plan_rule, 'default plan of the policy') AS plan_rule
  FROM used AS u
  LEFT JOIN ranked_seats AS s ON s.seat = u.seat AND s.preference = 1
  LEFT JOIN policies AS d ON d.is_default
),

observed AS (
  SELECT
    CAST(DATE_TRUNC('month', u.usage_day) AS DATE) AS month,
    COALESCE(u.usage_day >= p.effective_from, FALSE) AS is_in_force,
    'use of the month' AS basis,
    u.*,
    p.credit_usd,
    p.overflow,
    p.effective_from
  FROM planned AS u
  INNER JOIN policies AS p ON p.plan = u.plan
),

projected AS (
  SELECT
    CAST(DATE_TRUNC('month', p.effective_from) AS DATE) AS month,
    TRUE AS is_in_force,
    'use of the ' || CAST(n.window_days AS VARCHAR) || ' days to ' || CAST(n.last_day AS VARCHAR) AS basis,
    u.*,
    p.credit_usd,
    p.overflow,
    p.effective_from
  FROM planned AS u
  INNER JOIN policies AS p ON p.plan = u.plan
  CROSS JOIN int_workload__window AS n
  WHERE p.effective_from > n.last_day AND u.usage_day > n.day_before
),

all_days AS (
  SELECT * FROM observed
  UNION ALL
  SELECT * FROM projected
),

int_workload__sdk_day AS (
  SELECT
    month,
    CASE WHEN is_in_force THEN 'what if from ' || CAST(effective_from AS VARCHAR) ELSE 'not in force' END AS state,
    basis,
    seat,
    plan,
    plan_rule,
    CASE WHEN is_in_force THEN credit_usd END AS credit_usd,
    CASE WHEN is_in_force THEN overflow END AS overflow,
    usage_day,
    source_feed,
    workload,
    environment,
    list_usd
  FROM all_days
)

SELECT * FROM int_workload__sdk_day
