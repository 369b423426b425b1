-- grain: one row per automated workload that signs in with a person's seat today
-- unit: USD over 28 days at the prices of a machine key
-- source: rpt_auth_audit, stg_keys__key_day
-- late data: rebuilt whole; a workload that has moved to a key is no longer listed
-- partitions: none
/*
workload: workload
workload_kind: traced workflow, automation, headless client, unlisted terminal or session
vendor: vendor
environment: environment, null when unknown
owner: person behind the seat
cost_center: cost centre of that person
last_seen_day: last UTC day on the seat
key_usd_28d: the last 28 days of use at the prices of a machine key
target_key: key or service account to move to
target_exists: whether the key registry has it already
verdict: prod_on_seat, automated_on_seat or suspected_on_seat
confidence: high, medium or low that it is automated
evidence: what says so
*/
WITH wanted AS (
  SELECT
    *,
    CASE
      WHEN workload_kind = 'automation' THEN workload
      WHEN workload_kind = 'traced workflow' THEN REPLACE(REPLACE(workload, '_', '-'), ' ', '-') || COALESCE('-' || environment, '')
      ELSE 'headless-' || REPLACE(SPLIT_PART(workload, '@', 1), '.', '-')
    END AS target_key
  FROM rpt_auth_audit
  WHERE verdict IN ('prod_on_seat', 'automated_on_seat', 'suspected_on_seat')
),

existing AS (
  SELECT DISTINCT LOWER(key_name) AS key_name
  FROM stg_keys__key_day
  WHERE key_name IS NOT NULL
),

rpt_platform__cutover_list AS (
  SELECT
    w.workload,
    w.workload_kind,
    w.vendor,
    w.environment,
    w.owner,
    w.cost_center,
    w.last_seen_day,
    w.key_usd_28d,
    CASE WHEN w.vendor = 'cursor' THEN 'service account ' ELSE 'API key ' END || w.target_key AS target_key,
    e.key_name IS NOT NULL AS target_exists,
    w.verdict,
    w.confidence,
    w.evidence
  FROM wanted AS w
  LEFT JOIN existing AS e ON e.key_name = LOWER(w.target_key)
)

SELECT * FROM rpt_platform__cutover_list
