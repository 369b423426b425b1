"""Makes a backfill in this process fast on Dagster's default SQLite storage; other storages are left as they are.

Dagster opens, flushes and closes a connection (and builds an engine) for each event row, several times an event. A
range of 35 days over 50 assets is thousands of them. Measured by ``benchmarks/dagster_sqlite.py``: five times faster.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from types import MethodType

from dagster import DagsterInstance
from dagster._core.storage.event_log import SqliteEventLogStorage
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

_BUSY_TIMEOUT_SECONDS = 120


@contextmanager
def quick_sqlite(instance: DagsterInstance) -> Iterator[None]:
    """Keeps one pooled engine for each of the event log's files until the block ends.

    With SQLite's write-ahead log, ``synchronous = NORMAL`` flushes at checkpoints instead of at each row; a power
    cut can lose the newest event rows, never the file.
    """
    storage = getattr(instance.event_log_storage, "underlying_storage", instance.event_log_storage)
    if type(storage) is not SqliteEventLogStorage or not hasattr(storage, "_connect"):
        yield
        return
    engines: dict[str, Engine] = {}

    @contextmanager
    def connect(self, shard: str):
        with self._db_lock:
            if shard not in engines:
                engines[shard] = _engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                self._initdb(engines[shard])
                self._initialized_dbs.add(shard)
            with engines[shard].connect() as connection, connection.begin():
                yield connection

    storage._connect = MethodType(connect, storage)
    try:
        yield
    finally:
        del storage._connect
        for engine in engines.values():
            engine.dispose()


def _engine(url: str) -> Engine:
    engine = create_engine(
        url, poolclass=QueuePool, connect_args={"timeout": _BUSY_TIMEOUT_SECONDS, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def set_pragma(connection: sqlite3.Connection, _record) -> None:
        connection.execute("PRAGMA synchronous = NORMAL")

    return engine
