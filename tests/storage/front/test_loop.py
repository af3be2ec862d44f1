"""The event loop goes on while the database does not, in real time."""

import asyncio
import sqlite3

from sqlalchemy import make_url

from tests.storage.front.test_postgres import assert_whole, quick

LOCKED_S = 6.0
TICK_S = 0.05


async def test_a_locked_database_does_not_hold_the_loop_up(url):
    gaps = []

    async def tick():
        clock = asyncio.get_running_loop().time
        last_s = clock()
        while True:
            await asyncio.sleep(TICK_S)
            now_s = clock()
            gaps.append(now_s - last_s)
            last_s = now_s

    async with quick(url) as room:
        await room.prefer(words=120, chunk_units=400)
        await room.say("El faro")
        await room.settle()
        room.service.gate.set()
        other = sqlite3.connect(make_url(url).database, isolation_level=None)
        async with room.database._lock:
            other.execute("BEGIN IMMEDIATE")
        ticking = asyncio.create_task(tick())
        room.telegram.write(room.mateo, "El tren")
        await asyncio.sleep(LOCKED_S)
        ticks = len(gaps)
        other.execute("ROLLBACK")
        other.close()
        await room.telegram.until(lambda: room.telegram.texts(room.mateo), timeout_s=60)
        await room.finish()
        ticking.cancel()
        assert_whole(room, room.lucia)
        assert_whole(room, room.mateo)
    print(f"{ticks} ticks in {LOCKED_S} s, longest gap {max(gaps):.3f} s")
    # A statement waits for the lock for two seconds by itself, in a thread; the loop does not.
    assert ticks > 3
