-- grain: one row per billing cycle that Cursor has named
-- source: cursor_billing_cycles (start and end), cursor_spend (start only)
-- late data: rebuilt whole
-- partitions: none
/*
cycle_started_at: first instant of the cycle, included
cycle_ended_at: first instant after it; null while nobody has named it
*/
WITH named AS (
  SELECT DISTINCT cycle_started_at, cycle_ended_at FROM cursor_billing_cycles
  UNION ALL
  SELECT DISTINCT cycle_started_at, CAST(NULL AS TIMESTAMPTZ) AS cycle_ended_at FROM cursor_spend
),

ranked AS (
  SELECT
    *,
    -- One endpoint may cut the milliseconds that the other prints.
    ROW_NUMBER() OVER (
      PARTITION BY CAST(cycle_started_at AS DATE)
      ORDER BY CASE WHEN cycle_ended_at IS NULL THEN 1 ELSE 0 END, cycle_ended_at DESC, cycle_started_at
    ) AS preference
  FROM named
),

int_cursor__cycle AS (
  SELECT
    cycle_started_at,
    LEAST(cycle_ended_at, LEAD(cycle_started_at) OVER (ORDER BY cycle_started_at)) AS cycle_ended_at
  FROM ranked
  WHERE preference = 1
)

SELECT * FROM int_cursor__cycle
