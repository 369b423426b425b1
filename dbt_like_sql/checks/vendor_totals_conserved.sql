-- asset: fct_usage_day
-- severity: ERROR
-- partitions: day
-- blocking: yes
-- title: Ledger differs from a feed
-- description: The ledger's sums of each day equal the vendors' feeds to the last decimal: Copilot credits and bill, Claude tokens, billed USD, usage credits and list value on seats, Cursor charges by kind, tokens and list value of traced agents.
-- remedy: load the day's feed again; if it still differs, a model loses or doubles rows: nothing downstream is built until it agrees
WITH copilot_reports AS (
  SELECT 'copilot_user_usage' AS feed, usage_day, user_id, scope_kind, ai_credits_used FROM copilot_user_usage
  UNION ALL
  SELECT 'copilot_user_usage_28_day', usage_day, user_id, scope_kind, ai_credits_used FROM copilot_user_usage_28_day
),

-- A day of the ledger comes from one of the two reports, whole.
copilot_users AS (
  -- A user of two organizations is in both files with the same figure; the enterprise's own row wins over both.
  SELECT
    r.usage_day,
    r.user_id,
    CASE
      WHEN MAX(CASE WHEN r.scope_kind = 'enterprise' THEN 1 ELSE 0 END) = 1
        THEN MAX(CASE WHEN r.scope_kind = 'enterprise' THEN r.ai_credits_used END)
      ELSE MAX(r.ai_credits_used)
    END AS credits
  FROM copilot_reports AS r
  LEFT JOIN stg_copilot__day_source AS s ON s.usage_day = r.usage_day
  WHERE r.feed = COALESCE(s.feed, 'copilot_user_usage')
  GROUP BY r.usage_day, r.user_id
),

-- Likewise from one of the two Claude sources.
claude AS (
  SELECT
    usage_day, 'reports' AS source, 'tokens' AS total,
    CAST(uncached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_tokens + output_tokens AS DECIMAL(38, 18)) AS amount
  FROM claude_api_usage
  UNION ALL
  SELECT
    usage_day, 'analytics', 'tokens',
    CAST(uncached_input_tokens + cache_write_5m_tokens + cache_write_1h_tokens + cache_read_tokens + output_tokens AS DECIMAL(38, 18))
  FROM claude_analytics_usage
  UNION ALL
  SELECT usage_day, 'reports', 'billed USD', CAST(amount_usd AS DECIMAL(38, 18)) FROM claude_api_cost
  UNION ALL
  SELECT usage_day, 'analytics', 'billed USD', CAST(amount_usd AS DECIMAL(38, 18)) FROM claude_analytics_cost
),

-- Likewise from one of the two Cursor feeds.
cursor_events AS (
  SELECT e.usage_day, e.kind_class, e.charged_usd
  FROM (
    SELECT usage_day, 'cursor_usage_events' AS feed, kind_class, charged_usd FROM cursor_usage_events
    UNION ALL
    SELECT usage_day, 'cursor_csv_events', kind_class, charged_usd FROM cursor_csv_events
  ) AS e
  LEFT JOIN stg_cursor__day_source AS s ON s.usage_day = e.usage_day
  WHERE e.feed = COALESCE(s.feed, 'cursor_usage_events')
),

-- Claude Code's own metrics stand beside traces; whose use is traced already is left out of them before.
agents AS (
  SELECT usage_day, 'tokens' AS total, CAST(COALESCE(input_tokens, 0) + COALESCE(cache_read_tokens, 0) + COALESCE(cache_write_5m_tokens, 0)
    + COALESCE(cache_write_1h_tokens, 0) + COALESCE(output_tokens, 0) AS DECIMAL(38, 18)) AS amount
  FROM agent_spans
  WHERE span_class = 'inference'
  UNION ALL
  SELECT usage_day, 'list USD', list_usd FROM int_agent__call
  UNION ALL
  SELECT usage_day, 'tokens', quantity FROM int_usage__claude_metrics
  UNION ALL
  SELECT usage_day, 'list USD', list_usd FROM int_usage__claude_metrics
),

