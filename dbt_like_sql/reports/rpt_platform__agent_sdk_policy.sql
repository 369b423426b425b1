-- grain: one row per plan of the announced Agent SDK credit
-- unit: USD a month and seat
-- source: policies/agent_sdk_split.csv; nothing of it is in the ledger
-- late data: rebuilt whole
-- partitions: none
/*
plan: plan of the seat
monthly_credit_usd: credit of one seat a month; not pooled, not carried over
announced_day: UTC day it was announced
paused_day: UTC day it was paused; null when it was not
effective_from: UTC day from which the what-if holds; null while it is off
overflow: on (use beyond the credit goes on at list price) or off (it stops)
state: in words: announced, paused and not in force, or what if from a day
source: where it was announced
*/
WITH dated AS (
  SELECT
    LOWER(plan) AS plan,
    CAST(TRIM(monthly_credit_usd) AS DECIMAL(18, 2)) AS monthly_credit_usd,
    CAST(NULLIF(TRIM(announced_day), '') AS DATE) AS announced_day,
    CAST(NULLIF(TRIM(paused_day), '') AS DATE) AS paused_day,
    CAST(NULLIF(TRIM(effective_from), '') AS DATE) AS effective_from,
    LOWER(TRIM(overflow)) AS overflow,
    source
  FROM agent_sdk_split
),

rpt_platform__agent_sdk_policy AS (
  SELECT
    plan,
    monthly_credit_usd,
    announced_day,
    paused_day,
    effective_from,
    overflow,
    'announced ' || COALESCE(SUBSTRING(CAST(announced_day AS VARCHAR), 1, 7), '(no day)')
      || COALESCE(', paused ' || CAST(paused_day AS VARCHAR), '')
      || CASE WHEN effective_from IS NULL THEN ', not in force' ELSE ', what if from ' || CAST(effective_from AS VARCHAR) END AS state,
    source
  FROM dated
)

SELECT * FROM rpt_platform__agent_sdk_policy
