-- grain: one row per UTC day x automated workload x kind x auth kind x environment x person x key: what the inventory adds up
-- unit: USD at list price, and at the prices a machine key would pay
-- source: int_workload__day; of sessions that only a clock explains, int_workload__start as int_workload__cadence and int_workload__slot judge them
-- late data: rebuilt whole
-- partitions: none
/*
usage_day: UTC day
vendor: vendor
workload: workload of rpt_auth_audit
workload_kind: as in rpt_auth_audit
marker: what says that no person drives it, in words
auth_kind: seat, api_key, service_account or unknown
environment: environment, null when unknown
person_email: person behind a seat or a key of their own
key_id: key or service account, where there is one
starts: runs, events or sessions; null where the vendor counts none
list_usd: list value of the day; null when unpriced
key_usd: the same use at the prices of a machine key
price_versions: price book lines behind list_usd; reported where the agent or the vendor states the amount
is_in_window: whether the day is one of those that list_usd_28d of rpt_auth_audit adds up
*/
WITH days AS (
  SELECT
    usage_day, vendor, workload, workload_kind, marker, auth_kind, environment, person_email, key_id, starts, list_usd, key_usd, price_versions
  FROM int_workload__day
  UNION ALL
  SELECT
    s.usage_day,
    s.vendor,
    s.workload,
    s.workload_kind,
    'no marker: only the clock says so' AS marker,
    s.auth_kind,
    s.environment,
    s.person_email,
    s.key_id,
    CAST(1 AS BIGINT) AS starts,
    s.list_usd,
    s.key_usd,
    s.price_versions
  FROM int_workload__start AS s
  INNER JOIN int_workload__cadence AS c
    ON c.vendor = s.vendor AND c.workload = s.workload AND c.workload_kind = s.workload_kind AND c.auth_kind = s.auth_kind
    AND COALESCE(c.environment, '') = COALESCE(s.environment, '')
  WHERE s.workload_kind = 'session' AND c.is_suspect
    AND (
      c.rhythm = 'round the clock'
      OR EXISTS (
        SELECT 1
        FROM int_workload__slot AS h
        WHERE h.vendor = s.vendor AND h.workload = s.workload AND h.workload_kind = s.workload_kind AND h.auth_kind = s.auth_kind
          AND h.environment = COALESCE(s.environment, '') AND h.is_clock AND h.is_alone AND h.rhythm = 'daily'
          -- The hour may begin before midnight and end after it.
          AND (CAST(FLOOR(EPOCH(s.started_at AT TIME ZONE h.zone) / 60) AS BIGINT) - 30 * h.slot) % 1440 BETWEEN 0 AND 59
      )
    )
),

rpt_auth_audit_day AS (
  SELECT d.*, d.usage_day > w.day_before AS is_in_window
  FROM days AS d
  CROSS JOIN int_workload__window AS w
)

SELECT * FROM rpt_auth_audit_day
