-- asset: fct_seat_month
-- severity: ERROR
-- partitions: none
-- blocking: yes
-- title: Seat fees do not add up
-- description: The seat fees of each month and vendor equal the fees of its billing periods to the cent, and no holder is billed for more days than the month has.
-- remedy: build fct_seat_fee and fct_seat_month of the month again; if it stays, a model or an own SQL file drops or doubles seats
WITH periods AS (
  SELECT month, vendor, CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM fct_seat_fee
  GROUP BY month, vendor
),

months AS (
  SELECT month, vendor, CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM fct_seat_month
  GROUP BY month, vendor
),

holders AS (
  SELECT month, vendor, billing_entity, actor_id, CAST(SUM(days) AS BIGINT) AS days
  FROM fct_seat_month
  WHERE actor_id IS NOT NULL
  GROUP BY month, vendor, billing_entity, actor_id
),

seat_fees_conserved AS (
  SELECT
    COALESCE(p.vendor, m.vendor) AS vendor,
    COALESCE(p.vendor, m.vendor) || ' seats ' || STRFTIME(COALESCE(p.month, m.month), '%Y-%m') AS subject,
    COALESCE(p.month, m.month) AS usage_day,
    COALESCE(m.billed_usd, CAST(0 AS DECIMAL(38, 18))) AS observed,
    COALESCE(p.billed_usd, CAST(0 AS DECIMAL(38, 18))) AS baseline,
    CAST(COALESCE(m.billed_usd, 0) - COALESCE(p.billed_usd, 0) AS DECIMAL(38, 18)) AS amount_usd,
    COALESCE(p.vendor, m.vendor) || ' seats of ' || STRFTIME(COALESCE(p.month, m.month), '%Y-%m') || ': the month holds '
      || CAST(CAST(COALESCE(m.billed_usd, 0) AS DECIMAL(18, 2)) AS VARCHAR) || ' USD, its billing periods '
      || CAST(CAST(COALESCE(p.billed_usd, 0) AS DECIMAL(18, 2)) AS VARCHAR) || ' USD' AS explanation
  FROM periods AS p
  FULL OUTER JOIN months AS m ON m.month = p.month AND m.vendor = p.vendor
  WHERE COALESCE(m.billed_usd, 0) <> COALESCE(p.billed_usd, 0)
  UNION ALL
  SELECT
    vendor,
    vendor || ' seat of ' || actor_id || ' ' || STRFTIME(month, '%Y-%m'),
    month,
    CAST(days AS DECIMAL(38, 18)),
    CAST(DAY(LAST_DAY(month)) AS DECIMAL(38, 18)),
    CAST(NULL AS DECIMAL(38, 18)),
    vendor || ' seat of ' || actor_id || ' in ' || STRFTIME(month, '%Y-%m') || ': ' || CAST(days AS VARCHAR) || ' days are billed, the month has '
      || CAST(DAY(LAST_DAY(month)) AS VARCHAR)
  FROM holders
  WHERE days > DAY(LAST_DAY(month))
)

SELECT * FROM seat_fees_conserved
