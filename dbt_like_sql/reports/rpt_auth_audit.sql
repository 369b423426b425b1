-- grain: one row per automated workload x kind x auth kind x environment
-- unit: USD at list price over the rule's window (28 days) that ends with the newest day
-- source: rpt_auth_audit_day, int_workload__cadence, int_workload__key, stg_identity__override; policies/workload_rules.csv
-- late data: rebuilt whole
-- partitions: none
/*
workload: workflow, key name, automation, service account, or e-mail of the person behind headless use
workload_kind: traced workflow, machine key, automation, service account, cloud agents, headless client, unlisted terminal, session
vendor: vendor
auth_kind: seat, api_key, service_account or unknown
environment: environment, null when unknown
owner: person behind a seat by name; else owner of the key, else its cost centre; null when nobody is named
person_id: person behind a seat
org: org of that person, '(not attributable)' without one
key_id: newest key or service account, where there is one
cost_center: cost centre of the key, else of the person
first_seen_day: first UTC day
last_seen_day: last UTC day
active_days: days with use in the window
list_usd_28d: list value of the window; null when nothing in it has a price
key_usd_28d: the same use at the prices of a machine key
evidence: what says that it is automated, how it signs in, and its rhythm, with counts
verdict: prod_on_seat, automated_on_seat, suspected_on_seat, person_background, untagged_key, auth_unknown, moved_to_key, stopped or ok
confidence: high, medium or low that it is automated
*/
WITH days AS (
  SELECT DISTINCT vendor, workload, workload_kind, auth_kind, environment, usage_day
  FROM rpt_auth_audit_day
),

gaps AS (
  SELECT
    *,
    DATE_DIFF(
      'day', LAG(usage_day) OVER (PARTITION BY vendor, workload, workload_kind, auth_kind, environment ORDER BY usage_day), usage_day
    ) AS days_apart
  FROM days
),

-- What runs once a month has not stopped after two weeks.
paces AS (
  SELECT
    vendor,
    workload,
    workload_kind,
    auth_kind,
    environment,
    CAST(COUNT(*) AS BIGINT) AS all_days,
    CAST(MEDIAN(days_apart) AS DOUBLE) AS days_apart,
    MAX(usage_day) + CAST(CEIL(1.5 * MEDIAN(days_apart)) AS INTEGER) AS due_day
  FROM gaps
  GROUP BY vendor, workload, workload_kind, auth_kind, environment
),

workloads AS (
  SELECT
    d.vendor,
    d.workload,
    d.workload_kind,
    d.auth_kind,
    d.environment,
    ARG_MAX(d.marker, d.usage_day) AS marker,
    ARG_MAX(d.person_email, d.usage_day) AS person_email,
    COUNT(DISTINCT d.person_email) AS people,
    ARG_MAX(d.key_id, d.usage_day) AS key_id,
    COUNT(DISTINCT d.key_id) AS keys,
    MIN(d.usage_day) AS first_seen_day,
    MAX(d.usage_day) AS last_seen_day,
    COUNT(DISTINCT CASE WHEN d.is_in_window THEN d.usage_day END) AS active_days,
    CAST(SUM(CASE WHEN d.is_in_window THEN d.list_usd END) AS DECIMAL(38, 18)) AS list_usd_28d,
    CAST(SUM(CASE WHEN d.is_in_window THEN d.key_usd END) AS DECIMAL(38, 18)) AS key_usd_28d
  FROM rpt_auth_audit_day AS d
  GROUP BY d.vendor, d.workload, d.workload_kind, d.auth_kind, d.environment
),

-- A key in one environment says nothing about the seat in another.
on_machine_identity AS (
  SELECT
    w.vendor,
    w.workload,
    w.workload_kind,
    COALESCE(w.environment, '') AS environment,
    MAX(m.last_seen_day) AS last_seen_day
  FROM workloads AS w
  INNER JOIN workloads AS m
    ON m.vendor = w.vendor AND m.workload = w.workload AND m.auth_kind IN ('api_key', 'service_account')
    AND COALESCE(m.environment, w.environment, '') = COALESCE(w.environment, m.environment, '')
  WHERE w.auth_kind = 'seat'
  GROUP BY w.vendor, w.workload, w.workload_kind, COALESCE(w.environment, '')
),

