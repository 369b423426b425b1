"""Who reads a page, and what that means for people: whose names may be shown, and how small a group may be."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from unicodedata import normalize

from agent_spend.errors import ConfigurationError
from agent_spend.pseudonyms import People
from agent_spend.publish.page.source import Source

#: Fewer people than this are never shown as a group to somebody outside it.
SMALLEST_GROUP = 5
NOT_ATTRIBUTABLE = "(not attributable)"
#: Rows without an org or squad. The first stands for no person at all, the others are groups of people like any other.
NO_GROUP = frozenset({NOT_ATTRIBUTABLE, "(no org)", "(no squad)"})

#: Org and squad that a person is in, or once was.
Place = tuple[str | None, str | None]


@dataclass(frozen=True)
class Audience:
    """The company page (finance and platform, people only as groups), one org's own page, or one squad's."""

    org: str | None = None
    squad: str | None = None

    @property
    def file_name(self) -> str:
        """Name of the HTML file; it says who may read it."""
        if self.org is None:
            return "index.html"
        # A slug never holds two dashes in a row, so no two pairs share a name.
        return f"org-{slug(self.org)}.html" if self.squad is None else f"squad-{slug(self.org)}--{slug(self.squad)}.html"

    @property
    def title(self) -> str:
        """What the page is about, for its head."""
        return self.squad or self.org or "All organisations"

    @property
    def bounds(self) -> dict[str, str | None]:
        """Parameters of :data:`BOUND`."""
        return {"org": self.org, "squad": self.squad}

    def sees(self, places: Iterable[Place]) -> bool:
        """Whether this reader may see a person with one of these places by name."""
        return self.org is not None and any(
            org == self.org and self.squad in (None, squad) for org, squad in places
        )


#: Condition that every query for an audience carries: its own rows and no others. The company's reader has no bound.
BOUND = "($org IS NULL OR org = $org) AND ($squad IS NULL OR squad = $squad)"


def slug(text: str) -> str:
    """``Payments & Risk`` as ``payments-risk``; letters of every script stay."""
    return re.sub(r"[\W_]+", "-", normalize("NFC", text).lower()).strip("-") or "unnamed"


def audiences(source: Source) -> list[Audience]:
    """The company page, one page for each org with people or usage, and one for each of its squads.

    Raises:
        ConfigurationError: two orgs, or two squads of one org, would share a file.
    """
    found = source.rows(
        """SELECT DISTINCT org, squad FROM (
             SELECT org, squad FROM dim_person UNION ALL SELECT org, squad FROM rpt_manager__person_week
             UNION ALL SELECT org, squad FROM rpt_manager__person_month
           ) WHERE org IS NOT NULL ORDER BY org, squad"""
    )
    places = [(row["org"], row["squad"]) for row in found if row["org"] not in NO_GROUP]
    orgs = [Audience(org) for org in dict.fromkeys(org for org, _ in places)]
    squads = [Audience(org, squad) for org, squad in places if squad and squad not in NO_GROUP]
    names: dict[str, Audience] = {}
    for audience in orgs + squads:
        other = names.setdefault(audience.file_name, audience)
        if other != audience:
            raise ConfigurationError(
                f"{other.title!r} and {audience.title!r} would share the file {audience.file_name}; rename one in the roster"
            )
    return [Audience(), *orgs, *squads]


@dataclass
class Names:
    """Everything that identifies a person, and the places the person is in."""

    places: dict[str, set[Place]] = field(default_factory=dict)
    sizes: Mapping[str | None, int] = field(default_factory=dict)
    _hidden: dict[Audience, tuple[People, "_Someone"]] = field(default_factory=dict)

    @classmethod
    def load(cls, source: Source) -> "Names":
        """From the roster's people and the logins they used; identifiers are compared in lower case."""
        names = cls(sizes={
            row["org"]: row["people"] for row in source.rows("SELECT org, COUNT(*) AS people FROM dim_person GROUP BY org")
        })
        for row in source.rows(
            """SELECT person_id, name, email, github_login, org, squad FROM dim_person
               UNION SELECT person_id, name, NULL, login, org, squad FROM rpt_manager__credit_day WHERE person_id IS NOT NULL
               ORDER BY ALL"""
        ):
            for key in ("person_id", "name", "email", "github_login"):
                if row[key]:
                    names.places.setdefault(row[key].lower(), set()).add((row["org"], row["squad"]))
        return names

    def places_of(self, *identifiers: str | None) -> set[Place]:
        """Places of the first of these ids, names, addresses or logins that is a person's; empty when none is."""
        return next((self.places[word.lower()] for word in identifiers if word and word.lower() in self.places), set())

    def someone(self, places: Iterable[Place]) -> str:
        """A person whose name the reader may not see; the org is told only where enough people are in it."""
        org = next(iter(sorted(org for org, _ in places if org)), None)
        return f"someone in {org}" if self.sizes.get(org, 0) >= SMALLEST_GROUP else "someone"

    def hide(self, text: str | None, audience: Audience) -> str:
        """``text`` with everybody whom the audience may not see replaced by :meth:`someone`."""
        if audience not in self._hidden:
            hidden = {word: places for word, places in self.places.items() if not audience.sees(places)}
            people = People()
            people.add_all(self.places)
            self._hidden[audience] = people, _Someone({word: self.someone(places) for word, places in hidden.items()})
        people, someone = self._hidden[audience]
        return people.scrub(text or "", someone)


@dataclass(frozen=True)
class _Someone:
    """Stands where :class:`People` expects pseudonyms: everybody of a group gets the same words, others keep theirs."""

    words: Mapping[str, str]

    def of(self, person: str) -> str:
        return self.words.get(person, "")


@dataclass(frozen=True)
class Groups:
    """Amounts by group after suppression: ``hidden`` groups appear only in ``together`` (``None`` when even that is small)."""

    shown: Mapping[str, Decimal]
    hidden: Sequence[str]
    together: Decimal | None


def hide_small_groups(
    groups: Iterable[tuple[str, int, Decimal]], own: Collection[str] = (), derivable: Collection[str] = ()
) -> Groups:
    """Suppress groups of fewer than :data:`SMALLEST_GROUP` people, so that no subtraction gives them back.

    A published total minus the groups shown is the sum of the hidden ones. When those have too few people together,
    the next larger group is hidden with them, and at last the rows that stand for no person are shown with them as one sum.

    Args:
        groups: (name, distinct people, amount).
        own: the reader's own groups. They are always shown, and hide nobody else.
        derivable: groups whose amount would tell that of a small part of them to a reader of another part; hidden as well.
    """
    known = sorted(groups, key=lambda group: (group[1], group[0]))
    others = [group for group in known if group[0] not in own and group[0] != NOT_ATTRIBUTABLE]
    hidden = [group for group in others if group[1] < SMALLEST_GROUP or group[0] in derivable]
    larger = [group for group in others if group not in hidden]
    while hidden and larger and sum(people for _, people, _ in hidden) < SMALLEST_GROUP:
        hidden.append(larger.pop(0))
    is_enough = sum(people for _, people, _ in hidden) >= SMALLEST_GROUP
    if hidden and not is_enough:
        impersonal = [group for group in known if group[0] == NOT_ATTRIBUTABLE]
        hidden, is_enough = hidden + impersonal, bool(impersonal)
    names = {name for name, _, _ in hidden}
    return Groups(
        shown={name: amount for name, _, amount in known if name not in names},
        hidden=sorted(names),
        together=sum((amount for _, _, amount in hidden), Decimal(0)) if hidden and is_enough else None,
    )
