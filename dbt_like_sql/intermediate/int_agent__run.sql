-- grain: one row per trace: one run (attempt) of a workflow
-- unit: one run
-- source: agent_spans
-- late data: a trace lies on the UTC day it ended; late spans restate that day
-- partitions: day
/*
usage_day: UTC day the trace ended
trace_id: trace
workflow_id: outermost workflow, else outermost agent, else root span; lower case
task_id: configured task attribute, else the trace
started_at: first start of a span
ended_at: last end of a span
outcome: success, failure or unknown
outcome_rule: which rule decided the outcome
environment: deployment environment of the spans
auth_kind: seat, api_key, service_account or unknown
owner_email: person behind a seat, lower case
is_session: a person's own session on a seat: an interactive program, and no workflow is named
*/
WITH ranked AS (
  SELECT
    *,
    ROW_NUMBER() OVER (
      PARTITION BY usage_day, trace_id
      ORDER BY
        CASE
          WHEN span_class = 'workflow' AND workflow IS NOT NULL THEN 0
          WHEN workflow IS NOT NULL THEN 1
          WHEN span_class = 'agent' AND agent IS NOT NULL THEN 2
          WHEN parent_span_id IS NULL THEN 3
          ELSE 4
        END,
        started_at, ended_at DESC, span_id
    ) AS preference
  FROM agent_spans
),

run_spans AS (
  SELECT * FROM ranked WHERE preference = 1
),

traces AS (
  SELECT
    usage_day,
    trace_id,
    MIN(started_at) AS started_at,
    MAX(ended_at) AS ended_at,
    MIN(task_id) AS task_id,
    MIN(environment) AS environment,
    MIN(auth_hint) AS auth_hint,
    MIN(billing_identity) AS billing_identity,
    BOOL_AND(task_success) AS task_success,
    BOOL_OR(workflow IS NOT NULL AND LOWER(workflow) <> 'custom') AS is_named,
    BOOL_OR(rules.value IS NOT NULL) AS is_session_service
  FROM agent_spans
  LEFT JOIN workload_rules AS rules ON rules.name = 'interactive_service' AND rules.value = LOWER(agent_spans.service_name)
  GROUP BY usage_day, trace_id
),

int_agent__run AS (
  SELECT
    t.usage_day,
    t.trace_id,
    LOWER(COALESCE(r.workflow, r.agent, r.name, '(unattributed)')) AS workflow_id,
    COALESCE(r.task_id, t.task_id, t.trace_id) AS task_id,
    t.started_at,
    t.ended_at,
    CASE
      WHEN t.task_success IS NOT NULL THEN CASE WHEN t.task_success THEN 'success' ELSE 'failure' END
      WHEN r.status_code = 1 THEN 'success'
      WHEN r.status_code = 2 OR r.error_type IS NOT NULL THEN 'failure'
      ELSE 'unknown'
    END AS outcome,
    CASE
      WHEN t.task_success IS NOT NULL THEN 'explicit attribute'
      WHEN r.status_code IN (1, 2) THEN 'status of the outermost span'
      WHEN r.error_type IS NOT NULL THEN 'error.type of the outermost span'
      ELSE 'nothing says'
    END AS outcome_rule,
    COALESCE(r.environment, t.environment) AS environment,
    COALESCE(r.auth_hint, t.auth_hint, 'unknown') AS auth_kind,
    LOWER(COALESCE(r.billing_identity, t.billing_identity)) AS owner_email,
    COALESCE(COALESCE(r.auth_hint, t.auth_hint) = 'seat' AND t.is_session_service AND NOT t.is_named, FALSE) AS is_session
  FROM traces AS t
  INNER JOIN run_spans AS r ON r.usage_day = t.usage_day AND r.trace_id = t.trace_id
)

SELECT * FROM int_agent__run
