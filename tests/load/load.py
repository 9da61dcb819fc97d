#!/usr/bin/env python3
"""load.py PROGRAM REQUESTS: many clients at once, good and bad, against a server with a tiny model.

Requests of all kinds with random cancels, slow readers and malformed bodies, twice as many at the
same time as the server runs sequences. Afterwards nothing may be left of them: no request that
hangs, no page that is taken, no answer that says "our fault", and as much memory as before. Then
the server ends by SIGTERM while answers run. One line for each check; ends with 1 if one failed.
"""

import asyncio
import json
import random
import signal
import sys
import tempfile

from server import KEY, PATIENCE_S, Checks, Server

AT_ONCE = 128

check = Checks()


def chat(rng, **more):
    body = {"messages": [{"role": "user", "content": "word " * rng.randrange(1, 30)}],
            "max_tokens": rng.randrange(1, 40), "seed": rng.randrange(1 << 30)}
    body.update(more)
    return json.dumps(body).encode()


async def whole(server, rng, seen):
    path = rng.choice(["/v1/chat/completions", "/v1/messages"])
    status, _ = await server.call("POST", path, chat(rng))
    seen.append(status)


async def several(server, rng, seen):
    status, answer = await server.call("POST", "/v1/chat/completions", chat(rng, n=3))
    seen.append(status)
    assert status != 200 or b'"index":2' in answer or b'"index": 2' in answer


async def streamed(server, rng, seen):
    _, answer = await server.call("POST", "/v1/chat/completions", chat(rng, stream=True))
    assert b"[DONE]" in answer, answer[-300:]
    seen.append(200)


async def slow(server, rng, seen):
    reader, writer = await server.send("POST", "/v1/chat/completions", chat(rng, stream=True))
    while await asyncio.wait_for(reader.read(64), PATIENCE_S):
        await asyncio.sleep(rng.random() * 0.01)
    writer.close()
    seen.append(200)


async def gone(server, rng, seen):
    reader, writer = await server.send("POST", "/v1/chat/completions",
                                       chat(rng, stream=rng.random() < 0.5, max_tokens=200))
    await asyncio.sleep(rng.random() * 0.1)
    if rng.random() < 0.5:
        writer.transport.abort()
    writer.close()
    seen.append(0)


async def malformed(server, rng, seen):
    body = bytearray(chat(rng))
    for _ in range(rng.randrange(1, 5)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    path = rng.choice(["/v1/chat/completions", "/v1/completions", "/v1/messages", "/tokenize",
                       "/v1/fim/completions"])
    status, _ = await server.call("POST", path, bytes(body))
    seen.append(status)


async def short_body(server, rng, seen):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999\r\n"
                 b"Authorization: Bearer " + KEY.encode() + b"\r\n\r\n{")
    await asyncio.sleep(rng.random() * 0.05)
    writer.close()
    seen.append(0)


async def garbage(server, rng, seen):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(rng.randbytes(rng.randrange(1, 300)) + b"\r\n\r\n")
    try:
        await asyncio.wait_for(reader.read(), PATIENCE_S)
    except ConnectionError:
        pass
    writer.close()
    seen.append(0)


KINDS = [whole, whole, several, streamed, streamed, slow, gone, gone, malformed, malformed,
         short_body, garbage]


async def storm(server, count, seed):
    """Returns the statuses seen, and what went wrong."""
    seen, wrong = [], []
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(index):
        rng = random.Random(seed + index)
        async with gate:
            kind = rng.choice(KINDS)
            try:
                await asyncio.wait_for(kind(server, rng, seen), PATIENCE_S)
            except Exception as error:  # whatever it is belongs into the report
                wrong.append(f"{kind.__name__} {seed + index}: {error!r}")

    await asyncio.gather(*(one(index) for index in range(count)))
    return seen, wrong


async def main(program, count):
    with tempfile.TemporaryDirectory() as home:
        server = Server()
        await server.start(program, home)
        # The first storm fills caches, pools and arenas; what counts is what the second one adds.
        await storm(server, count // 3, seed=1)
        await server.quiet()
        before, files = server.resident_kib(), server.open_files()
        seen, wrong = await storm(server, count, seed=1_000_000)
        check(f"{len(seen)} requests have ended", not wrong, "; ".join(wrong[:5]))
        ours = sorted({status for status in seen if status >= 500 and status != 503})
        check("no answer is a failure of the server", not ours, ours)
        check("good answers came", seen.count(200) > count // 4, seen.count(200))
        check("nothing runs or waits afterwards", await server.quiet())
        check("no page is taken afterwards", await server.metric("bise_kv_pages_used") == 0,
              await server.metric("bise_kv_pages_used"))
        grown = server.resident_kib() - before
        check("memory is as before", grown < max(0.05 * before, 8192),
              f"{grown} KiB more than {before}")
        check("no file is left open", server.open_files() <= files + 4,
              f"{server.open_files()} of {files} before")
        status, _ = await server.call("POST", "/v1/chat/completions", chat(random.Random(1)))
        check("it still answers", status == 200, status)

        streams = [asyncio.create_task(server.call(
            "POST", "/v1/chat/completions", chat(random.Random(i), stream=True, max_tokens=30)))
            for i in range(8)]
        await asyncio.sleep(0.05)
        server.process.send_signal(signal.SIGTERM)
        ends = await asyncio.gather(*streams, return_exceptions=True)
        code = await asyncio.wait_for(server.process.wait(), PATIENCE_S)
        whole_ones = [end for end in ends if not isinstance(end, Exception) and end[0] == 200]
        check("SIGTERM lets running answers end", all(b"[DONE]" in end[1] for end in whole_ones),
              "a stream was cut")
        check("and ends with 0", code == 0, code)
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], int(sys.argv[2]))))
