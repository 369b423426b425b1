-- grain: one row per UTC day x class of SKU (credits, seat, other)
-- unit: USD; gross is consumption at list price, discount the part that credits included in seats pay, net the charge
-- source: stg_copilot__billing_line
-- late data: re-read for the feed's restatement window
-- partitions: view day
/*
usage_day: UTC day
sku_class: credits, seat or other (premium requests before June 2026, and SKUs not known here)
gross_quantity: consumption, in credits, user-months or the SKU's unit
gross_usd: consumption at list price
discount_usd: part covered by included credits or other discounts
net_usd: what GitHub says it charges, before tax and contract discounts
review_usd: gross of code review, the one kind of use that GitHub also bills for people without a licence
*/
SELECT
  usage_day,
  sku_class,
  CAST(SUM(gross_quantity) AS DECIMAL(38, 18)) AS gross_quantity,
  CAST(SUM(gross_usd) AS DECIMAL(38, 18)) AS gross_usd,
  CAST(SUM(discount_usd) AS DECIMAL(38, 18)) AS discount_usd,
  CAST(SUM(net_usd) AS DECIMAL(38, 18)) AS net_usd,
  CAST(SUM(CASE WHEN LOWER(model) LIKE '%code review%' THEN gross_usd ELSE 0 END) AS DECIMAL(38, 18)) AS review_usd
FROM stg_copilot__billing_line
GROUP BY usage_day, sku_class
