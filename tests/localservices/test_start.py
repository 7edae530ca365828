"""What a person meets when bin/demo cannot start, and what a killed run leaves for the next one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import psycopg2
import pytest

from prm.localservices import demo, keep, ports
from prm.localservices.children import Child
from prm.localservices.datadir import MARK, ROOT, DataDir
from prm.localservices.errors import Failure, sentence_for
from prm.localservices.postgres import Postgres


def run_demo(*arguments, data, **variables):
    """`bin/demo` after its shell part, without whatever the tests set for themselves."""
    taken = ("DATABASE_URL", "REDIS_URL", "PRM_", "DJANGO")
    env = {name: value for name, value in os.environ.items() if not name.startswith(taken)}
    return subprocess.run(
        [sys.executable, "-m", "prm.localservices", "demo", *arguments],
        cwd=ROOT,
        env=env | {"PRM_DATA_DIR": str(data)} | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def data(tmp_path):
    folder = DataDir(tmp_path / "data", chosen=True)
    folder.create()
    return folder


def processes_of(data):
    return [pid for pid in data.leftovers() if pid != os.getpid()]


# One clear line


def test_a_taken_port_is_named_in_one_line(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = run_demo(data=tmp_path / "data", PRM_PORT=port)
    assert answer.returncode == 1
    assert port in answer.stderr
    assert len(answer.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "variables", "status", "word"),
    [
        (["--sideways"], {}, 2, "usage: bin/demo"),
        ([], {"PRM_PORT": "eighty"}, 2, "PRM_PORT"),
        ([], {"PRM_BIND": "0.0.0.0"}, 1, "PRM_BIND"),
        ([], {"PRM_HOST": "portal.example.com"}, 1, "PRM_HOST"),
        ([], {"PRM_SECRET_KEY": "a-real-one"}, 1, "PRM_SECRET_KEY"),
        (["--reset"], {"DATABASE_URL": "postgres://elsewhere/db"}, 2, "--reset"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(tmp_path, arguments, variables, status, word):
    answer = run_demo(*arguments, data=tmp_path / "data", **variables)
    assert answer.returncode == status
    assert word in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_full_disk_is_called_full(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(Failure, match="disk full: 1 MB free"):
        DataDir(tmp_path / "data").create()


def test_errors_of_the_system_become_sentences():
    assert sentence_for(OSError(28, "No space left on device", "/x")).startswith("disk full (/x)")
    assert sentence_for(PermissionError(13, "no", "/y")) == "permission denied (/y)"


def test_a_data_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure, match="is no folder"):
        DataDir(tmp_path / "file").create()


# One supervisor per folder


def test_a_folder_has_one_supervisor(data):
    assert data.acquire()
    second = DataDir(data.path)
    assert not second.acquire(patience=0.1)
    assert second.supervisor() == os.getpid()
    assert second.state() is None
    data.publish(kind="keep", env={})
    assert second.state()["kind"] == "keep"
    data.release()
    assert second.state() is None
    assert second.acquire(patience=0)
    second.release()


def test_reset_removes_only_what_is_ours(data):
    (data.path / "postgres").mkdir()
    (data.path / "letters of the user").write_text("dear")
    data.reset()
    assert not (data.path / "postgres").exists()
    assert (data.path / "letters of the user").exists()


def test_ports_stay_the_same_and_avoid_who_is_there():
    first = ports.pick("a seed")
    assert ports.pick("a seed") == first
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert ports.in_use(first)
        assert ports.pick("a seed") != first


# After a crash


def test_a_killed_keeper_leaves_nobody_and_the_next_start_recovers(data):
    borrowed = keep.borrow(data, for_tests=True)
    url = borrowed.env["DATABASE_URL"]
    with psycopg2.connect(url) as link:
        link.cursor().execute(
            "SET synchronous_commit = on; CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)"
        )
    link.close()
    os.kill(data.supervisor(), signal.SIGKILL)
    deadline = time.monotonic() + 10
    while data.supervisor() or processes_of(data):
        assert time.monotonic() < deadline, "the kernel did not end the children"
        time.sleep(0.05)
    again = keep.borrow(data, for_tests=True)
    link = psycopg2.connect(again.env["DATABASE_URL"])
    cursor = link.cursor()
    cursor.execute("SELECT n FROM kept")
    assert cursor.fetchone() == (1,)
    link.close()
    borrowed.give_back()
    again.give_back()
    while data.supervisor():
        assert time.monotonic() < deadline + 20, "the keeper stays although nobody uses it"
        time.sleep(0.05)
    assert not processes_of(data)


def test_processes_of_an_earlier_run_are_found_and_ended(data):
    left = subprocess.Popen(["sleep", "60"], env={MARK: str(data.path), "PATH": os.environ["PATH"]})
    stranger = subprocess.Popen(["sleep", "60"], env={MARK: f"{data.path}-2", "PATH": os.environ["PATH"]})
    try:
        assert processes_of(data) == [left.pid]
        threading.Thread(target=left.wait).start()  # a zombie would still be listed
        assert data.end_leftovers() == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_stale_note_of_a_dead_server_does_not_stop_the_next(data):
    server = Postgres(data)
    server.folder.mkdir()
    note = server.folder / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{server.folder}\n")  # our number: alive, but no PostgreSQL
    server._clear_stale_pid()
    assert not note.exists()


def test_what_a_child_started_ends_with_it(tmp_path):
    child = Child(
        "shell",
        ["sh", "-c", "sleep 60 & echo $!; wait"],
        env=dict(os.environ),
        log=tmp_path / "log",
        cwd=tmp_path,
    )
    child.spawn()
    while not (tmp_path / "log").read_text().strip():
        time.sleep(0.01)
    grandchild = int((tmp_path / "log").read_text())
    child.ask_to_stop()
    child.finish()
    deadline = time.monotonic() + 5
    while os.path.exists(f"/proc/{grandchild}/cmdline") and _command(grandchild):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _command(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as line:
            return line.read()
    except OSError:
        return ""


def test_a_first_filling_that_was_killed_starts_from_nothing(data, monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)
    run = demo.Demo(data, 8000, with_data=True)
    (data.path / "postgres").mkdir()
    (data.path / "setup.running").touch()
    run._forget_half_made()
    assert not (data.path / "postgres").exists()
    (data.path / "postgres").mkdir()
    data.write_private("setup.json", '{"with_data": true}')
    (data.path / "setup.running").touch()
    run._forget_half_made()
    assert (data.path / "postgres").exists(), "an interrupted update must not throw data away"
