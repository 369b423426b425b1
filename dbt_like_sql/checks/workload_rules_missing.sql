-- asset: rpt_auth_audit
-- severity: ERROR
-- partitions: none
-- title: Workload rule missing
-- description: A number or list that the workload inventory needs is absent from policies/workload_rules.csv, or is not a number. Its rules stay silent until it is back.
-- remedy: put the line back into policies/workload_rules.csv, with a value
WITH needed AS (
  SELECT *
  FROM (
    VALUES
      ('window_days', TRUE), ('quiet_days', TRUE), ('min_active_days', TRUE), ('same_hour_share', TRUE), ('steady_minutes', TRUE),
      ('night_first_hour', TRUE), ('night_last_hour', TRUE), ('neighbour_share', TRUE), ('rest_hours', TRUE),
      ('shared_seat_workloads', TRUE), ('shared_seat_machines', TRUE),
      ('clock_zone', FALSE), ('prod_environment', FALSE), ('headless_terminal', FALSE), ('interactive_terminal', FALSE), ('interactive_service', FALSE)
  ) AS names (name, is_number)
),

lacking AS (
  SELECT needed.name
  FROM needed
  LEFT JOIN workload_rules AS rules ON rules.name = needed.name
  GROUP BY needed.name, needed.is_number
  HAVING MAX(rules.value) IS NULL OR (needed.is_number AND MAX(TRY_CAST(TRIM(rules.value) AS DECIMAL(9, 3))) IS NULL)
),

workload_rules_missing AS (
  SELECT
    'company' AS vendor,
    name AS subject,
    'Rule ' || name || ' is missing or unreadable in policies/workload_rules.csv; the workload inventory is silent without it' AS explanation
  FROM lacking
)

SELECT * FROM workload_rules_missing
