-- grain: one row per Claude seat x recent UTC day with Claude Code that no person is at: on how many machines it ran
-- source: claude_code_metrics (each machine's own export), int_claude__sign_in, dim_person; policies/workload_rules.csv
-- late data: follows the feeds
-- partitions: view none
/*
usage_day: UTC day within the rule's quiet days
seat: person who holds the seat, else the e-mail
person_id: person in the roster
name: name for display
org: org of that person, '(not attributable)' without one
machines: installations that signed in with the seat
*/
SELECT
  m.usage_day,
  COALESCE(p.person_id, LOWER(m.user_email)) AS seat,
  p.person_id,
  COALESCE(p.name, LOWER(m.user_email)) AS name,
  COALESCE(p.org, '(not attributable)') AS org,
  CAST(COUNT(DISTINCT m.install_id) AS BIGINT) AS machines
FROM claude_code_metrics AS m
INNER JOIN int_workload__window AS w ON m.usage_day > w.quiet_day
INNER JOIN workload_rules AS t ON t.name = 'headless_terminal' AND t.value = LOWER(m.client)
INNER JOIN int_claude__sign_in AS s ON s.usage_day = m.usage_day AND s.subject = LOWER(m.user_email) AND s.auth_kind = 'seat'
LEFT JOIN dim_person AS p ON p.email = LOWER(m.user_email)
GROUP BY m.usage_day, p.person_id, p.name, p.org, LOWER(m.user_email)
