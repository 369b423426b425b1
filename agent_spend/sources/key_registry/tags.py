"""The tags of a secret manager as a registry: which tag says what, however its name is written."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence

from agent_spend.errors import FeedError
from agent_spend.sources.answers import Answer
from agent_spend.sources.dated import Versions
from agent_spend.sources.key_registry import schema
from agent_spend.sources.lines import Line, squeezed

#: A secret's name and its tags.
Tagged = tuple[str, Mapping[str, str]]

#: A prefix that companies put before tags, as in ``acme:billing:CostCenter``; those of AWS itself are about other things.
_PREFIX = re.compile(r"(?P<ours>agent[-_ ]?spend[-_ /:.])|(?P<system>aws:)|.*[/:.]", re.IGNORECASE)
_OURS, _BARE, _OTHER = range(3)
_SHOWN = 5


def registry_of(places: Mapping[str, Iterable[Tagged]], where: str, source: str, address: str) -> Versions:
    """What the tags say of every key; names and tags of the secrets that take part are kept as evidence.

    Args:
        places: region, project or path -> its secrets.
        where: the setting, for messages.
        source: value of the table's ``source`` column.
        address: what was asked, without the place.

    Raises:
        FeedError: ``empty_file`` when no secret names a key: an empty registry never replaces a good one. ``refused`` for a
            whole key in the name or a tag of a secret that takes part; ``bad_value`` as the schema raises.
    """
    lines, notes, raw, names = [], [], [], []
    for place, secrets in places.items():
        listed = list(secrets)
        found, note = _lines(listed, f"{where} {place}".strip())
        lines += found
        notes += [f"{place}: {note}" if place else note] if note else []
        taken = {line.values["secret"] for line in found}
        kept = [{"name": name, "tags": dict(tags)} for name, tags in listed if name in taken]
        raw.append(Answer(address + place, 200, {}, json.dumps(kept).encode()))
        names += [[*tags] for _, tags in listed]
    if not lines:
        seen = sorted({tag for tags in names for tag in tags})
        told = f"their tags are {_some(seen)}" if seen else "none of them has a tag"
        message = f"no secret has the tags vendor and key_id (or anthropic_api_key_id); {len(names)} secrets are listed, {told}"
        raise FeedError("empty_file", f"{' in '.join(filter(None, [where, ', '.join(places)]))}: {'; '.join([message, *notes])}")
    return Versions(schema.versions_of(lines, source), tuple(raw), "; ".join(notes))


def _lines(secrets: Sequence[Tagged], where: str) -> tuple[list[Line], str]:
    """A line for each key that a secret's tags name, and a note on secrets that mean to name one and do not.

    Several ids in one tag are a key and its predecessors. The key's name is the tag ``key_name``, else the secret's own.
    """
    lines, incomplete, hinted = [], [], []
    for number, (name, tags) in enumerate(secrets, start=1):
        known = _named(tags)
        values = {column: next(filter(None, map(known.get, ways)), "") for column, ways in schema.WAYS.items()}
        keys = [("anthropic", each) for each in _ids(values["anthropic_id"])]
        for each in _ids(values["key_id"]):
            vendor = values["vendor"] or ("anthropic" if each.startswith(schema.ANTHROPIC_ID) else "")
            keys += [(vendor, each)] if vendor else []
        if any(schema.is_hint(key_id) for _, key_id in keys):
            hinted.append(name)
        elif bool(keys) == bool(values["vendor"] or values["key_id"] or values["anthropic_id"]):
            for text in (name, *tags.values()) if keys else ():
                schema.refuse_secrets(text.encode(), f"{where} {name}")
            for vendor, key_id in dict.fromkeys(keys):
                line = values | {"vendor": vendor, "key_id": key_id, "key_name": values["key_name"] or name, "secret": name}
                lines.append(Line(f"{where} {name}", number, line, "secret"))
        else:
            incomplete.append(name)
    notes = [
        f"{len(left_out)} secrets {what} and were left out: {_some(left_out)}"
        for what, left_out in (
            ("name a vendor or a key id but not both", incomplete),
            ("name a key by its hint, not by its id (apikey_..., as the feed claude_api_keys shows it)", hinted),
        )
        if left_out
    ]
    return lines, "; ".join(notes)


def _named(tags: Mapping[str, str]) -> dict[str, str]:
    """Values by squeezed name without prefix: ours goes before none, that before any other; of equals the last counts."""
    ranked: dict[str, tuple[int, str]] = {}
    for tag, value in tags.items():
        prefix = _PREFIX.match(tag)
        if not (value or "").strip() or (prefix and prefix["system"]):
            continue
        rank = _BARE if prefix is None else _OURS if prefix["ours"] else _OTHER
        name = squeezed(tag[prefix.end() :] if prefix else tag)
        if rank <= ranked.get(name, (rank,))[0]:
            ranked[name] = rank, value.strip()
    return {name: value for name, (_, value) in ranked.items()}


def _ids(text: str) -> list[str]:
    return re.split(r"[\s,;]+", text) if text else []


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
