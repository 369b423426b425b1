-- grain: one row per UTC day x vendor x surface x actor x key x model (one line of a vendor's usage)
-- unit: quantity in its unit; four amounts in USD, never added
-- source: int_usage__copilot, __copilot_billing, __claude_api, __claude_billing, __claude_analytics, __claude_seat, __claude_credits, __cursor, __agents, __claude_metrics
-- late data: follows the feeds
-- partitions: view day
/*
usage_day: UTC day
feed: feed the row comes from
vendor: ledger name of the vendor
surface: product surface of the vendor
series: line on the main chart
auth_kind: seat, api_key, service_account or unknown
auth_rule: the rule that decided auth_kind
auth_evidence: what the source says that auth_rule was applied to
actor_kind: interactive, headless, machine or not_split
actor_rule: the rule that decided actor_kind
actor_evidence: what the source says that actor_rule was applied to
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
SELECT * FROM int_usage__copilot
UNION ALL
SELECT * FROM int_usage__copilot_billing
UNION ALL
SELECT * FROM int_usage__claude_api
UNION ALL
SELECT * FROM int_usage__claude_billing
UNION ALL
SELECT * FROM int_usage__claude_analytics
UNION ALL
SELECT * FROM int_usage__claude_seat
UNION ALL
SELECT * FROM int_usage__claude_credits
UNION ALL
SELECT * FROM int_usage__cursor
UNION ALL
SELECT * FROM int_usage__agents
UNION ALL
SELECT * FROM int_usage__claude_metrics
