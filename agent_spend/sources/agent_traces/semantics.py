"""Which attribute means what, as data: ordered candidates, first hit wins. The README shows the same tables.

OpenTelemetry's GenAI conventions are still "Development" and emitters keep old names for years, so a reader needs lists
of names, not versions (``agent-traces.md`` sections 3 and 4). Both readers, the strict one and the fast one, are driven
by these tables and by nothing else.
"""

from collections.abc import Mapping

from agent_spend.sources.agent_traces.content import is_content
from agent_spend.sources.agent_traces.costs import COSTS
from agent_spend.sources.agent_traces.rules import SPAN_NAME, BillingRule, Lookup, Match, Place
from agent_spend.sources.agent_traces.tokens import COUNTS, USAGE_MAPS

CLAUDE_CODE_SERVICES = ("claude-code", "claude-code-desktop")
COPILOT_SERVICES = ("github-copilot", "copilot-chat")

#: Text columns (card section 3 and 4.2, 4.5).
TEXTS: Mapping[str, Lookup] = {
    "service_name": Lookup(("service.name",), Place.RESOURCE),
    "environment": Lookup(
        ("deployment.environment.name", "deployment.environment", "langfuse.environment"), Place.RESOURCE_THEN_SPAN
    ),
    # What a coding agent runs in: tells a person's terminal from a script (policies/workload_rules.csv).
    "client": Lookup(("app.entrypoint", "terminal.type")),
    # The vendor's organisation that a sign-in belongs to.
    "organization_id": Lookup(("organization.id",)),
    # "custom" is what Claude Code writes instead of a user's own workflow name.
    "workflow": Lookup(
        ("gen_ai.workflow.name", "traceloop.workflow.name", "workflow.name", "langfuse.trace.name"),
        Place.SPAN,
        ignored=("custom",),
    ),
    "agent": Lookup(
        (
            "gen_ai.agent.name",
            "agent.name",
            "agent_name",
            "gen_ai.agent.role",
            "graph.node.id",
            "ai.telemetry.functionId",
            "gen_ai.agent.id",
        ),
        Place.SPAN,
    ),
    "task_id": Lookup(
        ("task.id", "ticket.id", "gen_ai.task.id", "traceloop.association.properties.task_id", "workflow.run_id"),
    ),
    "conversation_id": Lookup(
        (
            "gen_ai.conversation.id",
            "session.id",
            "langfuse.session.id",
            "mlflow.trace.session",
            "traceloop.association.properties.session_id",
            "gcp.vertex.agent.session_id",
        ),
    ),
    "response_id": Lookup(("gen_ai.response.id", "ai.response.id", "request_id"), Place.SPAN),
    # Not a column of the feed: joins Claude Code's spans to the log events that state their cost.
    "request_id": Lookup(("request_id",), Place.SPAN),
    "provider": Lookup(
        (
            "gen_ai.provider.name",
            "gen_ai.system",
            "llm.provider",
            "llm.system",
            "mlflow.llm.provider",
            "ai.model.provider",
            "decision.provider",
        ),
        Place.SPAN,
    ),
    "model": Lookup(
        (
            "gen_ai.response.model",
            "gen_ai.request.model",
            "llm.response.model",
            "llm.response.model_name",
            "llm.model_name",
            "llm.request.model",
            "llm.request.model_name",
            "embedding.model_name",
            "langfuse.observation.model.name",
            "mlflow.llm.model",
            "ai.response.model",
            "ai.model.id",
            "decision.response.model_name",
            "decision.model_name",
            "model",
            "model_name",
        ),
        Place.SPAN,
    ),
    "service_tier": Lookup(
        (
            "anthropic.response.service_tier",
            "anthropic.request.service_tier",
            "openai.response.service_tier",
            "gen_ai.openai.response.service_tier",
            "gen_ai.response.service_tier",
        ),
        Place.SPAN,
    ),
    "speed": Lookup(("anthropic.response.speed", "anthropic.request.speed", "speed"), Place.SPAN),
    "inference_geo": Lookup(
        ("anthropic.response.inference_geo", "anthropic.request.inference_geo", "inference_geo"), Place.SPAN
    ),
    "error_type": Lookup(
        ("error.type", "exception.type", "error"), Place.SPAN, ignored=("true", "false"), words_as="_OTHER"
    ),
}

#: The log event that judges a span; its evaluators count when they are named in ``AGENT_TRACES_EVALUATIONS``.
EVALUATION_EVENT = "gen_ai.evaluation.result"
EVALUATION_NAME = "gen_ai.evaluation.name"
EVALUATION_LABEL = ("gen_ai.evaluation.score.label",)
EVALUATION_SCORE = "gen_ai.evaluation.score.value"
#: Evaluators that judge whether the task was done; by label, since no score is known to pass.
EVALUATORS = "task_completion, task_success"

#: What Anthropic's own servers call themselves in the spans they send.
ANTHROPIC_API_SERVICE = "claude-platform"

#: Claude Code describes one call as a span without cost and as a log event with it; ``request_id`` is the same.
CLAUDE_CALL_SPAN, CLAUDE_CALL_EVENT = "claude_code.llm_request", "claude_code.api_request"

