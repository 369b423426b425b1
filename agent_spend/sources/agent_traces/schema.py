"""The lake table ``agent_spans``."""

from arro3.core import DataType

from agent_spend.sources.contract import DAY, FLAG, INSTANT, TEXT, WHOLE, Contract, column

#: Money of one span: twelve decimals hold a single token of the cheapest model.
SPAN_MONEY = DataType.decimal128(18, 12)

SPAN_CLASSES = ("inference", "tool", "agent", "workflow", "other")
AUTH_HINTS = ("seat", "api_key", "service_account")

AGENT_SPANS = Contract(
    {
        "usage_day": column(DAY, "UTC day on which the span's trace ended"),
        "trace_id": column(TEXT, "Trace, 32 hex digits in lower case; the other's where it continues another"),
        "span_id": column(TEXT, "Span, 16 hex digits in lower case; unique within the trace"),
        "parent_span_id": column(TEXT, "Span that caused this one; null at the root", nullable=True),
        "name": column(TEXT, "Span name as sent"),
        "kind": column(WHOLE, "OTLP kind: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer"),
        "started_at": column(INSTANT, "Start, UTC"),
        "ended_at": column(INSTANT, "End, UTC"),
        "status_code": column(WHOLE, "0 unset, 1 ok, 2 error", one_of=(0, 1, 2)),
        "error_type": column(TEXT, "Class of error, where stated", nullable=True),
        "span_class": column(TEXT, "inference, tool, agent, workflow or other; money is summed at inference spans",
                             one_of=SPAN_CLASSES),
        "service_name": column(TEXT, "Resource attribute service.name", nullable=True),
        "environment": column(TEXT, "Deployment environment, e.g. prod", nullable=True),
        "client": column(TEXT, "What a coding agent ran in: entrypoint or terminal, e.g. cli, sdk-py, vscode", nullable=True),
        "organization_id": column(TEXT, "Vendor's organisation of the sign-in", nullable=True),
        "workflow": column(TEXT, "Workflow name stated on this very span, as sent", nullable=True),
        "agent": column(TEXT, "Agent name stated on this very span", nullable=True),
        "task_id": column(TEXT, "Id of the task the run works on; the same for every attempt", nullable=True),
        "task_success": column(FLAG, "Explicit task result; null when only the span status speaks", nullable=True),
        "task_success_source": column(TEXT, "Attribute or event the task result was read from", nullable=True),
        "conversation_id": column(TEXT, "Conversation or session; not a task id", nullable=True),
        "response_id": column(TEXT, "Vendor's id of the model response", nullable=True),
        "provider": column(TEXT, "Model provider as sent", nullable=True),
        "model": column(TEXT, "Model that answered (else that was asked), as sent", nullable=True),
        "service_tier": column(TEXT, "Service tier, e.g. batch", nullable=True),
        "speed": column(TEXT, "fast, or another word or none for standard", nullable=True),
        "inference_geo": column(TEXT, "Where the model ran, e.g. us, where stated", nullable=True),
        "input_tokens": column(WHOLE, "Input tokens without cache reads and writes", nullable=True, at_least=0),
        "cache_read_tokens": column(WHOLE, "Input tokens read from the cache", nullable=True, at_least=0),
        "cache_write_5m_tokens": column(WHOLE, "Input tokens written to the 5-minute cache; all writes when the span "
                                               "does not split them", nullable=True, at_least=0),
        "cache_write_1h_tokens": column(WHOLE, "Input tokens written to the 1-hour cache; null when not split",
                                        nullable=True, at_least=0),
        "output_tokens": column(WHOLE, "Output tokens, reasoning included", nullable=True, at_least=0),
        "reported_usd": column(SPAN_MONEY, "Cost the span itself states, USD, an estimate of its emitter; null means "
                                           "none stated, zero means stated as zero", nullable=True),
        "reported_usd_source": column(TEXT, "Attribute the reported cost was read from", nullable=True),
        "auth_hint": column(TEXT, "seat, api_key or service_account where the span proves it", nullable=True,
                            one_of=AUTH_HINTS),
        "billing_identity": column(TEXT, "Who gets the invoice: an e-mail of a person, else kind:value", nullable=True),
        "run_span_id": column(TEXT, "Span that leads the run this span belongs to, in the same trace; null outside of every "
                                    "run of a trace that holds several", nullable=True),
        "run_workflow": column(TEXT, "Workflow of the run, as sent: the outermost that is named", nullable=True),
        "run_task_id": column(TEXT, "Task of the run: the outermost that is stated", nullable=True),
    }
)
