-- grain: one row per UTC day x person x terminal x model of subscription use
-- unit: tokens; list value is the vendor's own estimate, covered by the seat
-- source: claude_code_usage; rows on API keys are left out, they are in the usage report already
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
same as int_usage
*/
WITH grouped AS (
  SELECT
    usage_day,
    LOWER(COALESCE(actor_email, actor_api_key_name, '(unknown)')) AS actor_id,
    LOWER(actor_email) AS person_hint,
    model,
    customer_type,
    is_remote,
    LOWER(COALESCE(terminal_type, '')) AS terminal_type,
    CAST(SUM(input_tokens + output_tokens + cache_read_tokens + cache_creation_tokens) AS DECIMAL(38, 18)) AS tokens,
    CAST(SUM(estimated_usd) AS DECIMAL(38, 18)) AS estimated_usd
  FROM claude_code_usage
  WHERE customer_type <> 'api'
  GROUP BY ALL
),

terminals AS (
  SELECT
    g.*,
    h.value IS NOT NULL AS is_headless,
    i.value IS NOT NULL AS is_interactive
  FROM grouped AS g
  LEFT JOIN workload_rules AS h ON h.name = 'headless_terminal' AND h.value = g.terminal_type
  LEFT JOIN workload_rules AS i ON i.name = 'interactive_terminal' AND i.value = g.terminal_type
),

int_usage__claude_seat AS (
  SELECT
    usage_day,
    'claude_code_usage' AS feed,
    'anthropic' AS vendor,
    'claude_code' AS surface,
    'claude_seat' AS series,
    CASE WHEN customer_type = 'subscription' THEN 'seat' ELSE 'unknown' END AS auth_kind,
    CASE WHEN customer_type = 'subscription' THEN 'customer_type is subscription' ELSE 'customer_type is neither api nor subscription' END AS auth_rule,
    'customer_type ' || customer_type AS auth_evidence,
    CASE WHEN is_headless THEN 'headless' WHEN is_interactive OR is_remote THEN 'interactive' ELSE 'not_split' END AS actor_kind,
    CASE
      WHEN is_headless THEN 'terminal ' || terminal_type || ' has no person at it'
      WHEN is_remote THEN 'Claude Code on the web, started by a person'
      WHEN is_interactive THEN 'terminal ' || terminal_type || ' of a person'
      ELSE 'terminal ' || COALESCE(NULLIF(terminal_type, ''), '(not stated)') || ' is on no list of policies/workload_rules.csv'
    END AS actor_rule,
    'terminal_type ' || COALESCE(NULLIF(terminal_type, ''), '(not stated)') || CASE WHEN is_remote THEN ', is_remote true' ELSE '' END AS actor_evidence,
    CASE WHEN is_headless THEN 'headless' END AS background_kind,
    actor_id,
    person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(NULL AS VARCHAR) AS workspace,
    model,
    CAST(NULL AS VARCHAR) AS environment,
    tokens AS quantity,
    'tokens' AS unit,
    estimated_usd AS list_usd,
    CASE WHEN customer_type = 'subscription' THEN estimated_usd END AS covered_usd,
    CAST(NULL AS DECIMAL(38, 18)) AS billed_usd,
    'reported' AS price_state,
    'direct' AS attribution_mode,
    CAST(NULL AS VARCHAR) AS price_version
  FROM terminals
)

SELECT * FROM int_usage__claude_seat
