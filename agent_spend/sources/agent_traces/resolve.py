"""From a span's attributes to the columns of ``agent_spans``, by the tables of ``semantics``. Pure functions."""

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from agent_spend.errors import ConfigurationError
from agent_spend.settings import env
from agent_spend.sources.agent_traces import rules, semantics
from agent_spend.sources.agent_traces.content import is_content
from agent_spend.sources.agent_traces.rules import Lookup, Place
from agent_spend.sources.agent_traces.tokens import USAGE_MAPS, usage_counts
from agent_spend.sources.agent_traces.values import Attributes, number, text

_NAME = re.compile(rules.NAME)
#: Where to look, one after the other: True is the span, False its process.
PLACES = {
    Place.SPAN: (True,),
    Place.RESOURCE: (False,),
    Place.SPAN_THEN_RESOURCE: (True, False),
    Place.RESOURCE_THEN_SPAN: (False, True),
}


def lookups() -> dict[str, Lookup]:
    """The text columns' candidates, with ``AGENT_TRACES_TASK_ATTRIBUTES`` (comma list) before the default task ids.

    Raises:
        ConfigurationError: the setting names an attribute that holds prompt or answer text.
    """
    configured = tuple(key.strip() for key in env("AGENT_TRACES_TASK_ATTRIBUTES").split(",") if key.strip())
    if content := [key for key in configured if is_content(key)]:
        raise ConfigurationError(
            f"AGENT_TRACES_TASK_ATTRIBUTES names {content[0]!r}, which holds words of prompts or answers; name an id."
        )
    default = semantics.TEXTS["task_id"]
    return {**semantics.TEXTS, "task_id": replace(default, keys=configured + default.keys)}


def wanted(lookups: Mapping[str, Lookup]) -> frozenset[str]:
    """Every attribute some rule reads; all others are forgotten while reading."""
    return semantics.wanted_keys() | {key for lookup in lookups.values() for key in lookup.keys}


def unpacked(span: Attributes) -> Attributes:
    """The attributes with usage maps as counts of their own, and text that stands in quotes without them."""
    packed = [key for key in span if key in USAGE_MAPS or key.startswith(semantics.JSON_VALUES_PREFIX)]
    if not packed:
        return span
    result = dict(span)
    for key in packed:
        if isinstance(span[key], str):
            result[key] = span[key].strip('"')
            if key in USAGE_MAPS:
                result.update({f"{key}/{name}": count for name, count in usage_counts(span[key]).items()})
    return result


def find_text(lookup: Lookup, span: Attributes, resource: Attributes) -> str | None:
    """The first candidate that says something."""
    for is_span in PLACES[lookup.place]:
        attributes = span if is_span else resource
        for key in lookup.keys:
            value = attributes.get(key)
            if value is not None and (found := text(value)) is not None and found not in lookup.ignored:
                return lookup.words_as if lookup.words_as and not _NAME.fullmatch(found) else found
    return None


def span_class(name: str, span: Attributes) -> str:
    """``inference``, ``tool``, ``agent``, ``workflow`` or ``other``."""
    for match in semantics.SPAN_CLASSES:
        value = name if match.key == rules.SPAN_NAME else span.get(match.key)
        if value in match.values:
            return match.result
    return "other"


def task_success(span: Attributes) -> tuple[bool | None, str | None]:
    """The explicit result of the task and the attribute that states it; span status is not consulted."""
    for key in semantics.SUCCESS_FLAG + semantics.SUCCESS_OUTCOME:
        passed = _passed(span, key)
        if passed is not None:
            return passed, key
    return None, None


def evaluators() -> dict[str, Decimal | None]:
    """The configured evaluators in lower case, each with the score from which on it passes, if any.

    Raises:
        ConfigurationError: ``AGENT_TRACES_EVALUATIONS`` is not a comma list of ``name`` or ``name:score``.
    """
    found = {}
    for one in (env("AGENT_TRACES_EVALUATIONS") or semantics.EVALUATORS).split(","):
        name, has_score, score = one.strip().partition(":")
        threshold = number(score)
        if not name or (has_score and threshold is None):
            raise ConfigurationError(f"AGENT_TRACES_EVALUATIONS: write name or name:score, separated by commas, not {one!r}.")
        found[name.lower()] = threshold
    return found


def evaluation(said: Attributes, wanted: Mapping[str, Decimal | None]) -> bool | None:
    """Whether a judgement says that the task was done, by its label, else by its score; ``None`` from other evaluators."""
    name = (text(said.get(semantics.EVALUATION_NAME)) or "").lower()
    if name not in wanted:
        return None
    for key in semantics.EVALUATION_LABEL:
        passed = _passed(said, key)
        if passed is not None:
            return passed
    score = number(said.get(semantics.EVALUATION_SCORE))
    return None if score is None or wanted[name] is None else score >= wanted[name]


def _passed(said: Attributes, key: str) -> bool | None:
    word = (text(said.get(key)) or "").lower()
    return True if word in semantics.OUTCOME_PASSED else False if word in semantics.OUTCOME_FAILED else None


def auth_hint(span: Attributes, resource: Attributes) -> str | None:
    """``seat``, ``api_key``, ``service_account``, or ``None`` when nothing proves how the caller signed in."""
    for match in semantics.AUTH_HINTS:
        said = _anywhere(match.key, span, resource)
        if said is not None and (not match.values or said in match.values):
            return match.result
    return None


def billing_identity(span: Attributes, resource: Attributes) -> str | None:
    """Who gets the invoice: an e-mail, else ``kind:value``, e.g. ``anthropic_workspace:org_1/wrkspc_2`` (card 4.5)."""
    for rule in semantics.BILLING:
        if rule.when and _anywhere(rule.when[0], span, resource) not in rule.when[1]:
            continue
        values = [_anywhere(key, span, resource) for key in rule.keys]
        if None not in values:
            return f"{rule.kind}:{'/'.join(values)}" if rule.kind else "/".join(values)
    return None


def _anywhere(key: str, span: Attributes, resource: Attributes) -> str | None:
    for attributes in (span, resource):
        value = attributes.get(key)
        if value is not None and (found := text(value)) is not None:
            return found
    return None
