-- grain: one row per month x vendor x kind of charge x actor x model x token class x list price
-- unit: USD; billed_usd adds up to the cash that vendors charge (usage and seats, before tax and credit notes)
-- source: fct_usage_day, fct_seat_month, stg_copilot__billing_line, int_reconcile__claude_charge_day, int_reconcile__copilot_charge_month
-- late data: follows the feeds
-- partitions: month
/*
month: first day of the calendar month
vendor: github_copilot, anthropic or cursor
charge_kind: usage or seat
charge_class: token, included, on_demand, other or seat
first_day: first UTC day of the charge in this month
last_day: last UTC day, included
sub_account: Anthropic's workspace; of GitHub's seats, the enterprise or organization that is billed; null elsewhere
actor_id: API key, account or service account; null when the vendor names none
person_id: person in the roster
org: org, '(no org)' or '(not attributable)'
squad: squad, '(no squad)' or '(not attributable)'
cost_center: cost centre of the key, else of the person; null when unknown
environment: prod, staging, dev; null when untagged
model: model as the vendor prints it
sku: what is sold: token class, credits, included use, seat plan or cost type
modifiers: service tier, geography and speed, where they change the price
quantity: tokens, requests, credits or seats; null when the vendor does not say
unit: Tokens, Requests, Credits or Seats
priced_quantity: quantity in units of unit_list_usd
unit_list_usd: list price of one pricing unit (a million tokens, a request, a credit, a seat month, a dollar of list value); null when unpriced
pricing_unit: 1000000 Tokens, Requests, Credits, Seats or USD of list value
list_usd: priced_quantity x unit_list_usd; null when unpriced
billed_usd: what the vendor charges; zero for included use
allocation_method: how the charge was shared out to this row
price_version: price book line, null when the vendor reports the value
*/
WITH key_days AS (
  SELECT
    usage_day,
    key_id,
    MAX(person_id) AS person_id,
    MAX(org) AS org,
    MAX(squad) AS squad,
    MAX(cost_center) AS cost_center,
    MAX(environment) AS environment
  FROM fct_usage_day
  WHERE series = 'claude_api_key' AND key_id IS NOT NULL
  GROUP BY usage_day, key_id
),

claude AS (
  SELECT
    CAST(DATE_TRUNC('month', c.usage_day) AS DATE) AS month,
    CASE WHEN c.quantity IS NULL THEN 'other' ELSE 'token' END AS charge_class,
    MIN(c.usage_day) AS first_day,
    MAX(c.usage_day) AS last_day,
    COALESCE(c.workspace_id, '(default workspace)') AS sub_account,
    c.api_key_id AS actor_id,
    k.person_id,
    COALESCE(k.org, '(not attributable)') AS org,
    COALESCE(k.squad, '(not attributable)') AS squad,
    COALESCE(k.cost_center, t.cost_center) AS cost_center,
    COALESCE(k.environment, t.environment) AS environment,
    c.model,
    c.token_class AS sku,
    NULLIF(
      CONCAT_WS(
        ', ', CASE WHEN c.service_tier <> 'standard' THEN c.service_tier END, CASE WHEN c.inference_geo = 'us' THEN 'us only' END,
        CASE WHEN c.speed = 'fast' THEN 'fast' END
      ),
      ''
    ) AS modifiers,
    CAST(SUM(c.quantity) AS DECIMAL(38, 18)) AS quantity,
    c.usd_per_million AS price,
    CASE WHEN c.usd_per_million IS NULL THEN CAST(SUM(c.list_usd) AS DECIMAL(38, 18)) END AS stated_usd,
    CAST(SUM(c.billed_usd) AS DECIMAL(38, 18)) AS billed_usd,
    MIN(c.allocation_method) AS allocation_method,
    c.price_version
  FROM int_reconcile__claude_charge_day AS c
  LEFT JOIN key_days AS k ON k.usage_day = c.usage_day AND k.key_id = c.api_key_id
  LEFT JOIN int_claude__workspace AS t ON t.ledger_name = COALESCE(c.workspace_id, '(default workspace)')
  GROUP BY
    1, 2, c.workspace_id, c.api_key_id, k.person_id, k.org, k.squad, COALESCE(k.cost_center, t.cost_center),
    COALESCE(k.environment, t.environment), c.model, c.token_class,
    c.service_tier, c.inference_geo, c.speed, c.usd_per_million, c.price_version
),

members AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    person_id,
    ARG_MAX(org, usage_day) AS org,
    ARG_MAX(squad, usage_day) AS squad,
    ARG_MAX(cost_center, usage_day) AS cost_center
  FROM stg_roster__member_day
  GROUP BY 1, person_id
),

