-- grain: one row per Cursor billing cycle, and one for events of cycles that Cursor has not named
-- unit: USD, amounts apart
-- source: rpt_finance__cursor_cycle_day, fct_seat_fee, cursor_spend, cursor_billing_cycles, feed_coverage, reconciliation_tolerances
-- late data: rebuilt whole
-- partitions: none
/*
cycle_started_at: first instant of the cycle, included; null for events of cycles that Cursor has not named
cycle_ended_at: first instant after it; null while nobody has named it
days: UTC days that the cycle touches, up to the newest day that is loaded
loaded_days: of these, days whose events are loaded, stated zeros included
events: usage events
included_usd: part that the plan already pays
on_demand_usd: on-demand charge, added from the events
members_on_demand_usd: the part of it that people's events carry
seat_usd: seat fees billed for the cycle, of the months that are loaded; null without a price or seats
spend_usd: the members' on-demand spendCents of the cycle by the newest whole snapshot; service accounts have none
spend_day: UTC day of that snapshot
difference_usd: members_on_demand_usd less spend_usd
groups_usd: the billing groups' spend of the cycle as last read
groups_amount: which amount groups_usd turns out to be: on_demand, overall, both or neither
state: agrees (within tolerance, with the members' or the groups' amount), running (not yet), differs, snapshot_before_end, no_snapshot, days_missing or cycle_not_known
*/
WITH usage AS (
  SELECT
    cycle_started_at,
    MAX(cycle_ended_at) AS cycle_ended_at,
    MIN(usage_day) AS first_day,
    CAST(SUM(events) AS BIGINT) AS events,
    CAST(SUM(covered_usd) AS DECIMAL(38, 18)) AS included_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS on_demand_usd,
    CAST(SUM(CASE WHEN auth_kind = 'seat' THEN billed_usd ELSE 0 END) AS DECIMAL(38, 18)) AS members_on_demand_usd
  FROM rpt_finance__cursor_cycle_day
  GROUP BY cycle_started_at
),

seats AS (
  SELECT c.cycle_started_at, CASE WHEN COUNT(*) = COUNT(f.billed_usd) THEN CAST(SUM(f.billed_usd) AS DECIMAL(38, 18)) END AS seat_usd
  FROM fct_seat_fee AS f
  LEFT JOIN int_cursor__cycle AS c ON CAST(c.cycle_started_at AS DATE) = f.period_start_day
  WHERE f.vendor = 'cursor'
  GROUP BY c.cycle_started_at
),

loaded AS (
  SELECT DISTINCT usage_day
  FROM feed_coverage
  WHERE feed IN ('cursor_usage_events', 'cursor_csv_events') AND state IN ('available', 'zero')
),

bounds AS (
  SELECT
    u.cycle_started_at,
    COALESCE(CAST(u.cycle_started_at AS DATE), u.first_day) AS first_day,
    LEAST(CAST(u.cycle_ended_at AS DATE), (SELECT MAX(usage_day) FROM loaded)) AS last_day
  FROM usage AS u
),

days AS (
  SELECT
    b.cycle_started_at,
    CAST(DATE_DIFF('day', b.first_day, b.last_day) + 1 AS BIGINT) AS days,
    CAST(COUNT(l.usage_day) AS BIGINT) AS loaded_days,
    MAX(b.last_day) AS last_day
  FROM bounds AS b
  LEFT JOIN loaded AS l ON l.usage_day BETWEEN b.first_day AND b.last_day
  GROUP BY b.cycle_started_at, b.first_day, b.last_day
),

spend AS (
  SELECT
    CAST(s.cycle_started_at AS DATE) AS cycle_day,
    s.usage_day AS spend_day,
    CAST(SUM(s.on_demand_usd) AS DECIMAL(38, 18)) AS spend_usd,
    -- A snapshot of which only a part came stands behind any whole one.
    ROW_NUMBER() OVER (
      PARTITION BY CAST(s.cycle_started_at AS DATE)
      ORDER BY CASE WHEN MAX(c.state) = 'partial' THEN 1 ELSE 0 END, s.usage_day DESC
    ) AS preference
  FROM cursor_spend AS s
  LEFT JOIN feed_coverage AS c ON c.feed = 'cursor_spend' AND c.usage_day = s.usage_day
  GROUP BY CAST(s.cycle_started_at AS DATE), s.usage_day
),

