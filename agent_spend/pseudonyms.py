"""Salted, stable pseudonyms for people, and finding people's identifiers in free text."""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from agent_spend.errors import ConfigurationError

_TOKEN = re.compile(r"[^\W_]+")
_EMAIL = re.compile(r"[\w.%+'-]+@[\w-]+(?:\.[\w-]+)*")
#: Shorter words are left alone in free text; a number must be longer, so that a year or an amount is not taken for an id.
_SHORTEST_WORD, _SHORTEST_NUMBER = 3, 5
_SHORTEST_SALT = 16


class Pseudonyms:
    """Names like ``person-k3x9q2ma``: the same person gives the same one on every run with the same salt.

    40 bits: among 10,000 people two share one with a chance of 1 in 22,000.

    Raises:
        ConfigurationError: a salt short enough to be guessed.
    """

    def __init__(self, salt: str):
        if len(salt) < _SHORTEST_SALT:
            raise ConfigurationError(
                f"AGENT_SPEND_PSEUDONYM_SALT must have at least {_SHORTEST_SALT} characters; whoever guesses it can undo "
                "every pseudonym. Use 32 random bytes, and keep them: another salt gives other pseudonyms."
            )
        self._key = salt.encode()

    def of(self, person: str) -> str:
        """The pseudonym of a person, given by one identifier that stands for all of them; case does not matter."""
        digest = hmac.digest(self._key, b"person:" + person.lower().encode(), "sha256")
        return "person-" + base64.b32encode(digest[:5]).decode().lower()

    def code(self, text: str) -> str:
        """A keyed code for something computed from an identifier, such as the id of a finding; as long as ``text``."""
        return hmac.new(self._key, b"code:" + text.encode(), hashlib.sha256).hexdigest()[: len(text)]

    def fingerprint(self) -> str:
        """Changes with the salt and tells nothing about it: whether a published copy was made with this one."""
        return self.code("fingerprint:0000")


@dataclass
class People:
    """Every known identifier of a person, and which of them belong to one person."""

    _person: dict[str, str] = field(default_factory=dict)
    _shared: set[str] = field(default_factory=set)
    _by_first_word: dict[str, list[str]] = field(default_factory=dict)
    _patterns: dict[str, re.Pattern] = field(default_factory=dict)

    def add(self, identifier: str, person: str | None = None) -> None:
        """Learn an identifier; ``person`` is the one all identifiers of a person share, where it is known."""
        key = identifier.lower()
        known = self._person.get(key, key)
        if person is None:
            self._person.setdefault(key, key)
        elif key in self._shared or known not in (key, person):
            # Namesakes: in free text nobody knows which of them is meant.
            self._shared.add(key)
            self._person[key] = key
        else:
            self._person[key] = person

    def add_all(self, identifiers: Iterable[str | None], person: str | None = None) -> None:
        """Learn several identifiers of one person; those not stated are left out."""
        for identifier in identifiers:
            if identifier:
                self.add(identifier, person)

    def __contains__(self, identifier: str) -> bool:
        return identifier.lower() in self._person

    def person_of(self, identifier: str) -> str:
        """What stands for all identifiers of this one's person; itself when nothing is known."""
        return self._person.get(identifier.lower(), identifier.lower())

    def scrub(self, text: str, pseudonyms: Pseudonyms) -> str:
        """``text`` with every e-mail address and every known identifier replaced, whatever their case.

        An identifier counts where no letter or digit touches it: ``ann`` is found in ``key-ann_2``, not in ``channel``.
        What stands between its words does not matter: keys and tasks called ``ada-abe`` or ``ada_abe`` are Ada Abe's.

        Args:
            pseudonyms: gives what stands instead of a person; empty keeps the text.
        """
        if not self._by_first_word:
            self._index()
        parts, done = [], 0
        for word in _TOKEN.finditer(text):
            if word.start() < done:
                continue
            email = _EMAIL.match(text, word.start())
            found = (email[0].rstrip("'"),) * 2 if email else self._longest_at(text, word)
            if found:
                parts += [text[done : word.start()], pseudonyms.of(self.person_of(found[1])) or found[0]]
                done = word.start() + len(found[0])
        return "".join((*parts, text[done:])) if parts else text

    def _index(self) -> None:
        words: dict[str, set[str]] = {}
        for identifier, person in list(self._person.items()):
            # The local part of an address is a name as well; keys and tasks are often called after it.
            for form in {identifier, identifier.split("@")[0]}:
                inner = form.strip("".join({char for char in form if not char.isalnum()}))
                shortest = _SHORTEST_NUMBER if inner.isdigit() else _SHORTEST_WORD
                first = _TOKEN.match(inner)
                if first and len(inner) >= shortest:
                    words.setdefault(first[0], set()).add(inner)
                    self._person.setdefault(inner, person)
        self._by_first_word = {word: sorted(forms, key=len, reverse=True) for word, forms in words.items()} or {"": []}

    def _longest_at(self, text: str, word: re.Match) -> tuple[str, str] | None:
        """The words at this place that are an identifier, and the identifier."""
        for form in self._by_first_word.get(word[0].lower(), ()):
            if form not in self._patterns:
                words = (re.escape(part) for part in _TOKEN.findall(form))
                self._patterns[form] = re.compile(r"[\W_]{1,2}".join(words) + r"(?![^\W_])", re.IGNORECASE)
            if found := self._patterns[form].match(text, word.start()):
                return found[0], form
        return None


def people_from(rows: Iterable[Mapping[str, str | None]]) -> People:
    """People from rows of identifiers; ``person_id``, where a row has one, ties its other identifiers together."""
    people = People()
    for row in rows:
        person_id = row.get("person_id")
        if person_id:
            people.add_all(row.values(), person_id.lower())
        else:
            people.add_all(row.values())
    return people
