"""The power goes while people save: nothing that was acknowledged is lost, each save is durable."""

import asyncio
import json
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest
import sqlalchemy as sa

from legaled import db
from legaled.models import Step
from tests.conftest import skip_or_fail
from tests.load.client import answer
from tests.load.server import ROOT, Served, _wait, free_port, serving
from tests.load.world import candidates

PEOPLE = 50


@pytest.mark.server
def test_kill_9_of_all_processes_loses_no_acknowledged_answer(tmp_path):
    config, people = candidates(tmp_path, PEOPLE)
    acknowledged: set[tuple[int, int, int]] = set()
    sent: set[tuple[int, int, int]] = set()

    async def write(who, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for number in range(10_000):
                slot = number % 50 + 1
                writer.write(who.save(slot, "ABCD"[number % 4]))
                step = (who.attempt_id, slot, who.seqs[slot])
                sent.add(step)
                status, _ = await answer(reader)
                assert status == 200
                acknowledged.add(step)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()

    async def everybody_until_killed(served: Served):
        writing = [asyncio.create_task(write(who, served.port)) for who in people]
        while len(acknowledged) < 500:
            await asyncio.sleep(0.02)
        served.kill()
        await asyncio.gather(*writing)

    with serving(config) as served:
        asyncio.run(everybody_until_killed(served))
    database = db.Database(config.url)
    with database.read() as session:
        kept = {
            tuple(row)
            for row in session.execute(sa.select(Step.attempt_id, Step.slot, Step.seq))
        }
        assert session.scalar(sa.text("PRAGMA integrity_check")) == "ok"
    database.close()
    assert len(acknowledged) >= 500
    assert acknowledged <= kept <= sent


@pytest.mark.server
def test_a_hundred_saves_are_a_hundred_times_on_disk(tmp_path):
    """SQLite under synchronous=FULL, seen from outside: a sync for every save."""
    if shutil.which("strace") is None:
        skip_or_fail("没有安装 strace")
    config, (who,) = candidates(tmp_path, 1)
    port = free_port()
    config = replace(config, port=port, workers=1)
    log = tmp_path / "strace.txt"
    process = subprocess.Popen(
        ["strace", "-f", "-c", "-e", "trace=fsync,fdatasync", "-o", str(log), sys.executable, "-m",
         "tests.load.serve", "legaled"],
        cwd=ROOT,
        env={"LEGALED_INSTANCE": str(tmp_path), "LEGALED_SECRET_KEY": config.secret_key,
             "LEGALED_PORT": str(port), "LEGALED_WORKERS": "1", "LEGALED_LOG_LEVEL": "ERROR",
             "PATH": "/usr/bin:/bin"},
        stdout=subprocess.DEVNULL,
    )
    served = Served(process, port)
    try:
        _wait(served)
        asyncio.run(_save_in_turn(port, who, 100))
    finally:
        for pid in served.pids()[1:]:  # the server; strace then writes its table
            subprocess.run(["kill", "-9", str(pid)], check=False)
        process.wait(60)
    rows = [line.split() for line in log.read_text().splitlines()]
    synced = sum(int(row[3]) for row in rows if row and row[-1] in ("fsync", "fdatasync"))
    assert synced >= 100, log.read_text()


async def _save_in_turn(port, who, count):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number in range(count):
        writer.write(who.save(number % 50 + 1, "A"))
        status, body = await answer(reader)
        assert status == 200, json.loads(body)
    writer.close()


def test_the_connection_that_saves_is_durable(tmp_path, postgres_durable):
    """`synchronous=2` on SQLite, `synchronous_commit=on` on a PostgreSQL with its own settings."""
    sqlite = db.Database(f"sqlite:///{tmp_path}/x.sqlite")
    raw = sqlite.engine.raw_connection()
    assert raw.cursor().execute("PRAGMA synchronous").fetchone() == (2,)
    raw.close()
    sqlite.close()
    postgres = db.Database(postgres_durable.url)
    raw = postgres.engine.raw_connection()
    for setting in ("synchronous_commit", "fsync"):
        assert raw.cursor().execute(f"SHOW {setting}").fetchone() == ("on",)
    raw.close()
    postgres.close()


@pytest.mark.server
def test_a_killed_worker_comes_back(tmp_path):
    config, people = candidates(tmp_path, 1)
    with serving(config) as served:
        workers = [pid for pid in served.pids() if pid != served.process.pid]
        before = set(workers)
        for pid in workers:
            subprocess.run(["kill", "-9", str(pid)], check=False)
        _wait(served)
        assert set(served.pids()) - before - {served.process.pid}
        asyncio.run(_save_in_turn(served.port, people[0], 5))