grouped AS (
  SELECT
    CAST(cycle_started_at AS DATE) AS cycle_day,
    CAST(SUM(spend_usd) AS DECIMAL(38, 18)) AS groups_usd,
    ROW_NUMBER() OVER (PARTITION BY CAST(cycle_started_at AS DATE) ORDER BY usage_day DESC) AS preference
  FROM cursor_billing_cycles
  GROUP BY 1, usage_day
),

compared AS (
  SELECT
    u.*,
    d.days,
    d.loaded_days,
    f.seat_usd,
    s.spend_usd,
    s.spend_day,
    CAST(u.members_on_demand_usd - s.spend_usd AS DECIMAL(38, 18)) AS difference_usd,
    g.groups_usd,
    COALESCE(CAST(u.cycle_ended_at AS DATE) <= d.last_day, FALSE) AS is_over,
    GREATEST(
      COALESCE(CAST(t.tolerance_usd AS DECIMAL(38, 18)), 0),
      CAST(u.on_demand_usd * COALESCE(CAST(t.tolerance_share AS DECIMAL(9, 6)), 0) AS DECIMAL(38, 18))
    ) AS tolerance_usd
  FROM usage AS u
  INNER JOIN days AS d ON d.cycle_started_at IS NOT DISTINCT FROM u.cycle_started_at
  LEFT JOIN seats AS f ON f.cycle_started_at IS NOT DISTINCT FROM u.cycle_started_at
  LEFT JOIN spend AS s ON s.cycle_day = CAST(u.cycle_started_at AS DATE) AND s.preference = 1
  LEFT JOIN grouped AS g ON g.cycle_day = CAST(u.cycle_started_at AS DATE) AND g.preference = 1
  LEFT JOIN reconciliation_tolerances AS t
    ON t.vendor = 'cursor' AND CAST(u.cycle_started_at AS DATE) >= CAST(t.effective_from AS DATE)
    AND (t.effective_to IS NULL OR CAST(u.cycle_started_at AS DATE) < CAST(t.effective_to AS DATE))
),

matched AS (
  SELECT
    *,
    CASE
      WHEN groups_usd IS NULL THEN NULL
      WHEN ABS(groups_usd - on_demand_usd) <= tolerance_usd AND ABS(included_usd) <= tolerance_usd THEN 'both'
      WHEN ABS(groups_usd - on_demand_usd) <= tolerance_usd THEN 'on_demand'
      WHEN ABS(groups_usd - on_demand_usd - included_usd) <= tolerance_usd THEN 'overall'
      ELSE 'neither'
    END AS groups_amount
  FROM compared
),

rpt_finance__cursor_cycle AS (
  SELECT
    cycle_started_at,
    cycle_ended_at,
    days,
    loaded_days,
    events,
    included_usd,
    on_demand_usd,
    members_on_demand_usd,
    seat_usd,
    spend_usd,
    spend_day,
    difference_usd,
    groups_usd,
    groups_amount,
    CASE
      WHEN cycle_started_at IS NULL THEN 'cycle_not_known'
      WHEN loaded_days < days THEN 'days_missing'
      WHEN ABS(difference_usd) <= tolerance_usd OR groups_amount IN ('on_demand', 'overall', 'both') THEN 'agrees'
      WHEN NOT is_over THEN 'running'
      WHEN groups_usd IS NOT NULL THEN 'differs'
      WHEN spend_usd IS NOT NULL THEN 'snapshot_before_end'
      ELSE 'no_snapshot'
    END AS state
  FROM matched
)

SELECT * FROM rpt_finance__cursor_cycle
