#!/usr/bin/env python3
"""streams.py PROGRAM IDLE ACTIVE: a server whose clients stay.

IDLE connections that have asked once and are kept open, ACTIVE answers that are written at the same
time, each to its last token. Nobody gets an error, and afterwards every idle connection still
answers. One line for each check; ends with 1 if one failed.
"""

import asyncio
import json
import re
import resource
import sys
import tempfile

from server import KEY, PATIENCE_S, Checks, Server

TOKENS = 100
DIALLING = 100  # at the same time

check = Checks()


async def ask(connection):
    """A small request on a connection that stays open; its status."""
    reader, writer = connection
    writer.write(f"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {KEY}"
                 "\r\n\r\n".encode())
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), PATIENCE_S)
    length = int(re.search(rb"content-length: *(\d+)", head, re.I).group(1))
    await asyncio.wait_for(reader.readexactly(length), PATIENCE_S)
    return int(head.split()[1])


async def stay(server, gate):
    async with gate:
        connection = await asyncio.open_connection("127.0.0.1", server.port)
        return connection, await ask(connection)


async def stream(server, index):
    """The tokens of one answer, counted by the server, and whether its end came."""
    body = {"messages": [{"role": "user", "content": f"word {index}"}], "max_tokens": TOKENS,
            "ignore_eos": True, "seed": index, "stream": True,
            "stream_options": {"include_usage": True}}
    status, answer = await server.call("POST", "/v1/chat/completions", json.dumps(body).encode())
    count = re.search(rb'"completion_tokens": ?(\d+)', answer)
    return status == 200 and b"[DONE]" in answer and count and int(count.group(1)) == TOKENS


async def main(program, idle, active):
    # Ours; the server raises its own.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as home:
        server = Server()
        await server.start(program, home)
        gate = asyncio.Semaphore(DIALLING)
        stayed = await asyncio.gather(*(stay(server, gate) for _ in range(idle)))
        check(f"{idle} connections got their answer", all(one[1] == 200 for one in stayed))
        ends = await asyncio.gather(*(stream(server, i) for i in range(active)),
                                    return_exceptions=True)
        bad = [end for end in ends if end is not True]
        check(f"{active} streams beside them came to their last token", not bad,
              f"{len(bad)}, the first {bad[:1]!r}")
        again = await asyncio.gather(*(ask(one[0]) for one in stayed), return_exceptions=True)
        lost = [one for one in again if one != 200]
        check("the idle connections still answer", not lost, f"{len(lost)} not: {lost[:1]!r}")
        check("nothing runs or waits afterwards", await server.quiet())
        check("no page is taken afterwards", await server.metric("bise_kv_pages_used") == 0)
        for connection, _ in stayed:
            connection[1].close()
        server.process.terminate()
        check("it ends with 0", await asyncio.wait_for(server.process.wait(), PATIENCE_S) == 0)
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
