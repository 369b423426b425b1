-- grain: one row per UTC day x class of SKU (credits, seat)
-- unit: USD; gross is consumption at list price, discount the part that credits included in seats pay, net the charge
-- source: copilot_billing_usage; the enterprise's own bill wins over its organizations' on a day that has both
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day
sku_class: credits or seat
gross_quantity: consumption, in credits or user-months
gross_usd: consumption at list price
discount_usd: part covered by included credits or other discounts
net_usd: what GitHub says it charges, before tax and contract discounts
review_usd: gross of code review, the one kind of use that GitHub also bills for people without a licence
*/
WITH scopes AS (
  SELECT
    usage_day,
    MAX(CASE WHEN scope_kind = 'enterprise' THEN 1 ELSE 0 END) AS has_enterprise
  FROM copilot_billing_usage
  GROUP BY usage_day
),

int_reconcile__copilot_bill_day AS (
  SELECT
    b.usage_day,
    b.sku_class,
    CAST(SUM(b.gross_quantity) AS DECIMAL(38, 18)) AS gross_quantity,
    CAST(SUM(b.gross_usd) AS DECIMAL(38, 18)) AS gross_usd,
    CAST(SUM(b.discount_usd) AS DECIMAL(38, 18)) AS discount_usd,
    CAST(SUM(b.net_usd) AS DECIMAL(38, 18)) AS net_usd,
    CAST(SUM(CASE WHEN LOWER(b.model) LIKE '%code review%' THEN b.gross_usd ELSE 0 END) AS DECIMAL(38, 18)) AS review_usd
  FROM copilot_billing_usage AS b
  INNER JOIN scopes AS s ON s.usage_day = b.usage_day
  WHERE b.sku_class IN ('credits', 'seat') AND (s.has_enterprise = 0 OR b.scope_kind = 'enterprise')
  GROUP BY b.usage_day, b.sku_class
)

SELECT * FROM int_reconcile__copilot_bill_day
