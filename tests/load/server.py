"""What tests and measurements of the server share: it, on a folder of its own, and checks."""

import asyncio
import os
import pathlib
import re
import time

PROJECT = pathlib.Path(__file__).resolve().parents[2]
# A tiny model and how it is served.
TINY = (str(PROJECT / "tests/golden/gguf/tok.gguf"), "--layout", "v13", "--kv", "f16")
KEY = "a-key-of-the-tests"
PATIENCE_S = 120


class Checks:
    """One line for each; `failed` counts."""

    def __init__(self):
        self.failed = 0

    def __call__(self, name, holds, why=""):
        if holds:
            print(f"ok    {name}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {name}: {why}", flush=True)


class Server:
    async def start(self, program, home, served=TINY, quiet=False):
        env = {**os.environ, "BISE_HOME": home, "BISE_API_KEY": KEY}
        self.process = await asyncio.create_subprocess_exec(
            program, "serve", *served, "--port", "0", "--log", "none", env=env,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL if quiet else None)
        line = (await asyncio.wait_for(self.process.stdout.readline(), PATIENCE_S)).decode()
        self.port = int(re.match(r"http://[^/]*:(\d+)/", line).group(1))
        # Sanitizers and a loaded machine take their time.
        for _ in range(PATIENCE_S * 20):
            status, _ = await self.call("GET", "/health")
            if status == 200:
                return
            await asyncio.sleep(0.05)

    def resident_kib(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    async def send(self, method, path, body=b"", headers=""):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     f"Authorization: Bearer {KEY}\r\nContent-Type: application/json\r\n{headers}"
                     f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()
        return reader, writer

    async def call(self, method, path, body=b""):
        reader, writer = await self.send(method, path, body)
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
        writer.close()
        head, _, rest = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), rest

    async def metric(self, name):
        _, text = await self.call("GET", "/metrics")
        values = re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", text.decode(), re.M)
        return sum(map(float, values))

    async def quiet(self):
        """Waits until nothing runs or waits."""
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            running = await self.metric("bise_requests_running")
            waiting = await self.metric("bise_requests_waiting")
            if running == 0 and waiting == 0:
                return True
            await asyncio.sleep(0.1)
        return False