overrides AS (
  SELECT
    vendor,
    identifier,
    ARG_MAX(person_id, usage_day) AS person_id
  FROM stg_identity__override
  GROUP BY vendor, identifier
),

known AS (
  SELECT
    w.*,
    g.all_days,
    g.days_apart,
    w.last_seen_day <= n.quiet_day AND COALESCE(g.due_day < n.last_day, TRUE) AS has_stopped,
    p.person_id,
    COALESCE(p.org, '(not attributable)') AS org,
    COALESCE(k.cost_center, p.cost_center) AS cost_center,
    CASE
      WHEN w.person_email IS NOT NULL THEN COALESCE(p.name, w.person_email) || CASE WHEN w.people > 1 THEN ' and ' || CAST(w.people - 1 AS VARCHAR) || ' more' ELSE '' END
      ELSE COALESCE(o.name, k.owner_email, k.cost_center)
    END AS owner,
    k.cost_center AS key_cost_center,
    m.last_seen_day > w.last_seen_day AS has_moved,
    w.environment IN (SELECT value FROM workload_rules WHERE name = 'prod_environment') AS is_prod,
    c.starts,
    c.calendar_days,
    c.weekend_days,
    c.active_weekend_days,
    c.zone,
    c.slot,
    c.usual_minute,
    c.slot_days,
    c.steady_days,
    c.is_night,
    c.away_days,
    c.rhythm,
    COALESCE(c.is_clockwork, FALSE) AS is_clockwork,
    COALESCE(c.is_suspect, FALSE) AS is_suspect
  FROM workloads AS w
  CROSS JOIN int_workload__window AS n
  INNER JOIN paces AS g
    ON g.vendor = w.vendor AND g.workload = w.workload AND g.workload_kind = w.workload_kind AND g.auth_kind = w.auth_kind
    AND COALESCE(g.environment, '') = COALESCE(w.environment, '')
  LEFT JOIN int_workload__cadence AS c
    ON c.vendor = w.vendor AND c.workload = w.workload AND c.workload_kind = w.workload_kind AND c.auth_kind = w.auth_kind
    AND COALESCE(c.environment, '') = COALESCE(w.environment, '')
  LEFT JOIN overrides AS i ON i.vendor = w.vendor AND i.identifier = w.person_email
  LEFT JOIN dim_person AS e ON e.email = w.person_email
  LEFT JOIN dim_person AS p ON p.person_id = COALESCE(i.person_id, e.person_id)
  LEFT JOIN int_workload__key AS k ON k.vendor = w.vendor AND k.key_id = w.key_id
  LEFT JOIN dim_person AS o ON o.email = k.owner_email
  LEFT JOIN on_machine_identity AS m
    ON w.auth_kind = 'seat' AND m.vendor = w.vendor AND m.workload = w.workload AND m.workload_kind = w.workload_kind
    AND m.environment = COALESCE(w.environment, '')
),

