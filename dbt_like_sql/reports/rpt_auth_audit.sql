-- grain: one row per automated workload x vendor x auth kind x environment
-- unit: USD at list price over the last 28 days with data
-- source: fct_usage_day
-- late data: rebuilt whole
-- partitions: none
/*
workload: workflow, key name, service account or person behind automated use
vendor: vendor
auth_kind: seat, api_key, service_account or unknown
environment: environment, null when unknown
owner: person behind a seat, or cost centre of a key
first_seen_day: first UTC day
last_seen_day: last UTC day
list_usd_28d: list value of the last 28 days
evidence: rules that decided, with the number of days seen
verdict: prod_on_seat, automated_on_seat, untagged_key or ok
*/
WITH newest AS (
  SELECT MAX(usage_day) AS last_day FROM fct_usage_day
),

workloads AS (
  SELECT
    COALESCE(f.key_name, f.actor_id) AS workload,
    f.vendor,
    f.auth_kind,
    f.environment,
    MIN(COALESCE(p.name, f.cost_center)) AS owner,
    MIN(f.usage_day) AS first_seen_day,
    MAX(f.usage_day) AS last_seen_day,
    CAST(SUM(CASE WHEN f.usage_day > CAST(n.last_day - 28 AS DATE) THEN f.list_usd END) AS DECIMAL(38, 18)) AS list_usd_28d,
    MIN(f.actor_rule) || '; ' || MIN(f.auth_rule) || '; seen on ' || CAST(COUNT(DISTINCT f.usage_day) AS VARCHAR) || ' days' AS evidence,
    MAX(f.key_id) AS key_id
  FROM fct_usage_day AS f
  CROSS JOIN newest AS n
  LEFT JOIN dim_person AS p ON p.person_id = f.person_id
  WHERE f.actor_kind IN ('headless', 'machine')
  GROUP BY COALESCE(f.key_name, f.actor_id), f.vendor, f.auth_kind, f.environment
),

rpt_auth_audit AS (
  SELECT
    workload,
    vendor,
    auth_kind,
    environment,
    owner,
    first_seen_day,
    last_seen_day,
    list_usd_28d,
    evidence,
    CASE
      WHEN auth_kind = 'seat' AND environment = 'prod' THEN 'prod_on_seat'
      WHEN auth_kind = 'seat' THEN 'automated_on_seat'
      WHEN auth_kind = 'api_key' AND environment IS NULL THEN 'untagged_key'
      ELSE 'ok'
    END AS verdict
  FROM workloads
)

SELECT * FROM rpt_auth_audit
