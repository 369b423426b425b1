-- grain: one row per ISO week x vendor x background kind x unit
-- unit: quantity in its unit; USD
-- source: fct_usage_day; Copilot's credits of days that GitHub does not split are 'not_split', its bill names the cloud agent
-- late data: follows fct_usage_day
-- partitions: week
/*
week_start: Monday 00:00 UTC of the ISO week
vendor: vendor
background_kind: cloud_agent, automation, service_account, headless, api_key or not_split
quantity: amount consumed, in unit
unit: ai_credits, tokens or charge
list_usd: consumption at list price
billed_usd: what the vendor's billing API says it charges
*/
WITH background AS (
  SELECT
    *,
    CASE
      WHEN background_kind IS NOT NULL THEN background_kind
      WHEN series = 'copilot_credits' AND actor_kind = 'not_split' THEN 'not_split'
      WHEN series = 'claude_api_key' AND actor_kind = 'machine' THEN 'api_key'
    END AS kind
  FROM fct_usage_day
  WHERE vendor <> 'custom_agents'
),

rpt_platform__background_week AS (
  SELECT
    CAST(DATE_TRUNC('week', usage_day) AS DATE) AS week_start,
    vendor,
    kind AS background_kind,
    CAST(SUM(quantity) AS DECIMAL(38, 18)) AS quantity,
    unit,
    CAST(SUM(list_usd) AS DECIMAL(38, 18)) AS list_usd,
    CAST(SUM(billed_usd) AS DECIMAL(38, 18)) AS billed_usd
  FROM background
  WHERE kind IS NOT NULL
  GROUP BY ALL
)

SELECT * FROM rpt_platform__background_week