judged AS (
  SELECT
    *,
    LPAD(CAST(slot // 2 AS VARCHAR), 2, '0') || CASE WHEN slot % 2 = 0 THEN ':00' ELSE ':30' END AS slot_from,
    LPAD(CAST((slot + 2) % 48 // 2 AS VARCHAR), 2, '0') || CASE WHEN slot % 2 = 0 THEN ':00' ELSE ':30' END AS slot_to,
    CAST(30 * slot + FLOOR(usual_minute) AS BIGINT) % 1440 AS usual_minute_of_day,
    CASE
      WHEN has_moved THEN 'moved_to_key'
      WHEN has_stopped THEN 'stopped'
      WHEN auth_kind = 'seat' AND is_prod AND (workload_kind <> 'unlisted terminal' OR is_suspect) THEN 'prod_on_seat'
      WHEN auth_kind = 'seat' AND workload_kind IN ('traced workflow', 'automation') THEN 'automated_on_seat'
      WHEN auth_kind = 'seat' AND workload_kind IN ('headless client', 'cloud agents') AND rhythm <> 'irregular' AND (is_clockwork OR away_days > 0)
        THEN CASE WHEN workload_kind = 'headless client' THEN 'automated_on_seat' ELSE 'person_background' END
      WHEN is_suspect THEN 'suspected_on_seat'
      WHEN auth_kind = 'seat' THEN 'person_background'
      WHEN workload_kind = 'machine key' AND (environment IS NULL OR key_cost_center IS NULL) THEN 'untagged_key'
      WHEN auth_kind = 'unknown' THEN 'auth_unknown'
      ELSE 'ok'
    END AS verdict,
    CASE
      WHEN workload_kind IN ('session', 'unlisted terminal') THEN 'low'
      WHEN auth_kind <> 'seat' OR workload_kind = 'automation' THEN 'high'
      WHEN rhythm <> 'irregular' AND (is_clockwork OR away_days > 0) THEN 'high'
      WHEN workload_kind IN ('cloud agents', 'headless client') AND rhythm = 'irregular' THEN 'low'
      ELSE 'medium'
    END AS confidence
  FROM known
  WHERE workload_kind <> 'unlisted terminal' OR is_suspect
),

rpt_auth_audit AS (
  SELECT
    workload,
    workload_kind,
    vendor,
    auth_kind,
    environment,
    owner,
    person_id,
    org,
    key_id,
    cost_center,
    first_seen_day,
    last_seen_day,
    CAST(active_days AS BIGINT) AS active_days,
    list_usd_28d,
    key_usd_28d,
    marker || '; '
      || CASE
        WHEN auth_kind = 'seat' THEN 'signs in with a person''s seat'
        WHEN auth_kind = 'api_key' THEN 'signs in with an API key'
        WHEN auth_kind = 'service_account' THEN 'signs in with a service account'
        ELSE 'nothing says how it signs in'
      END
      || CASE WHEN keys > 1 THEN ', ' || CAST(keys AS VARCHAR) || ' keys of one name' ELSE '' END
      || COALESCE(
        '; used on ' || CAST(active_days AS VARCHAR) || ' of ' || CAST(calendar_days AS VARCHAR) || ' days, '
        || CAST(active_weekend_days AS VARCHAR) || ' of ' || CAST(weekend_days AS VARCHAR) || ' weekend days',
        '; used on ' || CAST(all_days AS VARCHAR) || ' days, none of them recent'
      )
      || COALESCE(', ' || CAST(starts AS VARCHAR) || CASE WHEN starts = 1 THEN ' start' ELSE ' starts' END, '')
      || CASE
        WHEN all_days > 2 AND days_apart > 5 THEN '; about ' || CAST(CAST(FLOOR(days_apart) AS BIGINT) AS VARCHAR) || ' days apart'
        ELSE ''
      END
      || CASE
        WHEN rhythm = 'round the clock' THEN '; by day and by night without a rest: the rhythm of a clock'
        WHEN workload_kind IN ('headless client', 'unlisted terminal') AND slot IS NULL THEN '; the vendor reports days, not hours'
        WHEN slot IS NULL THEN ''
        WHEN rhythm = 'irregular' THEN '; no fixed hour'
        ELSE '; ' || CAST(slot_days AS VARCHAR) || ' days have a start between ' || slot_from || ' and ' || slot_to || ' ' || zone
          || CASE WHEN is_night THEN ' (night)' ELSE '' END
          || CASE WHEN is_clockwork THEN ', ' || CAST(steady_days AS VARCHAR) || ' of them about ' || LPAD(CAST(usual_minute_of_day // 60 AS VARCHAR), 2, '0')
            || ':' || LPAD(CAST(usual_minute_of_day % 60 AS VARCHAR), 2, '0') || ': the rhythm of a clock' ELSE '' END
      END
      || CASE WHEN away_days > 0 THEN '; the person used nothing else on ' || CAST(away_days AS VARCHAR) || ' of these days' ELSE '' END
      AS evidence,
    verdict,
    confidence
  FROM judged
)

SELECT * FROM rpt_auth_audit
