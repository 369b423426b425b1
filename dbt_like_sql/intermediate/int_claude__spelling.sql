-- grain: one row per UTC day x spelling of a model in what our own agents and Claude Code's metrics say
-- source: agent_spans (inference only), claude_code_metrics
-- late data: follows the feeds
-- partitions: view day
/*
usage_day: UTC day
model: model as it is spelled; null where none is stated
vendor_model: the vendor's id that a cloud, a gateway or a client spells so; any other model as it is
is_fast: whether the spelling says fast mode
*/
WITH spellings AS (
  SELECT usage_day, model FROM agent_spans WHERE span_class = 'inference'
  UNION
  SELECT usage_day, model FROM claude_code_metrics
),

plain AS (
  SELECT usage_day, model, REPLACE(LOWER(model), ' ', '-') AS plain_model
  FROM spellings
),

int_claude__spelling AS (
  SELECT
    usage_day,
    model,
    -- us.anthropic.claude-x-1-20990101-v1:0, claude-x-1@20990101, anthropic/claude-x.1:thinking, claude-x-1[1m], Claude X 1
    CASE
      WHEN plain_model LIKE '%claude-%'
        THEN 'claude-' || REPLACE(
          REPLACE(REGEXP_REPLACE(SPLIT_PART(plain_model, 'claude-', 2), '([[]|:|-v[0-9]|[@-]default|-thinking|-thought|-fast).*$', ''), '@', '-'), '.', '-'
        )
      ELSE model
    END AS vendor_model,
    COALESCE(plain_model LIKE '%claude-%-fast' OR plain_model LIKE 'fast/%claude-%', FALSE) AS is_fast
  FROM plain
)

SELECT * FROM int_claude__spelling
