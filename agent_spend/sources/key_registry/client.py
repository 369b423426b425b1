"""Which machine keys exist, what they are for and who owns them: the metadata that ``KEY_REGISTRY_URI`` names."""

from collections.abc import Iterable, Sequence
from datetime import date
from importlib import import_module

from agent_spend.errors import ConfigurationError, FeedError
from agent_spend.settings import Settings
from agent_spend.sources.dated import Dated, Versions, daily_answers, valid_on
from agent_spend.sources.feed import DayAnswer
from agent_spend.sources.key_registry.schema import in_several_environments

SETTING = "KEY_REGISTRY_URI"
#: Module that reads each kind of source, by URI scheme; loaded on use, for each may need a package of its own.
READERS = {
    "file": "from_files",
    "aws-secretsmanager": "from_aws",
    "vault+https": "from_vault",
    "vault+http": "from_vault",
    "gcp-secretmanager": "from_gcp",
}


def fetch(days: Sequence[date], settings: Settings) -> Iterable[DayAnswer]:
    """One answer a day with one row for each key known on it."""
    return daily_answers(days, lambda: read(settings.key_registry_uri), _keys)


def _keys(day: date, versions: Sequence[Dated]) -> list[Dated]:
    return valid_on(day, versions, lambda row: (row["vendor"], row["key_id"]), "key", in_several_environments)


def read(uri: str) -> Versions:
    """What the source behind ``uri`` says of every key: a file, or the tags of a secret manager.

    Raises:
        FeedError: ``bad_value`` for an unknown scheme, ``not_configured`` for a missing credential, or as the reader
            raises.
    """
    scheme = uri.partition("://")[0] if "://" in uri else "file"
    if scheme not in READERS:
        raise FeedError("bad_value", f"{SETTING}: {scheme}:// is not one of a path, {'://, '.join(READERS)}://")
    try:
        return import_module(f"agent_spend.sources.key_registry.{READERS[scheme]}").read(SETTING, uri)
    except ConfigurationError as error:
        raise FeedError("not_configured", str(error)) from None
