"""A vendor's JSON as typed objects, and what a body that is none is called."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from agent_spend.errors import FeedError

_CHANGED = "the vendor's shape has changed (update agent_spend), or the setting names another address"


def decode(body: bytes | msgspec.Raw, shape: type, where: str, remedy: str = _CHANGED):
    """Parse JSON into a ``msgspec`` shape; numbers of type ``Decimal`` keep the digits of the text.

    Unknown fields and the order of keys do not matter; ``7.0`` and ``"7"`` are the whole number 7. ``remedy`` ends the message
    about a field.

    Raises:
        FeedError: ``malformed`` or ``missing_field``, naming ``where`` (feed and day, or endpoint) and the field.
    """
    try:
        return _decoder(shape).decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(error, body, where, remedy) from None


def decoded(entries: Iterable[msgspec.Raw], shape: type, where: str) -> Iterator:
    """Entries of a list one by one, so that a long one never stands in memory as objects; raises as :func:`decode`."""
    decoder = _decoder(shape)
    for number, entry in enumerate(entries):
        try:
            yield decoder.decode(entry)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _unreadable(error, entry, f"{where}: entry {number}") from None


@lru_cache
def _decoder(shape: type) -> msgspec.json.Decoder:
    return msgspec.json.Decoder(shape, strict=False)


def _unreadable(error: Exception, body: bytes | msgspec.Raw, where: str, remedy: str = _CHANGED) -> FeedError:
    if isinstance(error, msgspec.ValidationError):
        return FeedError("missing_field", f"{where}: {error}; nothing was stored: {remedy}")
    is_page = bytes(body).lstrip().startswith(b"<")
    todo = "this is a web page: check the URL, and whether a proxy wants a sign-in" if is_page else "run the day again later"
    return FeedError("malformed", f"{where}: not valid JSON ({error}); nothing was stored; {todo}")
