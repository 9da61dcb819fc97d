#!/usr/bin/env python3
"""property.py PROGRAM SECONDS [SEED]: requests made from what we document, whole and broken.

For each operation of /openapi.json and each route of the page (docs/page-api.md): no status of
500 or above, no status and no content type that is not documented, every JSON answer and every
event of a stream as its schema says, and at least one good answer. One line for each operation; a
failure shows its request; ends with 1 then.
"""

import asyncio
import json
import random
import sys
import tempfile
import time
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "load"))
import page_routes  # noqa: E402
from makers import Maker  # noqa: E402
from schemas import unknown_keywords  # noqa: E402
from server import KEY, PATIENCE_S, Checks, Server  # noqa: E402

# What a signed-in person alone may do, and what would end the test's own means: seldom.
SELDOM = {("DELETE", "/api/chats"): 0.05, ("DELETE", "/api/chats/{id}"): 0.2,
          ("DELETE", "/api/users/{id}"): 0.2, ("DELETE", "/api/keys/{id}"): 0.2,
          ("PATCH", "/api/models/{id}"): 0.1}
# A key has no session to end, and who knows no password does not come in.
NEVER_GOOD = {("DELETE", "/api/sessions/{id}"), ("POST", "/api/signin")}


def dechunk(data):
    out = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        count = int(size.split(b";")[0], 16)
        if count == 0:
            return out
        out, data = out + data[:count], data[count + 2:]
    raise ValueError("the last chunk is missing")


async def ask(server, request):
    """Status, the lines of the header, the body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(request.wire())
        answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    finally:
        writer.close()
    head, _, rest = answer.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {key.lower(): value.strip() for key, _, value in
               (line.partition(":") for line in lines[1:])}
    if headers.get("transfer-encoding") == "chunked":
        rest = dechunk(rest)
    elif int(headers.get("content-length", 0)) != len(rest):
        raise ValueError(f"{len(rest)} bytes of body are not the Content-Length")
    return int(lines[0].split()[1]), headers, rest


def no_constant(text):
    raise ValueError(f"{text} is no JSON")


def read_json(data):
    return json.loads(data.decode("utf-8"), parse_constant=no_constant)


def wrong_events(data):
    """Each event of a stream is JSON, and the stream says that it has ended."""
    lines = data.decode("utf-8").split("\n")
    events = [line[5:].strip() for line in lines if line.startswith("data:")]
    for event in events:
        if event != "[DONE]":
            read_json(event.encode())
    ended = events and (events[-1] == "[DONE]" or "message_stop" in events[-1] or
                        '"error"' in events[-1])
    return None if ended else "the stream has no end"


def documented(request, operation, status):
    """The content types that the status may have with this request, or None."""
    if status in request.early or (status == 405 and not request.known_method):
        error = operation["responses"].get("400", {}).get("content")
        return error or {"application/json": {"schema": {}}}
    if status >= 500 or str(status) not in operation["responses"]:
        return None
    return operation["responses"][str(status)].get("content", {})


def judge(maker, request, operation, answer):
    """What is wrong with the answer, or None."""
    status, headers, rest = answer
    contents = documented(request, operation, status)
    if contents is None:
        return f"status {status} is not documented or a failure"
    if not contents:
        return "a body where none is documented" if rest else None
    kind = headers.get("content-type", "").split(";")[0]
    if kind not in contents:
        return f"content type {kind!r} is not documented for {status}"
    if kind == "text/event-stream":
        return wrong_events(rest)
    if kind != "application/json":
        rest.decode("utf-8")
        return None
    value = read_json(rest)
    if status < 300 and request.path.startswith("/api/"):
        maker.remember(value, request.path.split("?")[0].split("/")[2])
        if isinstance(value, dict) and "secret" in value:
            maker.keys.append(value["secret"])
    return maker.schemas.misfit(value, contents[kind]["schema"])


def operations(document):
    """(method, path, schema of the body, operation) of all."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody")
            yield (method.upper(), path, body and body["content"]["application/json"]["schema"],
                   operation)
    yield from page_routes.operations()


def all_unknown(document):
    found = []
    for name, schema in document["components"]["schemas"].items():
        found += unknown_keywords(schema, name)
    for method, path, _, operation in operations(document):
        for response in operation["responses"].values():
            for content in response.get("content", {}).values():
                found += unknown_keywords(content["schema"], f"{method} {path}")
    return found


class Tried:
    """What came of one operation."""

    def __init__(self):
        self.count = self.good = 0
        self.failure = None


async def try_one(server, maker, one, methods, tried):
    request = maker.request(one, methods, KEY)
    answer = (0, {}, b"")
    try:
        answer = await ask(server, request)
        wrong = judge(maker, request, one[3], answer)
    except Exception as error:  # whatever it is belongs into the report
        wrong = repr(error)
    tried.count += 1
    tried.good += 200 <= answer[0] < 300
    if wrong and not tried.failure:
        tried.failure = f"{wrong}; asked: {request.shown()}; answered: {answer[2][:300]!r}"


async def try_all(server, maker, every, tried, seconds):
    methods = {}
    for method, path, _, _ in every:
        methods.setdefault(path, set()).add(method)
    ends = time.monotonic() + seconds
    # Each at least 20 times, however slow the machine is.
    rounds = 0
    while (time.monotonic() < ends or rounds < 20) and server.process.returncode is None:
        rounds += 1
        for one, result in zip(every, tried):
            if maker.rng.random() < SELDOM.get(one[:2], 1):
                await try_one(server, maker, one, methods[one[1]], result)


async def main(program, seconds, seed):
    print(f"seed {seed}", flush=True)
    check = Checks()
    with tempfile.TemporaryDirectory() as home:
        server = Server()
        await server.start(program, home)
        _, text = await server.call("GET", "/openapi.json")
        document = read_json(text)
        unknown = all_unknown(document)
        check("no keyword of the schemas is unknown to this test", not unknown, unknown[:5])
        maker, every = Maker(document, seed), list(operations(document))
        tried = [Tried() for _ in every]
        await try_all(server, maker, every, tried, seconds)
        for one, result in zip(every, tried):
            check(f"{one[0]} {one[1]}: {result.count} requests, {result.good} good",
                  not result.failure, f"seed {seed}: {result.failure}")
        never = [one[:2] for one, result in zip(every, tried)
                 if result.good == 0 and result.count >= 100 and one[:2] not in NEVER_GOOD]
        check("each operation that was asked 100 times had a good answer", not never, never)
        check("nothing runs or waits afterwards", await server.quiet())
        server.process.terminate()
        code = await asyncio.wait_for(server.process.wait(), PATIENCE_S)
        check("SIGTERM ends the server with 0", code == 0, code)
    return 1 if check.failed else 0


if __name__ == "__main__":
    chosen = int(sys.argv[3]) if len(sys.argv) > 3 else random.SystemRandom().randrange(1 << 32)
    sys.exit(asyncio.run(main(sys.argv[1], float(sys.argv[2]), chosen)))
