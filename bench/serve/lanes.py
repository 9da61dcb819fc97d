#!/usr/bin/env python3
"""lanes.py PROGRAM MODEL [COUNT]: how long the first token takes beside a saturated batch lane.

Sixteen requests of the lane batch run at all times (each is replaced as it ends) while COUNT (50)
times a chat's and an editor completion's first token is waited for, one after the other; before
that the same on the idle server. Prints JSON with the 50th and 95th percentile in milliseconds.
Each request has a prompt of its own, so that no prefix is at hand from the one before.
"""

import asyncio
import json
import os
import pathlib
import re
import sys
import tempfile
import time

KEY = "a-key-of-the-measurement"
BATCH = 16
PATIENCE_S = 300


class Server:
    async def start(self, program, model, home):
        env = {**os.environ, "BISE_HOME": home, "BISE_API_KEY": KEY}
        self.process = await asyncio.create_subprocess_exec(
            program, "serve", model, "--port", "0", "--log", "none", env=env,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL)
        line = (await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)).decode()
        self.port = int(re.match(r"http://[^/]*:(\d+)/", line).group(1))
        while b" 200 " not in (await self.get("/health")).split(b"\r\n")[0]:
            await asyncio.sleep(0.05)

    async def open(self, method, path, body, headers=""):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        data = json.dumps(body).encode() if body is not None else b""
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n{headers}"
                     f"Content-Length: {len(data)}\r\n\r\n".encode() + data)
        return reader, writer

    async def get(self, path):
        reader, writer = await self.open("GET", path, None)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        return answer

    async def running(self):
        text = (await self.get("/metrics")).decode()
        values = re.findall(r"^bise_requests_running(?:{[^}]*})? (\S+)$", text, re.M)
        return sum(map(float, values))

    async def first_token_ms(self, path, body, lane):
        """To the first event that has text; the rest is read too, so that nothing is cut."""
        began = time.monotonic()
        reader, writer = await self.open("POST", path, {**body, "stream": True},
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
        reader, writer = await server.open("POST", "/v1/chat/completions", body,
                                           "x-bise-lane: batch\r\n")
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
        times = [await server.first_token_ms(path, body(first + i), lane) for i in range(count)]
        out[name] = {"p50_ms": percentile(times, 50), "p95_ms": percentile(times, 95),
                     "max_ms": round(max(times), 1), "requests": count}
    return out


async def main(program, model, count):
    with tempfile.TemporaryDirectory() as home:
        server = Server()
        await server.start(program, model, home)
        try:
            await measure(server, 2, 1_000_000)  # what is set up once
            result = {"model": pathlib.Path(model).name, "idle": await measure(server, count, 0)}
            finished = []
            busy = [asyncio.create_task(keep_busy(server, i, finished)) for i in range(BATCH)]
            while await server.running() < BATCH:
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
