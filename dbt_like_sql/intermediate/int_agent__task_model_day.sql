-- grain: one row per UTC day x workflow x model, over the tasks that ended that day
-- unit: tokens and USD at list price
-- source: int_agent__task_run, int_agent__call
-- late data: follows fct_task
-- partitions: day
-- look: back 14, ahead 14
/*
usage_day: UTC day the tasks ended
workflow_id: workflow
model: model that answered; (unknown) when no span says
tokens: tokens of all classes
list_usd: list value; null when every call is unpriced
*/
WITH int_agent__task_model_day AS (
  SELECT
    r.usage_day,
    r.workflow_id,
    COALESCE(c.model, '(unknown)') AS model,
    CAST(SUM(c.input_tokens + c.cache_read_tokens + c.cache_write_5m_tokens + c.cache_write_1h_tokens + c.output_tokens) AS BIGINT) AS tokens,
    CAST(SUM(c.list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM int_agent__task_run AS r
  INNER JOIN int_agent__call AS c ON c.usage_day = r.run_day AND c.trace_id = r.trace_id AND c.run_span_id = r.run_span_id
  GROUP BY r.usage_day, r.workflow_id, COALESCE(c.model, '(unknown)')
)

SELECT * FROM int_agent__task_model_day