#: Span classes (card 4.1), first hit wins. An operation that is listed but pays for nothing becomes "other".
SPAN_CLASSES: tuple[Match, ...] = (
    Match("gen_ai.operation.name", ("chat", "text_completion", "generate_content", "embeddings", "responses",
                                    "completion"), "inference"),
    Match("openinference.span.kind", ("LLM", "EMBEDDING", "DECISION"), "inference"),
    Match("mlflow.spanType", ("LLM", "CHAT_MODEL", "EMBEDDING"), "inference"),
    Match("langfuse.observation.type", ("generation", "embedding"), "inference"),
    # Traceloop's words, then LiteLLM's own call types under the same name.
    Match("llm.request.type", ("chat", "completion", "embedding", "acompletion", "aembedding", "text_completion",
                               "atext_completion", "responses", "aresponses", "anthropic_messages"), "inference"),
    Match("ai.operationId", ("ai.generateText.doGenerate", "ai.streamText.doStream", "ai.generateObject.doGenerate",
                             "ai.streamObject.doStream", "ai.embed.doEmbed", "ai.embedMany.doEmbed"), "inference"),
    Match(SPAN_NAME, (CLAUDE_CALL_SPAN, CLAUDE_CALL_EVENT), "inference"),
    Match("gen_ai.operation.name", ("execute_tool",), "tool"),
    Match("gen_ai.operation.name", ("invoke_agent", "create_agent"), "agent"),
    Match("gen_ai.operation.name", ("invoke_workflow",), "workflow"),
    Match("openinference.span.kind", ("TOOL",), "tool"),
    Match("openinference.span.kind", ("AGENT",), "agent"),
    Match("mlflow.spanType", ("TOOL",), "tool"),
    Match("mlflow.spanType", ("AGENT",), "agent"),
    Match("mlflow.spanType", ("WORKFLOW",), "workflow"),
    Match("langfuse.observation.type", ("tool",), "tool"),
    Match("langfuse.observation.type", ("agent",), "agent"),
    Match("ai.operationId", ("ai.toolCall",), "tool"),
    Match("ai.operationId", ("ai.generateText", "ai.streamText", "ai.generateObject", "ai.streamObject"), "agent"),
    Match("traceloop.span.kind", ("workflow",), "workflow"),
    Match("traceloop.span.kind", ("agent",), "agent"),
    Match("traceloop.span.kind", ("tool",), "tool"),
    Match(SPAN_NAME, ("claude_code.tool",), "tool"),
    Match(SPAN_NAME, ("claude_code.interaction",), "agent"),
)

#: Emitters that write every value as JSON, so text stands in quotes.
JSON_VALUES_PREFIX = "mlflow."

#: Explicit task results (card 4.2 success a); status and error type are the SQL's next steps. An agent's own status says
#: that its loop ended well: it counts on the span that leads the run, where no evaluation says otherwise.
SUCCESS_FLAG = ("task.success",)
AGENT_STATUS = "gen_ai.agent.invocation.status"
SUCCESS_OUTCOME = ("task.outcome", AGENT_STATUS)
OUTCOME_PASSED = ("success", "succeeded", "pass", "passed", "completed", "complete", "ok", "resolved", "true")
OUTCOME_FAILED = ("failure", "failed", "fail", "error", "errored", "cancelled", "canceled", "timeout", "false")

#: How the caller signed in. A Claude Code sign-in alone proves no seat (card 4.5, UNCERTAIN), hence no rule for it.
AUTH_HINTS: tuple[Match, ...] = (
    Match("agent_spend.auth_kind", ("seat",), "seat"),
    Match("agent_spend.auth_kind", ("api_key",), "api_key"),
    Match("agent_spend.auth_kind", ("service_account",), "service_account"),
    Match("litellm.api_key.hash", (), "api_key"),
    Match("metadata.user_api_key_hash", (), "api_key"),
    Match("gen_ai.provider.name", ("github",), "seat"),
    Match("service.name", COPILOT_SERVICES, "seat"),
)

#: Who gets the invoice (card 4.5), plus ``user.email``, which only a sign-in carries and which joins the roster as it is.
BILLING: tuple[BillingRule, ...] = (
    BillingRule("account", ("billing.account",)),
    BillingRule("litellm_team", ("litellm.team.id",)),
    BillingRule("litellm_team", ("metadata.user_api_key_team_id",)),
    BillingRule("litellm_key", ("litellm.api_key.hash",)),
    BillingRule("litellm_key", ("metadata.user_api_key_hash",)),
    BillingRule("anthropic_workspace", ("anthropic.organization.id", "anthropic.workspace.id")),
    BillingRule("", ("user.email",)),
    BillingRule("claude_account", ("organization.id", "user.account_uuid")),
    BillingRule("claude_install", ("user.id",), when=("service.name", CLAUDE_CODE_SERVICES)),
    BillingRule("cursor_team", ("cursor.team.id",)),
    BillingRule("copilot", ("gen_ai.provider.name",), when=("gen_ai.provider.name", ("github",))),
    BillingRule("copilot", ("service.name",), when=("service.name", COPILOT_SERVICES)),
    BillingRule("host", ("server.address",)),
)

def wanted_keys() -> frozenset[str]:
    """Every attribute some rule reads; all others are forgotten while reading."""
    keys: set[str] = set()
    for lookup in TEXTS.values():
        keys.update(lookup.keys)
    keys.update(match.key for match in (*SPAN_CLASSES, *AUTH_HINTS) if match.key != SPAN_NAME)
    for rule in COSTS:
        keys.update(rule.keys)
        keys.update({rule.currency_key} - {""})
    for billing in BILLING:
        keys.update(billing.keys)
        keys.update({billing.when[0]} if billing.when else set())
    for names in (*COUNTS.values(), USAGE_MAPS, SUCCESS_FLAG, SUCCESS_OUTCOME):
        keys.update(names)
    return frozenset(key for key in keys if not is_content(key) and key.rpartition("/")[0] not in USAGE_MAPS)