credit_price AS (
  SELECT usd_per_unit, price_version, effective_from, effective_to
  FROM stg_prices__unit
  WHERE vendor = 'github_copilot' AND item = 'ai_credit'
),

copilot AS (
  SELECT c.*, p.usd_per_unit, p.price_version
  FROM int_reconcile__copilot_charge_month AS c
  LEFT JOIN credit_price AS p ON c.month >= p.effective_from AND (p.effective_to IS NULL OR c.month < p.effective_to)
),

premium_price AS (
  SELECT usd_per_unit, price_version, effective_from, effective_to
  FROM stg_prices__unit
  WHERE vendor = 'github_copilot' AND item = 'premium_request'
),

-- Premium requests, which ended in May 2026, have a list price; SKUs not known here are one charge each.
copilot_other AS (
  SELECT
    CAST(DATE_TRUNC('month', b.usage_day) AS DATE) AS month,
    MIN(b.usage_day) AS first_day,
    MAX(b.usage_day) AS last_day,
    b.sku,
    b.model,
    p.usd_per_unit,
    p.price_version,
    CAST(SUM(b.gross_quantity) AS DECIMAL(38, 18)) AS quantity,
    CAST(SUM(b.gross_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(b.net_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM stg_copilot__billing_line AS b
  LEFT JOIN premium_price AS p
    ON LOWER(b.sku) LIKE '%premium%request%' AND b.usage_day >= p.effective_from AND (p.effective_to IS NULL OR b.usage_day < p.effective_to)
  WHERE b.sku_class = 'other'
  GROUP BY 1, b.sku, b.model, p.usd_per_unit, p.price_version
),

reported AS (
  SELECT
    CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month,
    vendor,
    CASE WHEN series IN ('cursor_on_demand', 'claude_usage_credits') THEN 'on_demand' ELSE 'included' END AS charge_class,
    MIN(usage_day) AS first_day,
    MAX(usage_day) AS last_day,
    actor_id,
    person_id,
    org,
    squad,
    cost_center,
    environment,
    model,
    CASE series
      WHEN 'cursor_on_demand' THEN 'On-demand usage'
      WHEN 'cursor_included' THEN 'Included usage'
      WHEN 'claude_usage_credits' THEN 'Usage credits'
      ELSE 'Claude Code on a seat'
    END AS sku,
    background_kind AS modifiers,
    CAST(SUM(quantity) AS DECIMAL(38, 18)) AS quantity,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(COALESCE(billed_usd, 0)) AS DECIMAL(38, 18)) AS billed_usd
  FROM fct_usage_day
  WHERE series IN ('cursor_on_demand', 'cursor_included', 'claude_seat', 'claude_usage_credits')
  GROUP BY 1, vendor, series, actor_id, person_id, org, squad, cost_center, environment, model, background_kind
),

fct_charge_month AS (
  SELECT
    month,
    'anthropic' AS vendor,
    'usage' AS charge_kind,
    charge_class,
    first_day,
    last_day,
    sub_account,
    actor_id,
    person_id,
    org,
    squad,
    cost_center,
    environment,
    model,
    sku,
    modifiers,
    quantity,
    CASE WHEN charge_class = 'other' THEN 'Charges' WHEN sku = 'web_search' THEN 'Requests' ELSE 'Tokens' END AS unit,
    CASE
      WHEN stated_usd IS NOT NULL THEN stated_usd
      WHEN charge_class = 'other' THEN CAST(1 AS DECIMAL(38, 18))
      WHEN sku = 'web_search' THEN quantity
      ELSE CAST(CAST(quantity AS DECIMAL(20, 0)) * CAST(0.000001 AS DECIMAL(7, 6)) AS DECIMAL(38, 18))
    END AS priced_quantity,
    CAST(CASE WHEN stated_usd IS NOT NULL THEN 1 WHEN charge_class = 'other' THEN billed_usd ELSE price END AS DECIMAL(38, 18)) AS unit_list_usd,
    CASE
      WHEN stated_usd IS NOT NULL THEN 'USD of list value'
      WHEN charge_class = 'other' THEN 'Charges'
      WHEN sku = 'web_search' THEN 'Requests'
      ELSE '1000000 Tokens'
    END AS pricing_unit,
    CAST(
      CASE
        WHEN stated_usd IS NOT NULL THEN stated_usd
        WHEN charge_class = 'other' THEN billed_usd
        WHEN sku = 'web_search' THEN CAST(quantity AS DECIMAL(18, 0)) * CAST(price AS DECIMAL(18, 12))
        ELSE CAST(quantity AS DECIMAL(18, 0)) * CAST(0.000001 AS DECIMAL(7, 6)) * CAST(price AS DECIMAL(13, 9))
      END AS DECIMAL(38, 18)
    ) AS list_usd,
    billed_usd,
    allocation_method,
    price_version
  FROM claude
  UNION ALL
  SELECT
    month, 'github_copilot', 'usage', 'included', first_day, last_day, CAST(NULL AS VARCHAR), actor_id, person_id,
    COALESCE(org, '(not attributable)'), COALESCE(squad, '(not attributable)'), cost_center, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    'AI credits, included', CAST(NULL AS VARCHAR), included_credits, 'Credits', included_credits,
    CAST(usd_per_unit AS DECIMAL(38, 18)), 'Credits',
    CAST(CAST(included_credits AS DECIMAL(24, 12)) * CAST(usd_per_unit AS DECIMAL(12, 6)) AS DECIMAL(38, 18)),
    CAST(0 AS DECIMAL(38, 18)), allocation_method, price_version
  FROM copilot
  WHERE included_credits > 0
  UNION ALL
  SELECT
    month, 'github_copilot', 'usage', 'on_demand', first_day, last_day, CAST(NULL AS VARCHAR), actor_id, person_id,
    COALESCE(org, '(not attributable)'), COALESCE(squad, '(not attributable)'), cost_center, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    'AI credits, beyond the pool', CAST(NULL AS VARCHAR), charged_credits, 'Credits', charged_credits,
    CAST(usd_per_unit AS DECIMAL(38, 18)), 'Credits',
    CAST(CAST(charged_credits AS DECIMAL(24, 12)) * CAST(usd_per_unit AS DECIMAL(12, 6)) AS DECIMAL(38, 18)),
    billed_usd, allocation_method, price_version
  FROM copilot
  WHERE charged_credits > 0 OR billed_usd <> 0
  UNION ALL
  SELECT
    month, 'github_copilot', 'usage', 'other', first_day, last_day, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR),
    '(not attributable)', '(not attributable)', CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), model, sku, CAST(NULL AS VARCHAR), quantity,
    CASE WHEN usd_per_unit IS NULL THEN 'Charges' ELSE 'Requests' END,
    CASE WHEN usd_per_unit IS NULL THEN CAST(1 AS DECIMAL(38, 18)) ELSE quantity END,
    CAST(COALESCE(usd_per_unit, list_usd) AS DECIMAL(38, 18)),
    CASE WHEN usd_per_unit IS NULL THEN 'Charges' ELSE 'Requests' END,
    CASE
      WHEN usd_per_unit IS NULL THEN list_usd
      ELSE CAST(CAST(quantity AS DECIMAL(24, 12)) * CAST(usd_per_unit AS DECIMAL(12, 6)) AS DECIMAL(38, 18))
    END,
    billed_usd, 'direct', price_version
  FROM copilot_other
  WHERE list_usd <> 0 OR billed_usd <> 0
  UNION ALL
  SELECT
    month, vendor, 'usage', charge_class, first_day, last_day, CAST(NULL AS VARCHAR), actor_id, person_id, org, squad, cost_center,
    environment, model, sku, modifiers, quantity, 'Tokens', list_usd, CAST(1 AS DECIMAL(38, 18)), 'USD of list value', list_usd, billed_usd,
    'direct', CAST(NULL AS VARCHAR)
  FROM reported
  WHERE list_usd <> 0 OR billed_usd <> 0
  UNION ALL
  SELECT
    s.month, s.vendor, 'seat', 'seat', s.month, LAST_DAY(s.month), s.billing_entity, s.actor_id, s.person_id,
    CASE WHEN s.person_id IS NULL THEN '(not attributable)' ELSE COALESCE(m.org, '(no org)') END,
    CASE WHEN s.person_id IS NULL THEN '(not attributable)' ELSE COALESCE(m.squad, '(no squad)') END,
    m.cost_center, CAST(NULL AS VARCHAR), CAST(NULL AS VARCHAR), s.plan, CAST(NULL AS VARCHAR), CAST(s.seats AS DECIMAL(38, 18)), 'Seats',
    CAST(s.seats AS DECIMAL(38, 18)),
    CAST(ROUND(CAST(s.list_usd AS DOUBLE) / NULLIF(CAST(s.seats AS DOUBLE), 0), 6) AS DECIMAL(38, 18)), 'Seats', s.list_usd,
    CAST(COALESCE(s.billed_usd, 0) AS DECIMAL(38, 18)), s.proration_rule, s.price_version
  FROM fct_seat_month AS s
  LEFT JOIN members AS m ON m.month = s.month AND m.person_id = s.person_id
)

SELECT * FROM fct_charge_month
