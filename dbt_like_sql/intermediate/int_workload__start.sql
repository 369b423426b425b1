-- grain: one row per start that a feed dates to the instant: a traced run, or a Cursor usage event
-- unit: USD at list price, and at the prices a machine key would pay
-- source: int_agent__run, int_agent__call, agent_spans, cursor_usage_events, stg_keys__key_day
-- late data: follows the feeds
-- partitions: day
/*
usage_day: UTC day
started_at: instant of the start
vendor: ledger name of the vendor
workload: workflow, automation, service account, or e-mail of the person behind personal use
workload_kind: traced workflow, automation, service account, cloud agents, headless client; session for a person's own use
marker: what says that no person drives it, in words; null for a session
auth_kind: seat, api_key, service_account or unknown
environment: stated by the spans, else by the key registry; null when unknown
person_email: person behind a seat, lower case
seat_vendor: whose seat it is; null without a seat
key_id: key or service account of the registry
list_usd: consumption at list price; null when unpriced
key_usd: the same use at the prices of a machine key, from the price book where it has the model
price_versions: price book lines behind list_usd; reported where the agent or the vendor states the amount
*/
WITH programs AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    MIN(run_workflow) IS NOT NULL AS is_named,
    MIN(service_name) AS service_name,
    COALESCE(BOOL_OR(provider = 'github' OR LOWER(service_name) IN ('github-copilot', 'copilot-chat')), FALSE) AS is_copilot
  FROM agent_spans
  WHERE run_span_id IS NOT NULL
  GROUP BY usage_day, trace_id, run_span_id
),

costs AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(COALESCE(book_usd, list_usd)) AS DECIMAL(38, 18)) AS key_usd
  FROM int_agent__call
  GROUP BY usage_day, trace_id, run_span_id
),

prices AS (
  SELECT
    usage_day,
    trace_id,
    run_span_id,
    STRING_AGG(price, ', ' ORDER BY price) AS price_versions
  FROM (SELECT DISTINCT usage_day, trace_id, run_span_id, COALESCE(price_version, price_state) AS price FROM int_agent__call) AS calls
  GROUP BY usage_day, trace_id, run_span_id
),

runs AS (
  SELECT
    r.usage_day,
    r.started_at,
    r.workflow_id,
    r.is_session,
    CASE WHEN t.is_named THEN 'spans name the workflow' ELSE 'spans of the program ' || COALESCE(t.service_name, '(unnamed)') END AS marker,
    r.auth_kind,
    LOWER(r.environment) AS environment,
    CASE WHEN r.auth_kind = 'seat' THEN r.owner_email END AS person_email,
    CASE WHEN r.auth_kind = 'seat' THEN CASE WHEN t.is_copilot THEN 'github_copilot' ELSE 'anthropic' END END AS seat_vendor,
    c.list_usd,
    c.key_usd,
    v.price_versions
  FROM int_agent__run AS r
  INNER JOIN programs AS t ON t.usage_day = r.usage_day AND t.trace_id = r.trace_id AND t.run_span_id = r.run_span_id
  LEFT JOIN costs AS c ON c.usage_day = r.usage_day AND c.trace_id = r.trace_id AND c.run_span_id = r.run_span_id
  LEFT JOIN prices AS v ON v.usage_day = r.usage_day AND v.trace_id = r.trace_id AND v.run_span_id = r.run_span_id
),

events AS (
  SELECT
    usage_day,
    event_at,
    LOWER(user_email) AS email,
    service_account_id,
    service_account_name,
    automation_id,
    CASE
      WHEN automation_id IS NOT NULL THEN 'automation'
      WHEN service_account_id IS NOT NULL THEN 'service account'
      WHEN cloud_agent_id IS NOT NULL THEN 'cloud agents'
      WHEN is_headless THEN 'headless client'
      ELSE 'session'
    END AS workload_kind,
    CASE WHEN kind_class IN ('usage_based', 'included') THEN charged_usd ELSE CAST(0 AS DECIMAL(38, 18)) END AS list_usd
  FROM cursor_usage_events
),

int_workload__start AS (
  SELECT
    usage_day,
    started_at,
    'custom_agents' AS vendor,
    CASE WHEN is_session THEN COALESCE(person_email, '(unknown)') ELSE workflow_id END AS workload,
    CASE WHEN is_session THEN 'session' ELSE 'traced workflow' END AS workload_kind,
    CASE WHEN NOT is_session THEN marker END AS marker,
    auth_kind,
    environment,
    person_email,
    seat_vendor,
    CAST(NULL AS VARCHAR) AS key_id,
    list_usd,
    key_usd,
    price_versions
  FROM runs
  UNION ALL
  SELECT
    e.usage_day,
    e.event_at AS started_at,
    'cursor' AS vendor,
    CASE
      WHEN e.workload_kind = 'automation' THEN 'automation-' || e.automation_id
      WHEN e.workload_kind = 'service account' THEN COALESCE(k.key_name, e.service_account_name, e.service_account_id)
      ELSE COALESCE(e.email, '(unknown)')
    END AS workload,
    e.workload_kind,
    CASE e.workload_kind
      WHEN 'automation' THEN 'events carry an automationId'
      WHEN 'service account' THEN 'events carry a serviceAccountId'
      WHEN 'cloud agents' THEN 'events carry a cloudAgentId'
      WHEN 'headless client' THEN 'events are marked isHeadless'
    END AS marker,
    CASE WHEN e.service_account_id IS NOT NULL THEN 'service_account' ELSE 'seat' END AS auth_kind,
    k.environment,
    CASE WHEN e.service_account_id IS NULL THEN e.email END AS person_email,
    CASE WHEN e.service_account_id IS NULL THEN 'cursor' END AS seat_vendor,
    e.service_account_id AS key_id,
    e.list_usd,
    e.list_usd AS key_usd,
    'reported' AS price_versions
  FROM events AS e
  LEFT JOIN stg_keys__key_day AS k ON k.usage_day = e.usage_day AND k.vendor = 'cursor' AND k.key_id = e.service_account_id
)

SELECT * FROM int_workload__start
