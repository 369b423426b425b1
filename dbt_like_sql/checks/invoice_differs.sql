-- asset: rpt_reconciliation_month
-- severity: ERROR
-- partitions: none
-- title: Invoice differs from the billing data
-- description: A month whose metered value, billing API and invoice differ by more than the vendor's tolerance after every known cause. A month without an invoice is "not reconciled", not a difference.
-- remedy: take the line's causes in rpt_reconciliation_month to the vendor, or load the missing invoice or credit note
WITH differing AS (
  SELECT DISTINCT
    month,
    vendor,
    line,
    comparison,
    metered_usd,
    billing_api_usd,
    invoiced_usd,
    unexplained_usd,
    tolerance_usd
  FROM rpt_reconciliation_month
  WHERE NOT within_tolerance
),

invoice_differs AS (
  SELECT
    vendor,
    vendor || ' ' || line || ' ' || STRFTIME(month, '%Y-%m') AS subject,
    month AS usage_day,
    CASE WHEN comparison = 'metered_billing_api' THEN billing_api_usd ELSE invoiced_usd END AS observed,
    CASE WHEN comparison = 'billing_api_invoice' THEN billing_api_usd ELSE metered_usd END AS baseline,
    unexplained_usd AS amount_usd,
    vendor || ' ' || line || ' of ' || STRFTIME(month, '%Y-%m') || ': '
      || CASE comparison
        WHEN 'metered_billing_api' THEN 'the billing API charges ' || CAST(CAST(billing_api_usd AS DECIMAL(18, 2)) AS VARCHAR) || ' USD, '
          || CAST(CAST(COALESCE(metered_usd, 0) AS DECIMAL(18, 2)) AS VARCHAR) || ' USD were metered at list price'
        WHEN 'metered_invoice' THEN 'the invoice says ' || CAST(CAST(invoiced_usd AS DECIMAL(18, 2)) AS VARCHAR) || ' USD, our own figure is '
          || CAST(CAST(metered_usd AS DECIMAL(18, 2)) AS VARCHAR) || ' USD'
        ELSE 'the invoice says ' || CAST(CAST(invoiced_usd AS DECIMAL(18, 2)) AS VARCHAR) || ' USD, the billing API '
          || COALESCE(CAST(CAST(billing_api_usd AS DECIMAL(18, 2)) AS VARCHAR) || ' USD', 'nothing')
      END
      || '; ' || CAST(CAST(unexplained_usd AS DECIMAL(18, 2)) AS VARCHAR) || ' USD have no known cause (tolerance '
      || COALESCE(CAST(CAST(tolerance_usd AS DECIMAL(18, 2)) AS VARCHAR), 'none set') || ' USD)' AS explanation
  FROM differing
)

SELECT * FROM invoice_differs
