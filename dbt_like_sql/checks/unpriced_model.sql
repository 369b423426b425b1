-- asset: fct_usage_day
-- severity: ERROR
-- partitions: day
-- episode: 7
-- title: Model without a price
-- description: Usage of a model that no price book knows on that day. It is shown as tokens and left out of every USD total, never counted as zero.
-- remedy: add the model to its price file in dbt_like_sql/prices, then `agent-spend rebuild --after` that file for the days
WITH unpriced AS (
  SELECT
    usage_day,
    vendor,
    COALESCE(model, '(model not stated)') AS model,
    unit,
    CAST(SUM(quantity) AS DECIMAL(38, 18)) AS quantity
  FROM fct_usage_day
  WHERE price_state = 'unpriced'
  GROUP BY usage_day, vendor, COALESCE(model, '(model not stated)'), unit
),

unpriced_model AS (
  SELECT
    vendor,
    model AS subject,
    usage_day,
    quantity AS observed,
    FORMAT('{:,}', CAST(quantity AS BIGINT)) || ' ' || unit || ' of ' || model || ' (' || vendor || ') on '
      || CAST(usage_day AS VARCHAR)
      || ' have no price and are in no USD total; add the model to the price book' AS explanation
  FROM unpriced
  WHERE quantity > 0
)

SELECT * FROM unpriced_model
