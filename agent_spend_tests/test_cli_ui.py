"""`agent-spend ui` ends with everything it started, whoever tells it to: a terminal, systemd or `docker stop`."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from agent_spend.cli import main
from agent_spend.settings import Settings

# Stands for `dagster dev`: it ends in order at SIGTERM, but a process of its own (a run, a code server) outlives it.
SERVICE = """
import signal, subprocess, sys, time
started = subprocess.Popen([sys.executable, "-c", {child!r}])
signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
print(started.pid, flush=True)
time.sleep(60)
"""
ORDERLY = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="reads the state of processes from /proc")
@pytest.mark.parametrize(("name", "child"), [
    (signal.SIGTERM, ORDERLY), (signal.SIGTERM, STUBBORN), (signal.SIGINT, ORDERLY), (signal.SIGHUP, ORDERLY),
])
def test_a_signal_to_the_parent_alone_ends_all_that_it_started(name, child):
    command = [sys.executable, "-c", SERVICE.format(child=child)]
    code = f"import os, sys; from agent_spend.cli import demo; sys.exit(demo._until_told_to_stop({command!r}, os.environ, 0.5))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as parent:
        started = int(parent.stdout.readline())
        time.sleep(0.2)
        os.kill(parent.pid, name)
        assert parent.wait(timeout=20) == 7
    assert not is_running(started)


def complaint(capfd, *arguments: str) -> str:
    with pytest.raises(SystemExit) as exited:
        main([*arguments])
    assert exited.value.code == 2
    return capfd.readouterr().err


def test_a_port_that_is_taken_is_said_before_anything_starts(capfd):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = complaint(capfd, "ui", "--port", str(port))
    assert said.startswith(f"agent-spend: port {port} cannot be used: ")
    assert said.endswith("; choose another with --port\n")


def test_a_home_has_one_dagster_at_a_time(capfd):
    home = Settings.from_environment().home
    (home / "dagster").mkdir(parents=True)
    with open(home / "dagster" / "ui.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write("http://127.0.0.1:3000, process 4711")
        lock.flush()
        said = complaint(capfd, "ui", "--port", "3001")
    assert said == f"agent-spend: Dagster already runs over {home}: http://127.0.0.1:3000, process 4711\n"
