-- grain: one row per UTC day x vendor x surface x actor x key x model
-- unit: quantity in its unit; list_usd, covered_usd, billed_usd in USD, never added
-- source: int_usage joined to the roster, the key registry and the restatement windows
-- late data: a restated or re-attributed day replaces its partition
-- partitions: day
/*
usage_day: UTC day
vendor: github_copilot, anthropic, cursor or custom_agents
surface: product surface of the vendor
series: line on the main chart; seats and keys are different series
auth_kind: seat, api_key, service_account or unknown
auth_rule: the rule that decided auth_kind
auth_evidence: what the source says that auth_rule was applied to
actor_kind: interactive, headless, machine or not_split
actor_rule: the rule that decided actor_kind
actor_evidence: what the source says that actor_rule was applied to
background_kind: automation, cloud_agent, service_account or headless; null for interactive use
actor_id: the vendor's id of who or what acted
person_id: person in the roster, null when not attributable to one
identity_rule: rule of the identity ladder that matched the person
identity_confidence: certain, high or medium; null without a person
key_id: API key
key_name: name in the key registry; rotated keys with one name are one series
workspace: workspace, where the vendor has one
model: model as the vendor prints it
environment: prod, staging, dev; from the source, else the key registry, else the Claude workspace's tag; null when untagged
cost_center: cost centre of the key, else of the person, else of the Claude workspace's tag; null when unknown
squad: squad on that day, '(no squad)' or '(not attributable)'
org: org on that day, '(no org)' or '(not attributable)'
quantity: amount consumed, in unit; null when the vendor does not say
unit: ai_credits, tokens or charge
list_usd: consumption at list price in USD, directional; null when unpriced or not stated
covered_usd: part that a seat or pool already pays, in USD; null when the vendor does not say
billed_usd: what the vendor's billing API says it charges, in USD; null when it does not say
price_state: priced, reported, unpriced or not_priced
attribution_mode: direct, derived or allocated
price_version: price book line behind list_usd
is_provisional: whether the vendor may still restate this day
*/
WITH people AS (
  SELECT
    u.*,
    COALESCE(c.person_id, o.person_id, a.person_id, e.person_id) AS matched_person_id,
    CASE
      WHEN c.person_id IS NOT NULL THEN c.identity_rule
      WHEN COALESCE(o.person_id, a.person_id) IS NOT NULL THEN 'override'
      ELSE e.identity_rule
    END AS identity_rule,
    CASE
      WHEN c.person_id IS NOT NULL THEN c.identity_confidence
      WHEN COALESCE(o.person_id, a.person_id) IS NOT NULL THEN 'certain'
      ELSE e.identity_confidence
    END AS identity_confidence
  FROM int_usage AS u
  LEFT JOIN int_identity__copilot_day AS c
    ON u.series = 'copilot_credits' AND c.usage_day = u.usage_day AND c.actor_id = u.actor_id
  LEFT JOIN stg_identity__override AS o
    ON u.vendor <> 'github_copilot' AND o.vendor = u.vendor AND o.usage_day = u.usage_day AND o.identifier = u.person_hint
  LEFT JOIN stg_identity__override AS a
    ON u.vendor <> 'github_copilot' AND a.vendor = u.vendor AND a.usage_day = u.usage_day AND a.identifier = u.actor_id
  LEFT JOIN int_identity__email_day AS e ON e.usage_day = u.usage_day AND e.email = u.person_hint
),

fct_usage_day AS (
  SELECT
    i.usage_day,
    i.vendor,
    i.surface,
    i.series,
    i.auth_kind,
    i.auth_rule,
    i.auth_evidence,
    i.actor_kind,
    i.actor_rule,
    i.actor_evidence,
    i.background_kind,
    i.actor_id,
    i.matched_person_id AS person_id,
    i.identity_rule,
    i.identity_confidence,
    i.key_id,
    k.key_name,
    i.workspace,
    i.model,
    COALESCE(i.environment, k.environment, t.environment) AS environment,
    COALESCE(k.cost_center, r.cost_center, t.cost_center) AS cost_center,
    CASE WHEN i.matched_person_id IS NULL THEN '(not attributable)' ELSE COALESCE(r.squad, '(no squad)') END AS squad,
    CASE WHEN i.matched_person_id IS NULL THEN '(not attributable)' ELSE COALESCE(r.org, '(no org)') END AS org,
    i.quantity,
    i.unit,
    i.list_usd,
    i.covered_usd,
    i.billed_usd,
    i.price_state,
    i.attribution_mode,
    i.price_version,
    COALESCE(i.usage_day > w.final_through_day, TRUE) AS is_provisional
  FROM people AS i
  LEFT JOIN stg_roster__member_day AS r ON r.usage_day = i.usage_day AND r.person_id = i.matched_person_id
  LEFT JOIN stg_keys__key_day AS k ON k.usage_day = i.usage_day AND k.vendor = i.vendor AND k.key_id = COALESCE(i.key_id, i.actor_id)
  LEFT JOIN int_claude__workspace AS t ON i.series = 'claude_api_key' AND t.ledger_name = i.workspace
  LEFT JOIN int_feed__watermark AS w ON w.feed = i.feed
)

SELECT * FROM fct_usage_day
