-- grain: one row per workload x auth kind x environment behind which stands a person of the roster
-- source: int_workload__day, int_workload__slot_start, int_workload__slot, fct_usage_day, claude_code_usage, dim_person
-- late data: follows what it reads
-- partitions: view none
/*
vendor: ledger name of the vendor
workload: workload, or e-mail of a person for a session
workload_kind: as in int_workload__day; session for a person's own use
auth_kind: seat, api_key, service_account or unknown
environment: environment, empty when unknown
away_days: active days of the rule's window on which the person used nothing else; of a session, nothing outside of its clock's hours and no other vendor
*/
WITH present AS (
  SELECT f.usage_day, p.email, f.vendor
  FROM fct_usage_day AS f
  INNER JOIN int_workload__window AS w ON f.usage_day > w.day_before
  INNER JOIN dim_person AS p ON p.person_id = f.person_id
  WHERE f.actor_kind IN ('interactive', 'not_split') AND f.quantity > 0 AND f.series <> 'claude_seat'
  UNION
  SELECT u.usage_day, LOWER(u.actor_email) AS email, 'anthropic' AS vendor
  FROM claude_code_usage AS u
  LEFT JOIN workload_rules AS t ON t.name = 'interactive_terminal' AND t.value = LOWER(u.terminal_type)
  WHERE u.customer_type = 'subscription' AND u.actor_email IS NOT NULL AND (u.is_remote OR t.value IS NOT NULL)
),

-- A person's own starts are the very thing in doubt: those that a clock explains do not tell that the person was there.
session_minutes AS (
  SELECT
    s.vendor,
    s.workload,
    s.workload_kind,
    s.auth_kind,
    s.environment,
    s.usage_day,
    s.minute_at,
    BOOL_OR(c.slot IS NOT NULL) AS is_clocked
  FROM int_workload__slot_start AS s
  LEFT JOIN int_workload__slot AS c
    ON c.vendor = s.vendor AND c.workload = s.workload AND c.workload_kind = s.workload_kind AND c.auth_kind = s.auth_kind
    AND c.environment = s.environment AND c.zone = s.zone AND c.slot = s.slot AND c.is_clock AND c.is_alone AND c.rhythm = 'daily'
  WHERE s.workload_kind = 'session'
  GROUP BY s.vendor, s.workload, s.workload_kind, s.auth_kind, s.environment, s.usage_day, s.minute_at
),

days AS (
  SELECT DISTINCT
    d.vendor,
    d.workload,
    d.workload_kind,
    d.auth_kind,
    COALESCE(d.environment, '') AS environment,
    d.person_email,
    d.usage_day,
    TRUE AS is_clocked
  FROM int_workload__day AS d
  INNER JOIN int_workload__window AS w ON d.usage_day > w.day_before
  UNION ALL
  SELECT vendor, workload, workload_kind, auth_kind, environment, workload AS person_email, usage_day, BOOL_AND(is_clocked) AS is_clocked
  FROM session_minutes
  GROUP BY vendor, workload, workload_kind, auth_kind, environment, usage_day
),

attended AS (
  SELECT
    d.vendor,
    d.workload,
    d.workload_kind,
    d.auth_kind,
    d.environment,
    d.usage_day,
    BOOL_OR(NOT d.is_clocked OR COALESCE(a.vendor IS NOT NULL AND (d.workload_kind <> 'session' OR a.vendor <> d.vendor), FALSE)) AS is_attended
  FROM days AS d
  INNER JOIN dim_person AS p ON p.email = d.person_email
  LEFT JOIN present AS a ON a.usage_day = d.usage_day AND a.email = d.person_email
  GROUP BY d.vendor, d.workload, d.workload_kind, d.auth_kind, d.environment, d.usage_day
),

int_workload__away AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    environment,
    CAST(COUNT(CASE WHEN NOT is_attended THEN 1 END) AS BIGINT) AS away_days
  FROM attended
  GROUP BY vendor, workload, workload_kind, auth_kind, environment
)

SELECT * FROM int_workload__away
