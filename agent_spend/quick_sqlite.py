"""Makes a backfill in this process fast on Dagster's default SQLite storage; other storages are left as they are.

Dagster opens, flushes and closes a connection (and builds an engine) for each event row, several times an event, and
builds each run's file by migrations. A range of 35 days over 50 assets is thousands of events. Measured by
``benchmarks/dagster_sqlite.py``.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import MethodType

from dagster import DagsterEventType, DagsterInstance
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as EVENTS
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.pool import QueuePool

_BUSY_TIMEOUT_SECONDS = 120
#: Partitions of one asset (or planned ones of a run) that are stored in one transaction.
_BATCH_SIZE = 1000
_IN_BATCHES = {DagsterEventType.ASSET_MATERIALIZATION, DagsterEventType.ASSET_MATERIALIZATION_PLANNED}


@contextmanager
def quick_sqlite(instance: DagsterInstance) -> Iterator[None]:
    """Until the block ends: one pooled engine for each of the event log's files, and events of partitions in batches.

    With SQLite's write-ahead log, ``synchronous = NORMAL`` flushes at checkpoints instead of at each row; a power
    cut can lose the newest event rows, never the file.
    """
    storage = getattr(instance.event_log_storage, "underlying_storage", instance.event_log_storage)
    if type(storage) is not SqliteEventLogStorage or not hasattr(storage, "_connect"):
        yield
        return
    engines: dict[str, Engine] = {}
    empty_run: list[bytes] = []

    @contextmanager
    def connect(self, shard: str):
        with self._db_lock:
            if shard not in engines:
                engines[shard] = _engine(self.conn_string_for_shard(shard))
            if shard not in self._initialized_dbs:
                create(self, shard)
                self._initialized_dbs.add(shard)
            with engines[shard].connect() as connection, connection.begin():
                yield connection

    def create(self, shard: str) -> None:
        path = Path(self.path_for_shard(shard))
        is_new_run = shard != INDEX_SHARD_NAME and not path.exists()
        if is_new_run and empty_run:
            path.write_bytes(empty_run[0])
            return
        self._initdb(engines[shard])
        if is_new_run:
            with engines[shard].connect() as connection:
                empty_run.append(connection.connection.driver_connection.serialize())

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        together = [entry for entry in events if entry.dagster_event_type in _IN_BATCHES]
        for entry in events:
            if entry.dagster_event_type not in _IN_BATCHES:
                self.store_event(entry)
        if not together:
            return
        rows = [self._event_to_row(entry) for entry in together]
        with self.run_connection(together[0].run_id) as connection:
            connection.execute(EVENTS.insert(), rows)
        with self.index_connection() as connection:
            ids = connection.execute(EVENTS.insert().returning(EVENTS.c.id, sort_by_parameter_order=True), rows).scalars().all()
            self._store_asset_event_tags(connection, together, ids)
            # Of an asset itself Dagster keeps only the newest event.
            newest = {entry.dagster_event.asset_key: (entry, id) for entry, id in zip(together, ids, strict=True)}
            for entry, id in newest.values():
                self._store_asset_event(connection, entry, id)

    storage._connect = MethodType(connect, storage)
    storage.store_event_batch = MethodType(store_event_batch, storage)
    storage.has_table = cache(storage.has_table)
    instance._get_event_batch_size = lambda: _BATCH_SIZE
    try:
        yield
    finally:
        del storage._connect, storage.store_event_batch, storage.has_table, instance._get_event_batch_size
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
