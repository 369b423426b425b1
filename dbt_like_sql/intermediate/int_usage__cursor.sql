-- grain: one row per UTC day x actor x model x charge kind x background kind
-- unit: tokens; USD as charged by the vendor
-- source: stg_cursor__event
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day
feed: feed the row comes from
vendor: ledger name of the vendor
surface: product surface of the vendor
series: line on the main chart
auth_kind: seat, api_key, service_account or unknown
auth_rule: the rule that decided auth_kind
actor_kind: interactive, headless, machine or not_split
actor_rule: the rule that decided actor_kind
background_kind: automation, cloud_agent, service_account or headless; null otherwise
actor_id: the vendor's id of who or what acted
person_hint: e-mail that identifies a person, lower case
key_id: API key
workspace: workspace, where the vendor has one
model: model as the vendor prints it
environment: environment stated by the source itself
quantity: amount consumed, in unit; null when the vendor does not say
unit: unit of quantity
list_usd: consumption at list price; null when unpriced or not stated
covered_usd: part that a seat or pool already pays; null when the vendor does not say
billed_usd: what the vendor's billing API says it charges; null when it does not say
price_state: priced (price book), reported (by the vendor), unpriced or not_priced (nothing to price)
attribution_mode: direct, derived or allocated
price_version: price book line behind list_usd
*/
WITH grouped AS (
  SELECT
    usage_day,
    actor_id,
    is_service_account,
    background_kind,
    model,
    CASE
      WHEN kind_class = 'usage_based' THEN 'cursor_on_demand'
      WHEN kind_class = 'included' THEN 'cursor_included'
      ELSE 'cursor_not_charged'
    END AS series,
    CAST(SUM(tokens) AS DECIMAL(38, 18)) AS tokens,
    CAST(SUM(charged_usd) AS DECIMAL(38, 18)) AS charged_usd
  FROM stg_cursor__event
  GROUP BY ALL
),

int_usage__cursor AS (
  SELECT
    usage_day,
    'cursor_usage_events' AS feed,
    'cursor' AS vendor,
    COALESCE(background_kind, 'editor') AS surface,
    series,
    CASE WHEN is_service_account THEN 'service_account' ELSE 'seat' END AS auth_kind,
    CASE WHEN is_service_account THEN 'serviceAccountId is set' ELSE 'event of a team member' END AS auth_rule,
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
    background_kind,
    actor_id,
    CASE WHEN NOT is_service_account THEN actor_id END AS person_hint,
    CAST(NULL AS VARCHAR) AS key_id,
    CAST(NULL AS VARCHAR) AS workspace,
    model,
    CAST(NULL AS VARCHAR) AS environment,
    tokens AS quantity,
    'tokens' AS unit,
    CASE WHEN series = 'cursor_not_charged' THEN CAST(0 AS DECIMAL(38, 18)) ELSE charged_usd END AS list_usd,
    CASE WHEN series = 'cursor_included' THEN charged_usd ELSE CAST(0 AS DECIMAL(38, 18)) END AS covered_usd,
    CASE WHEN series = 'cursor_on_demand' THEN charged_usd ELSE CAST(0 AS DECIMAL(38, 18)) END AS billed_usd,
    'reported' AS price_state,
    'direct' AS attribution_mode,
    CAST(NULL AS VARCHAR) AS price_version
  FROM grouped
)

SELECT * FROM int_usage__cursor
