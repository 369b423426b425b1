-- asset: rpt_month_close
-- severity: WARN
-- partitions: none
-- title: Month closed by an older release
-- description: A month was closed by a release that froze fewer tables than this one. What it lacks shows what is known now, so it may contradict the month's frozen figures.
-- remedy: `agent-spend reopen` the month and close it again
WITH needed AS (
  SELECT *
  FROM (
    VALUES
      ('rpt_finance__vendor_month'), ('rpt_finance__series_month'), ('rpt_finance__line_month'), ('rpt_finance__pool_month'),
      ('rpt_manager__person_month'), ('rpt_reconciliation_month'), ('fct_charge_month'), ('fct_seat_month')
  ) AS names (table_name)
),

in_force AS (
  SELECT DISTINCT
    month,
    sequence
  FROM int_month_close__in_force
),

lacking AS (
  SELECT
    i.month,
    STRING_AGG(t.table_name, ', ' ORDER BY t.table_name) AS table_names
  FROM in_force AS i
  CROSS JOIN needed AS t
  LEFT JOIN month_close_rows AS r
    ON r.month = i.month AND r.sequence = i.sequence AND r.table_name = t.table_name AND r.content IS NULL
  WHERE r.month IS NULL
  GROUP BY i.month
),

month_close_incomplete AS (
  SELECT
    'company' AS vendor,
    STRFTIME(month, '%Y-%m') AS subject,
    STRFTIME(month, '%Y-%m') || ' was closed by an older release without ' || table_names || ', which show what is known now; '
      || 'to freeze them too: agent-spend reopen --month ' || STRFTIME(month, '%Y-%m') || ' --reason "older release", and close it again'
      AS explanation
  FROM lacking
)

SELECT * FROM month_close_incomplete
