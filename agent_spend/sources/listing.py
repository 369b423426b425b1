"""Telling a listing of pages that goes on for ever from a long one."""

from agent_spend.errors import FeedError

#: A listing with more pages, or with more of them without an entry in a row, has no end.
MOST_PAGES, MOST_EMPTY_PAGES = 10_000, 100


class Listing:
    """Tells a listing of pages that goes on for ever from a long one.

    Args:
        where: feed, day or days and endpoint, for messages.
    """

    def __init__(self, where: str):
        self._where = where
        self._pages = self._empty = 0

    def add(self, entries: int) -> None:
        """One more page came, with so many entries.

        Raises:
            FeedError: ``endless_pages``.
        """
        self._pages += 1
        self._empty = 0 if entries else self._empty + 1
        if self._pages > MOST_PAGES or self._empty > MOST_EMPTY_PAGES:
            what = f"{self._empty} pages without an entry" if self._empty else f"{self._pages} pages"
            raise FeedError("endless_pages", f"{self._where}: {what} so far, and each names a next one; run it later")
