#!/usr/bin/env python3
"""lanes.py PROGRAM MODEL [COUNT]: how long the first token takes beside a saturated batch lane.

Sixteen requests of the lane batch run at all times (each is replaced as it ends) while COUNT (50)
times a chat's and an editor completion's first token is waited for, one after the other; before
that the same on the idle server. Prints JSON with the 50th and 95th percentile in milliseconds.
Each request has a prompt of its own, so that no prefix is at hand from the one before.
"""

import asyncio
import json
import pathlib
import re
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/load"))
from server import PATIENCE_S, Server  # noqa: E402

BATCH = 16


async def first_token_ms(server, path, body, lane):
    """To the first event that has text; the rest is read too, so that nothing is cut."""
    began = time.monotonic()
    reader, writer = await server.send("POST", path, json.dumps({**body, "stream": True}).encode(),
                                       f"x-bise-lane: {lane}\r\n")
    head = await asyncio.wait_for(reader.readline(), PATIENCE_S)
    if b" 200 " not in head:
        raise RuntimeError((head + await reader.read()).decode())
    first = None
    while line := await asyncio.wait_for(reader.readline(), PATIENCE_S):
        if first is None and re.search(rb'"(content|text)": ?"[^"]', line):
            first = (time.monotonic() - began) * 1000
    writer.close()
    if first is None:
        raise RuntimeError("an answer without a token")
    return first


def chat(index):
    return {"messages": [{"role": "user", "content": f"Request {index}: why is the sky blue, and "
                          "why is it red in the evening? Answer in a few sentences."}],
            "max_tokens": 4, "temperature": 0}


def completion(index):
    return {"prompt": f"# file {index}\ndef add(a, b):\n    return a + b\n\ndef subtract(a, b):\n",
            "max_tokens": 4, "temperature": 0}


KINDS = {"chat": ("/v1/chat/completions", chat, "chat"),
         "completion": ("/v1/completions", completion, "completion")}


async def keep_busy(server, index, finished):
    count = 0
    while True:
        count += 1
        body = {"messages": [{"role": "user", "content": f"{index}.{count}: tell a long story."}],
                "max_tokens": 256, "ignore_eos": True, "seed": index}
        reader, writer = await server.send("POST", "/v1/chat/completions",
                                           json.dumps(body).encode(), "x-bise-lane: batch\r\n")
        answer = await reader.read()
        writer.close()
        if b" 200 " not in answer.split(b"\r\n")[0]:
            raise RuntimeError(answer[:300].decode())
        finished.append(time.monotonic())


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return round(ordered[max(0, -(-len(ordered) * share // 100) - 1)], 1)


async def measure(server, count, first):
    out = {}
    for name, (path, body, lane) in KINDS.items():
        times = [await first_token_ms(server, path, body(first + i), lane) for i in range(count)]
        out[name] = {"p50_ms": percentile(times, 50), "p95_ms": percentile(times, 95),
                     "max_ms": round(max(times), 1), "requests": count}
    return out


async def main(program, model, count):
    with tempfile.TemporaryDirectory() as home:
        server = Server()
        await server.start(program, home, (model,), quiet=True)
        try:
            await measure(server, 2, 1_000_000)  # what is set up once
            result = {"model": pathlib.Path(model).name, "idle": await measure(server, count, 0)}
            finished = []
            busy = [asyncio.create_task(keep_busy(server, i, finished)) for i in range(BATCH)]
            while await server.metric("bise_requests_running") < BATCH:
                await asyncio.sleep(0.1)
            result["beside_batch"] = await measure(server, count, count)
            result["batch_requests_at_once"] = BATCH
            result["batch_requests_finished"] = len(finished)
            for task in busy:
                if task.done():
                    task.result()
                task.cancel()
            print(json.dumps(result, indent=2))
        finally:
            server.process.kill()
            await server.process.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 50))
