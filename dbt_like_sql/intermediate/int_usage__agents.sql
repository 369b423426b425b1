-- grain: one row per UTC day x workflow x model x environment x auth kind x attribution mode
-- unit: tokens; list value reported by the agent, else priced from the dated book
-- source: int_agent__call, int_agent__run; what a trace spent outside of its runs is a row of its own, allocated
-- late data: late spans restate the day their trace ended
-- partitions: view day
/*
same as int_usage
*/
WITH grouped AS (
  SELECT
    r.usage_day,
    CASE WHEN r.is_session THEN COALESCE(r.owner_email, '(unknown)') ELSE r.workflow_id END AS actor_id,
    r.is_session,
    r.environment,
    r.auth_kind,
    r.auth_rule,
    r.client,
    r.owner_email,
    c.model,
    c.price_state,
    c.price_version,
    c.is_allocated,
    COUNT(DISTINCT r.trace_id) AS traces,
    CAST(SUM(c.input_tokens + c.cache_read_tokens + c.cache_write_5m_tokens + c.cache_write_1h_tokens + c.output_tokens) AS DECIMAL(38, 18)) AS tokens,
    CAST(SUM(c.list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM int_agent__call AS c
  INNER JOIN int_agent__run AS r ON r.usage_day = c.usage_day AND r.trace_id = c.trace_id AND r.run_span_id = c.run_span_id
  GROUP BY ALL
),

int_usage__agents AS (
  SELECT
    usage_day,
    'agent_spans' AS feed,
    'custom_agents' AS vendor,
    CASE WHEN is_session THEN 'session' ELSE 'workflow' END AS surface,
    'custom_agents' AS series,
    auth_kind,
    auth_rule,
    CASE
      WHEN auth_kind = 'unknown' THEN 'no attribute of ' || CAST(traces AS VARCHAR) || ' traces names a key, a seat or a service account'
      ELSE CASE WHEN auth_rule = 'attribute of the spans' THEN 'auth_hint ' ELSE 'Claude Code, ' END || auth_kind || ' on ' || CAST(traces AS VARCHAR) || ' traces'
        || CASE WHEN auth_kind = 'seat' AND owner_email IS NOT NULL THEN '; a billing identity is stated' ELSE '' END
    END AS auth_evidence,
    CASE WHEN is_session THEN 'interactive' ELSE 'machine' END AS actor_kind,
    CASE WHEN is_session THEN 'spans of an interactive program of a person' ELSE 'traced workflow' END AS actor_rule,
    CASE
      WHEN is_session THEN 'service.name of an interactive program and no workflow name on ' || CAST(traces AS VARCHAR) || ' traces' || COALESCE(', client ' || client, '')
      ELSE 'workflow ' || actor_id || ' on ' || CAST(traces AS VARCHAR) || ' traces'
    END AS actor_evidence,
    CASE WHEN NOT is_session THEN 'headless' END AS background_kind,
    actor_id,
    CASE WHEN auth_kind = 'seat' OR is_session THEN owner_email END AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(NULL AS VARCHAR) AS workspace,
    model,
    environment,
    tokens AS quantity,
    'tokens' AS unit,
    list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    price_state,
    CASE WHEN is_allocated THEN 'allocated' WHEN price_state = 'reported' THEN 'direct' ELSE 'derived' END AS attribution_mode,
    price_version
  FROM grouped
)

SELECT * FROM int_usage__agents
