-- asset: stg_prices__unit
-- severity: ERROR
-- partitions: none
-- title: Price book has gaps or overlaps
-- description: Price lines of one item whose periods overlap (usage would be counted twice) or leave a gap (usage between them would be unpriced), that end before they begin, that name no day or no source, or that nothing applies.
-- remedy: correct the lines named in dbt_like_sql/prices; `agent-spend prices check` lists them
WITH lines AS (
  SELECT 'claude_prices' AS book, 'anthropic' AS vendor, model || ' ' || band AS item, effective_from, effective_to, source FROM claude_prices
  UNION ALL
  SELECT 'claude_modifiers', 'anthropic', modifier || ' ' || value, effective_from, effective_to, source FROM claude_modifiers
  UNION ALL
  SELECT 'cursor_prices', 'cursor', model, effective_from, effective_to, source FROM cursor_prices
  UNION ALL
  SELECT 'unit_prices', vendor, item, effective_from, effective_to, source FROM unit_prices
  UNION ALL
  SELECT 'seat_prices', vendor, plan || ' ' || billing, effective_from, effective_to, source FROM seat_prices
  UNION ALL
  SELECT 'included_pools', vendor, plan, effective_from, effective_to, source FROM included_pools
  UNION ALL
  SELECT 'reconciliation_tolerances', vendor, 'tolerance', effective_from, effective_to, source FROM reconciliation_tolerances
  UNION ALL
  SELECT 'contract_discounts', vendor, line || ' ' || shown_by, effective_from, effective_to, source FROM contract_discounts
),

periods AS (
  SELECT
    book,
    vendor,
    item,
    CAST(effective_from AS DATE) AS from_day,
    CAST(effective_to AS DATE) AS to_day,
    source
  FROM lines
),

neighbours AS (
  SELECT
    *,
    LEAD(from_day) OVER (PARTITION BY book, vendor, item ORDER BY from_day, COALESCE(to_day, DATE '9999-12-31')) AS next_day
  FROM periods
),

problems AS (
  SELECT
    book,
    vendor,
    item,
    from_day,
    'has the proration_rule ' || proration_rule || ', which is none of rest_of_month, rest_of_cycle_if_used and purchased_seats; its seats have no fee' AS problem
  FROM (SELECT 'seat_prices' AS book, vendor, plan || ' ' || billing AS item, CAST(effective_from AS DATE) AS from_day, proration_rule FROM seat_prices) AS seats
  WHERE proration_rule NOT IN ('rest_of_month', 'rest_of_cycle_if_used', 'purchased_seats')
  UNION ALL
  SELECT
    book,
    vendor,
    item,
    from_day,
    CASE
      WHEN from_day IS NULL THEN 'has no effective_from'
      WHEN COALESCE(TRIM(source), '') = '' THEN 'has no source'
      WHEN to_day <= from_day THEN 'ends on ' || CAST(to_day AS VARCHAR) || ', before it begins'
      WHEN next_day IS NOT NULL AND to_day IS NULL THEN 'has no end and overlaps the line from ' || CAST(next_day AS VARCHAR) || '; give it effective_to ' || CAST(next_day AS VARCHAR)
      WHEN next_day < to_day THEN 'ends on ' || CAST(to_day AS VARCHAR) || ' and overlaps the line from ' || CAST(next_day AS VARCHAR)
      WHEN book = 'claude_modifiers' AND item NOT IN ('service_tier batch', 'inference_geo us') THEN 'is a modifier that int_claude__rate does not apply'
      WHEN next_day > to_day THEN 'ends on ' || CAST(to_day AS VARCHAR) || ' and the next begins on ' || CAST(next_day AS VARCHAR) || '; usage between them is unpriced'
    END AS problem
  FROM neighbours
),

price_book_gaps AS (
  SELECT
    vendor,
    book || ' ' || item || ' from ' || COALESCE(CAST(from_day AS VARCHAR), '(no day)') AS subject,
    book || ': the line of ' || item || ' from ' || COALESCE(CAST(from_day AS VARCHAR), '(no day)') || ' ' || problem AS explanation
  FROM problems
  WHERE problem IS NOT NULL
)

SELECT * FROM price_book_gaps
