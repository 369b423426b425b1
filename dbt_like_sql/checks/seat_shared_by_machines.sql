-- asset: rpt_auth_audit
-- severity: WARN
-- partitions: none
-- title: Seat shared by machines
-- description: One person's seat that several automated workloads of one vendor sign in with, or several machines on one day without a person at them. How many count as several is in policies/workload_rules.csv. A person's own use, on however many machines, is not counted.
-- remedy: give each workload a machine key; `agent-spend export cutover` lists them
WITH seats AS (
  SELECT
    audit.vendor,
    COALESCE(audit.person_id, audit.owner) AS seat,
    MAX(audit.person_id) AS person_id,
    MAX(audit.org) AS org,
    MAX(audit.owner) AS owner,
    COUNT(*) AS workloads,
    STRING_AGG(audit.workload, ', ' ORDER BY audit.workload) AS names,
    MIN(audit.first_seen_day) AS first_seen_day,
    CAST(SUM(audit.list_usd_28d) AS DECIMAL(38, 18)) AS list_usd_28d
  FROM rpt_auth_audit AS audit
  WHERE audit.verdict IN ('prod_on_seat', 'automated_on_seat')
  GROUP BY audit.vendor, COALESCE(audit.person_id, audit.owner)
),

seat_shared_by_machines AS (
  SELECT
    seats.vendor,
    seats.seat AS subject,
    seats.person_id,
    seats.org,
    seats.first_seen_day AS usage_day,
    CAST(seats.workloads AS DECIMAL(38, 18)) AS observed,
    CAST(rules.shared_seat_workloads AS DECIMAL(38, 18)) AS baseline,
    seats.list_usd_28d AS amount_usd,
    CAST(seats.workloads AS VARCHAR) || ' automated workloads (' || seats.vendor || ') sign in with the seat of ' || seats.owner || ': '
      || seats.names || '; give each of them a key of its own' AS explanation
  FROM seats
  CROSS JOIN int_workload__rule AS rules
  WHERE seats.seat IS NOT NULL AND seats.workloads >= rules.shared_seat_workloads
  UNION ALL
  SELECT
    'anthropic' AS vendor,
    days.seat AS subject,
    days.person_id,
    days.org,
    MIN(days.usage_day) AS usage_day,
    CAST(MAX(days.machines) AS DECIMAL(38, 18)) AS observed,
    CAST(rules.shared_seat_machines AS DECIMAL(38, 18)) AS baseline,
    CAST(NULL AS DECIMAL(38, 18)) AS amount_usd,
    'Claude Code without a person at it signed in with the seat of ' || days.name || ' on '
      || CAST(MAX(days.machines) AS VARCHAR) || ' machines in one day, last on ' || CAST(MAX(days.usage_day) AS VARCHAR)
      || '; give each of them a key of its own' AS explanation
  FROM int_workload__seat_machine AS days
  CROSS JOIN int_workload__rule AS rules
  WHERE days.machines >= rules.shared_seat_machines
  GROUP BY days.seat, days.person_id, days.org, days.name, rules.shared_seat_machines
)

SELECT * FROM seat_shared_by_machines
