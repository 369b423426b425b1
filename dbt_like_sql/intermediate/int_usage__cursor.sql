-- grain: one row per UTC day x actor x model x charge kind x background kind
-- unit: tokens; USD as charged by the vendor
-- source: stg_cursor__event
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
same as int_usage
*/
WITH grouped AS (
  SELECT
    usage_day,
    actor_id,
    is_service_account,
    background_kind,
    model,
    series,
    is_from_csv,
    -- Rows whose amount is a word stay apart, so that no sum passes for complete.
    charged_usd IS NULL AS is_unstated,
    -- Cash is what Cursor states, or unknown; what the plan covers may be valued by the price book.
    CASE WHEN series = 'cursor_included' THEN price_version END AS price_version,
    COUNT(*) AS events,
    CAST(SUM(tokens) AS DECIMAL(38, 18)) AS tokens,
    CAST(SUM(charged_usd) AS DECIMAL(38, 18)) AS charged_usd,
    CAST(SUM(CASE WHEN series = 'cursor_included' THEN book_usd END) AS DECIMAL(38, 18)) AS book_usd
  FROM stg_cursor__event
  GROUP BY ALL
),

int_usage__cursor AS (
  SELECT
    usage_day,
    CASE WHEN is_from_csv THEN 'cursor_csv_events' ELSE 'cursor_usage_events' END AS feed,
    'cursor' AS vendor,
    COALESCE(background_kind, 'editor') AS surface,
    series,
    CASE WHEN is_service_account THEN 'service_account' ELSE 'seat' END AS auth_kind,
    CASE WHEN is_service_account THEN 'serviceAccountId is set' ELSE 'event of a team member' END AS auth_rule,
    CASE WHEN is_service_account THEN 'serviceAccountId ' || actor_id ELSE 'userEmail' END || ' on ' || CAST(events AS VARCHAR) || ' events' AS auth_evidence,
    CASE
      WHEN background_kind IS NULL THEN 'interactive'
      WHEN background_kind IN ('automation', 'service_account') THEN 'machine'
      ELSE 'headless'
    END AS actor_kind,
    CASE
      WHEN background_kind = 'automation' THEN 'automationId is set'
      WHEN background_kind = 'cloud_agent' THEN 'cloudAgentId is set'
      WHEN background_kind = 'service_account' THEN 'serviceAccountId is set'
      WHEN background_kind = 'headless' THEN 'isHeadless is true'
      ELSE 'no background marker'
    END AS actor_rule,
    CASE background_kind
      WHEN 'automation' THEN 'automationId'
      WHEN 'cloud_agent' THEN 'cloudAgentId'
      WHEN 'service_account' THEN 'serviceAccountId'
      WHEN 'headless' THEN 'isHeadless'
      ELSE 'none of automationId, cloudAgentId, serviceAccountId, isHeadless'
    END || ' on ' || CAST(events AS VARCHAR) || ' events' AS actor_evidence,
    background_kind,
    actor_id,
    CASE WHEN NOT is_service_account THEN actor_id END AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(NULL AS VARCHAR) AS workspace,
    model,
    CAST(NULL AS VARCHAR) AS environment,
    tokens AS quantity,
    'tokens' AS unit,
    CASE WHEN series = 'cursor_not_charged' THEN CAST(0 AS DECIMAL(38, 18)) ELSE COALESCE(charged_usd, book_usd) END AS list_usd,
    CASE
      WHEN series = 'cursor_included' THEN COALESCE(charged_usd, book_usd)
      WHEN series <> 'cursor_unknown_kind' THEN CAST(0 AS DECIMAL(38, 18))
    END AS covered_usd,
    CASE
      WHEN series = 'cursor_on_demand' THEN charged_usd
      WHEN series <> 'cursor_unknown_kind' THEN CAST(0 AS DECIMAL(38, 18))
    END AS billed_usd,
    CASE
      WHEN NOT is_unstated OR series = 'cursor_not_charged' THEN 'reported'
      WHEN price_version IS NOT NULL THEN 'priced'
      ELSE 'not_priced'
    END AS price_state,
    CASE WHEN price_version IS NOT NULL THEN 'derived' ELSE 'direct' END AS attribution_mode,
    price_version
  FROM grouped
)

SELECT * FROM int_usage__cursor
