"""What a rule of ``semantics`` can say: the shapes of its tables."""

from dataclasses import dataclass
from enum import StrEnum

#: What a name looks like, where words are not wanted.
NAME = r"[A-Za-z0-9_.:$/<>+-]{1,200}"

#: Stands for the span's own name in ``Match.key``.
SPAN_NAME = "(span name)"


class Place(StrEnum):
    """Where an attribute is looked up."""

    SPAN = "span"
    SPAN_THEN_RESOURCE = "span_then_resource"
    RESOURCE_THEN_SPAN = "resource_then_span"
    RESOURCE = "resource"


@dataclass(frozen=True)
class Lookup:
    """A text column: the first of ``keys`` with a non-empty value that is not in ``ignored``.

    ``words_as``: stands for a value that is no name but words, which may be those of a prompt.
    """

    keys: tuple[str, ...]
    place: Place = Place.SPAN_THEN_RESOURCE
    ignored: tuple[str, ...] = ()
    words_as: str = ""


@dataclass(frozen=True)
class Match:
    """``result`` when ``key`` (or the span's name, for ``SPAN_NAME``) has one of ``values``; any value when empty."""

    key: str
    values: tuple[str, ...]
    result: str


@dataclass(frozen=True)
class CostRule:
    """Money on a span, in USD after ``scale``; every key must be present.

    ``json_member`` reads a member of a JSON map held as text (else the sum of the map when ``or_sum_of_map``).
    ``currency_key`` names the attribute that must say USD, or be absent, for the rule to apply.
    """

    keys: tuple[str, ...]
    scale: str = "1"
    json_member: str = ""
    or_sum_of_map: bool = False
    currency_key: str = ""

    @property
    def source(self) -> str:
        """What ``reported_usd_source`` says when this rule fired."""
        return "+".join(self.keys)


@dataclass(frozen=True)
class BillingRule:
    """Who gets the invoice: ``kind:value/value``, without a kind the bare value; every key must be present.

    ``when``: an attribute and the values of which it must have one.
    """

    kind: str
    keys: tuple[str, ...]
    when: tuple[str, tuple[str, ...]] | None = None