feeds AS (
  SELECT usage_day, 'github_copilot' AS vendor, 'credits' AS total, CAST(SUM(credits) AS DECIMAL(38, 18)) AS amount
  FROM copilot_users
  GROUP BY usage_day
  UNION ALL
  -- The enterprise's bill holds its organizations' bills.
  SELECT usage_day, 'github_copilot', 'bill USD', CAST(SUM(net_usd) AS DECIMAL(38, 18))
  FROM copilot_billing_usage
  WHERE sku_class <> 'seat'
    AND (scope_kind = 'enterprise' OR usage_day NOT IN (SELECT usage_day FROM copilot_billing_usage WHERE scope_kind = 'enterprise'))
  GROUP BY usage_day
  UNION ALL
  SELECT c.usage_day, 'anthropic', c.total, CAST(SUM(c.amount) AS DECIMAL(38, 18))
  FROM claude AS c
  LEFT JOIN stg_claude__day_source AS s ON s.usage_day = c.usage_day
  WHERE c.source = COALESCE(s.source, 'reports')
  GROUP BY c.usage_day, c.total
  UNION ALL
  SELECT usage_day, 'anthropic', 'usage credits USD', CAST(SUM(amount_usd) AS DECIMAL(38, 18))
  FROM (
    SELECT usage_day, net_usd AS amount_usd FROM claude_team_usage
    UNION ALL
    SELECT usage_day, amount_usd FROM claude_enterprise_cost
  ) AS credits
  GROUP BY usage_day
  UNION ALL
  SELECT usage_day, 'anthropic', 'list value on seats USD', CAST(SUM(estimated_usd) AS DECIMAL(38, 18))
  FROM claude_code_usage
  WHERE customer_type <> 'api'
  GROUP BY usage_day
  UNION ALL
  SELECT usage_day, 'custom_agents', total, CAST(SUM(amount) AS DECIMAL(38, 18))
  FROM agents
  GROUP BY usage_day, total
  UNION ALL
  SELECT usage_day, 'cursor', 'on-demand USD', CAST(SUM(charged_usd) AS DECIMAL(38, 18))
  FROM cursor_events
  WHERE kind_class = 'usage_based'
  GROUP BY usage_day
  UNION ALL
  SELECT usage_day, 'cursor', 'included USD', CAST(SUM(charged_usd) AS DECIMAL(38, 18))
  FROM cursor_events
  WHERE kind_class = 'included'
  GROUP BY usage_day
),

entries AS (
  SELECT
    usage_day,
    vendor,
    CASE series
      WHEN 'copilot_credits' THEN 'credits'
      WHEN 'copilot_billing' THEN 'bill USD'
      WHEN 'claude_api_key' THEN 'tokens'
      WHEN 'claude_usage_credits' THEN 'usage credits USD'
      WHEN 'claude_seat' THEN 'list value on seats USD'
      WHEN 'custom_agents' THEN 'tokens'
      WHEN 'cursor_on_demand' THEN 'on-demand USD'
      WHEN 'cursor_included' THEN 'included USD'
    END AS total,
    CASE series
      WHEN 'copilot_credits' THEN quantity
      WHEN 'copilot_billing' THEN billed_usd
      WHEN 'claude_api_key' THEN CASE WHEN unit LIKE 'token%' THEN quantity END
      WHEN 'claude_usage_credits' THEN billed_usd
      WHEN 'claude_seat' THEN list_usd
      WHEN 'custom_agents' THEN quantity
      WHEN 'cursor_on_demand' THEN billed_usd
      -- What Cursor states no amount for is valued by the price book and has nothing to be held against.
      WHEN 'cursor_included' THEN CASE WHEN price_state <> 'priced' THEN covered_usd END
    END AS amount
  FROM fct_usage_day
  WHERE series IN (
    'copilot_credits', 'copilot_billing', 'claude_api_key', 'claude_usage_credits', 'claude_seat', 'custom_agents', 'cursor_on_demand',
    'cursor_included'
  )
  UNION ALL
  SELECT usage_day, vendor, 'billed USD' AS total, billed_usd AS amount
  FROM fct_usage_day
  WHERE series IN ('claude_api_key', 'claude_api_billing')
  UNION ALL
  SELECT usage_day, vendor, 'list USD' AS total, list_usd AS amount
  FROM fct_usage_day
  WHERE series = 'custom_agents'
),

ledger AS (
  SELECT usage_day, vendor, total, CAST(SUM(amount) AS DECIMAL(38, 18)) AS amount
  FROM entries
  GROUP BY usage_day, vendor, total
),

compared AS (
  SELECT
    COALESCE(ledger.usage_day, feeds.usage_day) AS usage_day,
    COALESCE(ledger.vendor, feeds.vendor) AS vendor,
    COALESCE(ledger.total, feeds.total) AS total,
    COALESCE(ledger.amount, CAST(0 AS DECIMAL(38, 18))) AS in_ledger,
    COALESCE(feeds.amount, CAST(0 AS DECIMAL(38, 18))) AS in_feed
  FROM feeds
  FULL OUTER JOIN ledger
    ON feeds.usage_day = ledger.usage_day AND feeds.vendor = ledger.vendor AND feeds.total = ledger.total
),

vendor_totals_conserved AS (
  SELECT
    vendor,
    vendor || ' ' || total AS subject,
    usage_day,
    in_ledger AS observed,
    in_feed AS baseline,
    CAST(in_ledger AS DOUBLE) / NULLIF(CAST(in_feed AS DOUBLE), 0) AS ratio,
    CASE WHEN total LIKE '%USD' THEN CAST(in_ledger - in_feed AS DECIMAL(38, 18)) END AS amount_usd,
    vendor || ' ' || total || ' of ' || CAST(usage_day AS VARCHAR) || ': the ledger holds '
      || RTRIM(RTRIM(CAST(in_ledger AS VARCHAR), '0'), '.') || ', the feed '
      || RTRIM(RTRIM(CAST(in_feed AS VARCHAR), '0'), '.') AS explanation
  FROM compared
  WHERE in_ledger <> in_feed
)

SELECT * FROM vendor_totals_conserved
