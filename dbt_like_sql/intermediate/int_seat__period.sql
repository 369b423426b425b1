-- grain: one row per UTC day x vendor whose seats are known in the day's month or billing period
-- source: int_seat__day, int_cursor__cycle, policies/billing_cycles.csv
-- late data: follows int_seat__day
-- partitions: view day
/*
usage_day: UTC day, known or not
vendor: ledger name of the vendor
period_start_day: first UTC day of the billing period that holds the day
period_end_day: its last UTC day
period_days: days that the price of the period is for: its own, and those of its month where a new cycle cut it short
period_rule: whence the period: calendar month; cycle named by the vendor; cycle stated; cycle counted from another one; calendar month, billing cycle not known
as_of_day: UTC day whose seats stand for the day: the newest known one up to it, else the oldest after it
*/
WITH known AS (
  SELECT DISTINCT usage_day, vendor FROM int_seat__day
),

months AS (
  SELECT vendor, CAST(DATE_TRUNC('month', usage_day) AS DATE) AS month FROM known
  UNION
  -- A billing period may have begun in the month before.
  SELECT vendor, CAST(DATE_TRUNC('month', CAST(DATE_TRUNC('month', usage_day) AS DATE) - 1) AS DATE) FROM known
),

numbers AS (
  SELECT tens.n * 10 + ones.n AS n
  FROM (VALUES (0), (1), (2), (3)) AS tens (n)
  CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS ones (n)
),

calendar AS (
  SELECT
    m.vendor,
    m.month,
    CAST(m.month + CAST(n.n AS INTEGER) AS DATE) AS usage_day,
    CAST(DATE_TRUNC('month', m.month - 1) AS DATE) AS month_before,
    CAST(LAST_DAY(m.month) + 1 AS DATE) AS month_after
  FROM months AS m
  INNER JOIN numbers AS n ON n.n < DAY(LAST_DAY(m.month))
),

named AS (
  SELECT 'cursor' AS vendor, CAST(cycle_started_at AS DATE) AS start_day, 'cycle named by the vendor' AS rule
  FROM int_cursor__cycle
  UNION
  SELECT 'cursor', CAST(cycle_ended_at AS DATE), 'cycle named by the vendor' FROM int_cursor__cycle WHERE cycle_ended_at IS NOT NULL
  UNION
  SELECT vendor, CAST(cycle_start_day AS DATE), 'cycle stated' FROM billing_cycles
),

starts AS (
  SELECT
    vendor,
    start_day,
    MIN(rule) AS rule,
    -- The day of a sign-up on the 31st is the last one of a shorter month.
    CASE
      WHEN start_day = LAST_DAY(start_day) THEN MAX(DAY(start_day)) OVER (PARTITION BY vendor)
      ELSE DAY(start_day)
    END AS anchor,
    LAG(start_day) OVER (PARTITION BY vendor ORDER BY start_day) IS NULL AS is_first,
    LEAD(start_day) OVER (PARTITION BY vendor ORDER BY start_day) AS next_start_day
  FROM named
  GROUP BY vendor, start_day
),

anchored AS (
  SELECT
    c.*,
    s.start_day,
    s.next_start_day,
    s.rule,
    CAST(c.month_before + CAST(LEAST(s.anchor, DAY(LAST_DAY(c.month_before))) - 1 AS INTEGER) AS DATE) AS start_before,
    CAST(c.month + CAST(LEAST(s.anchor, DAY(LAST_DAY(c.month))) - 1 AS INTEGER) AS DATE) AS start_within,
    CAST(c.month_after + CAST(LEAST(s.anchor, DAY(LAST_DAY(c.month_after))) - 1 AS INTEGER) AS DATE) AS start_after
  FROM calendar AS c
  LEFT JOIN starts AS s
    ON s.vendor = c.vendor AND (s.start_day <= c.usage_day OR s.is_first) AND (s.next_start_day IS NULL OR c.usage_day < s.next_start_day)
),

periods AS (
  SELECT
    usage_day,
    vendor,
    month,
    CASE
      WHEN start_day IS NULL THEN month
      WHEN usage_day >= start_day THEN GREATEST(start_day, CASE WHEN usage_day >= start_within THEN start_within ELSE start_before END)
      ELSE CASE WHEN usage_day >= start_within THEN start_within ELSE start_before END
    END AS period_start_day,
    CASE
      WHEN start_day IS NULL THEN CAST(LAST_DAY(month) AS DATE)
      ELSE CAST(LEAST(CASE WHEN usage_day >= start_within THEN start_after ELSE start_within END, COALESCE(next_start_day, DATE '9999-12-31')) - 1 AS DATE)
    END AS period_end_day,
    CASE
      WHEN usage_day >= start_within THEN DATE_DIFF('day', start_within, start_after)
      ELSE DATE_DIFF('day', start_before, start_within)
    END AS month_days,
    start_day,
    rule
  FROM anchored
),

int_seat__period AS (
  SELECT
    p.usage_day,
    p.vendor,
    p.period_start_day,
    p.period_end_day,
    -- No month is shorter than 28 days, so a shorter cycle is one that another has cut short.
    CASE
      WHEN DATE_DIFF('day', p.period_start_day, p.period_end_day) + 1 < 28 THEN p.month_days
      ELSE DATE_DIFF('day', p.period_start_day, p.period_end_day) + 1
    END AS period_days,
    CASE
      WHEN p.period_start_day = p.start_day THEN p.rule
      WHEN p.start_day IS NOT NULL THEN 'cycle counted from the one of ' || CAST(p.start_day AS VARCHAR)
      WHEN p.vendor = 'cursor' THEN 'calendar month, billing cycle not known'
      ELSE 'calendar month'
    END AS period_rule,
    COALESCE(
      MAX(CASE WHEN k.usage_day <= p.usage_day THEN k.usage_day END), MIN(CASE WHEN k.usage_day > p.usage_day THEN k.usage_day END)
    ) AS as_of_day
  FROM periods AS p
  INNER JOIN known AS k
    ON k.vendor = p.vendor
    AND (k.usage_day BETWEEN p.period_start_day AND p.period_end_day OR k.usage_day BETWEEN p.month AND LAST_DAY(p.month))
  GROUP BY p.usage_day, p.vendor, p.period_start_day, p.period_end_day, p.month_days, p.start_day, p.rule
)

SELECT * FROM int_seat__period
