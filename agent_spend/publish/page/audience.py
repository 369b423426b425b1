"""Who reads a page, and what that means for people: whose names may be shown, and how small a group may be."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from agent_spend.publish.page.source import Source

#: Fewer people than this are never shown as a group to somebody outside it.
SMALLEST_GROUP = 5
NOT_ATTRIBUTABLE = "(not attributable)"
NO_GROUP = frozenset({NOT_ATTRIBUTABLE, "(no org)", "(no squad)"})


@dataclass(frozen=True)
class Audience:
    """The company page (``org`` is ``None``: finance and platform, people only as groups) or one org's own page."""

    org: str | None = None

    @property
    def file_name(self) -> str:
        """Name of the HTML file."""
        return "index.html" if self.org is None else f"org-{slug(self.org)}.html"


def slug(text: str) -> str:
    """``Payments & Risk`` as ``payments-risk``."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "unnamed"


def audiences(source: Source) -> list[Audience]:
    """The company page and one page for each org with people or usage.

    Raises:
        ValueError: two org names would share one file.
    """
    found = source.rows(
        """SELECT DISTINCT org FROM (
             SELECT org FROM dim_person UNION ALL SELECT org FROM rpt_manager__person_week
             UNION ALL SELECT org FROM rpt_manager__person_month
           ) WHERE org IS NOT NULL ORDER BY org"""
    )
    orgs = [row["org"] for row in found if row["org"] not in NO_GROUP]
    names: dict[str, str] = {}
    for org in orgs:
        other = names.setdefault(slug(org), org)
        if other != org:
            raise ValueError(f"orgs {other!r} and {org!r} would share the file org-{slug(org)}.html; rename one in the roster")
    return [Audience(), *(Audience(org) for org in orgs)]


@dataclass
class Names:
    """Everything that identifies a person, and which org the person is in."""

    orgs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, source: Source) -> "Names":
        """From the roster's people; logins and addresses are compared in lower case."""
        orgs: dict[str, str] = {}
        people = source.rows("SELECT person_id, name, email, github_login, org FROM dim_person")
        logins = source.rows(
            "SELECT DISTINCT login AS github_login, name, org FROM rpt_manager__credit_day WHERE person_id IS NOT NULL"
        )
        for person in people + logins:
            for key in ("person_id", "name", "email", "github_login"):
                if person.get(key):
                    orgs[person[key].lower()] = person["org"] or "an unknown organisation"
        return cls(orgs)

    def org_of(self, identifier: str | None) -> str | None:
        """Org of the person with this id, name, address or login; ``None`` when it is nobody's."""
        return self.orgs.get(identifier.lower()) if identifier else None

    def hide(self, text: str | None, visible_org: str | None = None) -> str:
        """``text`` with every person outside ``visible_org`` replaced by "someone in <org>"."""
        text = text or ""
        folded = text.lower()
        for identifier, org in self.orgs.items():
            if org != visible_org and identifier in folded:
                pattern = rf"(?<![\w@.-]){re.escape(identifier)}(?![\w@-])"
                text = re.sub(pattern, f"someone in {org}", text, flags=re.IGNORECASE)
        return text


@dataclass(frozen=True)
class Groups:
    """Amounts by group after suppression: ``hidden`` groups appear only in ``together`` (``None`` when even that is small)."""

    shown: Mapping[str, Decimal]
    hidden: Sequence[str]
    together: Decimal | None


def hide_small_groups(groups: Iterable[tuple[str, int, Decimal]]) -> Groups:
    """Suppress groups of fewer than :data:`SMALLEST_GROUP` people, so that no subtraction gives them back.

    A published total minus the groups shown is the sum of the hidden ones. When those have too few people together,
    the next larger group is hidden with them, and at last the rows that stand for no person are shown with them as one sum.

    Args:
        groups: (name, distinct people, amount).
    """
    known = sorted(groups, key=lambda group: (group[1], group[0]))
    hidden = [group for group in known if group[0] not in NO_GROUP and group[1] < SMALLEST_GROUP]
    larger = [group for group in known if group[0] not in NO_GROUP and group[1] >= SMALLEST_GROUP]
    while hidden and larger and sum(people for _, people, _ in hidden) < SMALLEST_GROUP:
        hidden.append(larger.pop(0))
    is_enough = sum(people for _, people, _ in hidden) >= SMALLEST_GROUP
    if hidden and not is_enough:
        impersonal = [group for group in known if group[0] in NO_GROUP]
        hidden, is_enough = hidden + impersonal, bool(impersonal)
    names = {name for name, _, _ in hidden}
    return Groups(
        shown={name: amount for name, _, amount in known if name not in names},
        hidden=sorted(names),
        together=sum((amount for _, _, amount in hidden), Decimal(0)) if hidden and is_enough else None,
    )
