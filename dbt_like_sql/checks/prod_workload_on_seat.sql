-- asset: fct_usage_day
-- severity: ERROR
-- partitions: day
-- episode: 7
-- description: Production work that no person drives, paid by a person's subscription seat. It needs a machine key. Interactive use of a seat is never listed.
WITH workloads AS (
  SELECT
    usage_day,
    vendor,
    actor_id,
    person_id,
    org,
    MIN(actor_rule) AS actor_rule,
    MIN(auth_rule) AS auth_rule,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_usage_day
  WHERE auth_kind = 'seat' AND environment = 'prod' AND actor_kind IN ('headless', 'machine')
  GROUP BY usage_day, vendor, actor_id, person_id, org
),

prod_workload_on_seat AS (
  SELECT
    'prod_workload_on_seat' AS kind,
    'ERROR' AS severity,
    workloads.vendor,
    workloads.actor_id AS subject,
    workloads.person_id,
    workloads.org,
    workloads.usage_day,
    CAST(NULL AS DECIMAL(38, 18)) AS observed,
    CAST(NULL AS DECIMAL(38, 18)) AS baseline,
    CAST(NULL AS DOUBLE) AS ratio,
    workloads.list_usd AS amount_usd,
    'Production workload ' || workloads.actor_id || ' ran on '
      || COALESCE('the seat of ' || people.name, 'a seat') || ' on ' || CAST(workloads.usage_day AS VARCHAR) || ': '
      || COALESCE(CAST(CAST(workloads.list_usd AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list)', 'not priced')
      || '; give it a machine key (evidence: ' || COALESCE(workloads.actor_rule, 'not stated') || ', '
      || COALESCE(workloads.auth_rule, 'not stated') || ')' AS explanation
  FROM workloads
  LEFT JOIN dim_person AS people ON workloads.person_id = people.person_id
)

SELECT * FROM prod_workload_on_seat
