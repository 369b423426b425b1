-- asset: rpt_auth_audit
-- severity: ERROR
-- partitions: none
-- title: Production work on a person's seat
-- description: Production work that no person drives, paid by a person's subscription seat. One finding a workload, from its first day; it clears when the workload runs on a machine key, or has stopped. Interactive use of a seat is never listed.
-- remedy: move it to a machine key; `agent-spend export cutover` names a key for each workload
WITH prod_workload_on_seat AS (
  SELECT
    vendor,
    workload AS subject,
    person_id,
    org,
    first_seen_day AS usage_day,
    list_usd_28d AS amount_usd,
    'Production workload ' || workload || ' has run on ' || COALESCE('the seat of ' || owner, 'a seat')
      || ' since ' || CAST(first_seen_day AS VARCHAR) || ', last on ' || CAST(last_seen_day AS VARCHAR) || ': '
      || COALESCE(CAST(CAST(list_usd_28d AS DECIMAL(38, 2)) AS VARCHAR) || ' USD (list) in 28 days', CASE WHEN active_days = 0 THEN 'no use in 28 days' ELSE 'not priced' END)
      || '; give it a machine key (confidence ' || confidence || '; evidence: ' || evidence || ')' AS explanation
  FROM rpt_auth_audit
  WHERE verdict = 'prod_on_seat'
)

SELECT * FROM prod_workload_on_seat
