-- grain: one row per UTC day x SKU x model of GitHub's billing API
-- unit: USD; gross = consumption, discount = covered by the included pool, net = billed
-- source: copilot_billing_usage; the enterprise's bill wins over the organizations'
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day
scope: slug of the enterprise or organization that is billed
sku: SKU as GitHub prints it
sku_class: credits, seat or other
model: display name of the model, null where the line has none
gross_usd: consumption before pool and discounts
discount_usd: part covered by the included pool or a discount
net_usd: billed
gross_quantity: credits, or user-months for seats
*/
WITH ranked AS (
  SELECT
    *,
    MIN(CASE WHEN scope_kind = 'enterprise' THEN 0 ELSE 1 END) OVER (PARTITION BY usage_day) AS best_kind
  FROM copilot_billing_usage
),

stg_copilot__billing_line AS (
  SELECT
    usage_day,
    scope,
    sku,
    sku_class,
    model,
    gross_usd,
    discount_usd,
    net_usd,
    gross_quantity
  FROM ranked
  WHERE CASE WHEN scope_kind = 'enterprise' THEN 0 ELSE 1 END = best_kind
)

SELECT * FROM stg_copilot__billing_line
