-- grain: one row per UTC day x Claude Code user x client x model, where no call of the user is traced that day
-- unit: tokens; list value is Claude Code's own estimate, else the dated book
-- source: claude_code_metrics; whoever also sends log events or spans is in int_usage__agents, call by call
-- late data: late exports restate the day
-- partitions: view day
/*
same as int_usage
*/
WITH sent AS (
  SELECT
    m.*,
    LOWER(COALESCE(m.user_email, 'claude_account:' || m.organization_id || '/' || m.account_id, 'claude_install:' || m.install_id, '(unknown)')) AS identity,
    v.vendor_model,
    CASE WHEN m.speed = 'fast' OR v.is_fast THEN 'fast' ELSE 'standard' END AS rate_speed
  FROM claude_code_metrics AS m
  LEFT JOIN int_claude__spelling AS v ON v.usage_day = m.usage_day AND v.model = m.model
),

-- The two metrics need not carry the same attributes: where a cost is stated, no tokens of the same user and model are priced.
stated AS (
  SELECT *, COUNT(cost_usd) OVER (PARTITION BY usage_day, identity, client, environment, model) > 0 AS is_stated
  FROM sent
),

metrics AS (
  SELECT
    usage_day,
    identity,
    LOWER(user_email) AS person_email,
    organization_id,
    LOWER(client) AS client,
    environment,
    model,
    vendor_model,
    CASE WHEN is_stated THEN 'stated' ELSE rate_speed END AS speed,
    CAST(SUM(COALESCE(input_tokens, 0)) AS BIGINT) AS input_tokens,
    CAST(SUM(COALESCE(cache_creation_tokens, 0)) AS BIGINT) AS cache_creation_tokens,
    CAST(SUM(COALESCE(cache_read_tokens, 0)) AS BIGINT) AS cache_read_tokens,
    CAST(SUM(COALESCE(output_tokens, 0)) AS BIGINT) AS output_tokens,
    CAST(SUM(cost_usd) AS DECIMAL(38, 18)) AS cost_usd
  FROM stated
  GROUP BY
    usage_day, identity, LOWER(user_email), organization_id, LOWER(client), environment, model, vendor_model,
    CASE WHEN is_stated THEN 'stated' ELSE rate_speed END
),

traced AS (
  SELECT DISTINCT usage_day, LOWER(billing_identity) AS identity
  FROM agent_spans
  WHERE span_class = 'inference' AND LOWER(service_name) IN ('claude-code', 'claude-code-desktop')
),

counted AS (
  SELECT
    m.*,
    COALESCE(
      o.auth_kind, e.auth_kind, CASE WHEN m.organization_id IS NULL AND m.person_email IS NULL THEN 'api_key' ELSE 'unknown' END
    ) AS auth_kind,
    CASE
      WHEN o.auth_kind IS NOT NULL THEN 'Claude Code signed in to the Console''s organisation'
      WHEN e.auth_kind IS NOT NULL THEN 'Claude Code signed in by a holder of a Claude seat'
      WHEN m.organization_id IS NULL AND m.person_email IS NULL THEN 'Claude Code without a sign-in: a key or a cloud provider'
      ELSE 'Claude Code signed in to an organisation that no feed knows'
    END AS auth_rule,
    CASE
      WHEN headless.value IS NOT NULL THEN 'headless'
      WHEN interactive.value IS NOT NULL THEN 'interactive'
      ELSE 'not_split'
    END AS actor_kind,
    p.price_version,
    CAST(
      CAST(
        (
          m.input_tokens * p.input_usd
          -- The metrics do not tell lifetimes: Claude Code writes for an hour on a subscription and for five minutes on a key.
          + m.cache_creation_tokens * CASE WHEN o.auth_kind IS NULL AND e.auth_kind = 'seat' THEN p.cache_write_1h_usd ELSE p.cache_write_5m_usd END
          + m.cache_read_tokens * p.cache_read_usd + m.output_tokens * p.output_usd
        ) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(26, 12)
      ) AS DECIMAL(38, 18)
    ) AS book_usd
  FROM metrics AS m
  LEFT JOIN traced AS t ON t.usage_day = m.usage_day AND t.identity = m.identity
  LEFT JOIN int_claude__sign_in AS o ON o.usage_day = m.usage_day AND o.subject = m.organization_id
  LEFT JOIN int_claude__sign_in AS e ON e.usage_day = m.usage_day AND e.subject = m.person_email
  LEFT JOIN workload_rules AS headless ON headless.name = 'headless_terminal' AND headless.value = m.client
  LEFT JOIN workload_rules AS interactive ON interactive.name = 'interactive_terminal' AND interactive.value = m.client
  LEFT JOIN int_claude__rate AS p
    ON m.cost_usd IS NULL AND p.model = m.vendor_model AND p.speed = m.speed AND p.prompt = 'unknown'
    AND m.usage_day >= p.effective_from AND (p.effective_to IS NULL OR m.usage_day < p.effective_to)
  WHERE t.identity IS NULL
),

int_usage__claude_metrics AS (
  SELECT
    usage_day,
    'claude_code_metrics' AS feed,
    'custom_agents' AS vendor,
    CASE WHEN actor_kind = 'headless' THEN 'workflow' ELSE 'session' END AS surface,
    'custom_agents' AS series,
    auth_kind,
    auth_rule,
    COALESCE('organization.id ' || organization_id, 'no organization.id') || CASE WHEN person_email IS NULL THEN ', no user.email' ELSE ', user.email is stated' END AS auth_evidence,
    actor_kind,
    CASE actor_kind
      WHEN 'headless' THEN 'client ' || client || ' has no person at it'
      WHEN 'interactive' THEN 'client ' || client || ' of a person'
      ELSE 'client ' || COALESCE(client, '(not stated)') || ' is on no list of policies/workload_rules.csv'
    END AS actor_rule,
    'app.entrypoint or terminal.type ' || COALESCE(client, '(not stated)') AS actor_evidence,
    CASE WHEN actor_kind = 'headless' THEN 'headless' END AS background_kind,
    identity AS actor_id,
    person_email AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(NULL AS VARCHAR) AS workspace,
    model,
    environment,
    CAST(input_tokens + cache_creation_tokens + cache_read_tokens + output_tokens AS DECIMAL(38, 18)) AS quantity,
    'tokens' AS unit,
    COALESCE(cost_usd, book_usd) AS list_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS covered_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    CASE WHEN cost_usd IS NOT NULL THEN 'reported' WHEN book_usd IS NOT NULL THEN 'priced' ELSE 'unpriced' END AS price_state,
    CASE WHEN cost_usd IS NOT NULL THEN 'direct' ELSE 'derived' END AS attribution_mode,
    price_version
  FROM counted
)

SELECT * FROM int_usage__claude_metrics
