-- grain: one row per UTC day x workflow x model, over the tasks that ended that day
-- unit: tokens and USD at list price
-- source: fct_task, int_agent__run, int_agent__call
-- late data: follows fct_task
-- partitions: day
-- look: back 7, ahead 7
/*
usage_day: UTC day the tasks ended
workflow_id: workflow
model: model that answered
calls: inference calls
tokens: tokens of all classes
list_usd: list value; null when every call is unpriced
*/
WITH int_agent__task_model_day AS (
  SELECT
    t.usage_day,
    t.workflow_id,
    c.model,
    CAST(SUM(c.calls) AS BIGINT) AS calls,
    CAST(SUM(c.input_tokens + c.cache_read_tokens + c.cache_write_5m_tokens + c.cache_write_1h_tokens + c.output_tokens) AS BIGINT) AS tokens,
    CAST(SUM(c.list_usd) AS DECIMAL(38, 18)) AS list_usd
  FROM fct_task AS t
  INNER JOIN int_agent__run AS r ON r.workflow_id = t.workflow_id AND r.task_id = t.task_id
  INNER JOIN int_agent__call AS c ON c.usage_day = r.usage_day AND c.trace_id = r.trace_id
  WHERE c.model IS NOT NULL
  GROUP BY t.usage_day, t.workflow_id, c.model
)

SELECT * FROM int_agent__task_model_day
