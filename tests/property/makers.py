"""Requests from a seed: what an operation asks for, and whatever else somebody may send."""

import json
import random
import urllib.parse

from schemas import TEXTS, Schemas

QUERIES = ["?", "?a=%ff", "?limit=-1", "?limit=99999999999999999999", "?before=%00", "?limit=1",
           "?q=" + "a" * 5000, "?q=%22", "?format=x", "?format=json", "?format=markdown", "?q=word",
           "?archived=true", "?archived=2", "?&&==&", "?a=%", "?q=a&q=b", "?q=%F0%9F%98%80*",
           "?before=1%20OR%201", "?q=" + "%22(" * 400]
# Whole lines of the header. EARLY: those that HTTP or the gate answer, and with which status.
HEADERS = ["x-bise-lane: batch", "x-bise-lane: \xff", "Accept: text/plain;q=x, */*",
           "Accept: application/openmetrics-text", "Cookie: bise=; =; a", "Range: bytes=0-1",
           "If-None-Match: *", "Accept-Encoding: br;q=0, *", "traceparent: 00-zz",
           "anthropic-version: 1", "x-request-id: " + "a" * 4000,
           "Last-Event-ID: 99999999999999999999999"]
EARLY = {"Host: evil.example": 421, "Origin: http://evil.example": 403,
         "Expect: the-unexpected": 417, "x-many: " + "a" * 300000: 431,
         "Transfer-Encoding: gzip": 501, "broken": 400, "Content-Length: 1": 400,
         "Origin: null": 403}
TYPES = ["", "text/plain", "application/json; charset=utf-16", "multipart/form-data", "\xff/;="]


class Request:
    def __init__(self, method, path, body, headers, known_method):
        self.method, self.path, self.body, self.headers = method, path, body, headers
        self.known_method = known_method
        self.early = {EARLY[line] for line in headers if line in EARLY}

    def wire(self):
        lines = [f"{self.method} {self.path} HTTP/1.1", *self.headers]
        if "Host: evil.example" not in self.headers:
            lines.append("Host: localhost")
        lines += ["Connection: close", f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("latin-1") + self.body

    def shown(self):
        headers = [line[:80] for line in self.headers]
        return f"{self.method} {self.path[:300]} {headers} {self.body[:1500]!r}"


class Maker:
    """Ids that answers have named are tried on the routes of their kind, others too."""

    def __init__(self, document, seed):
        self.rng = random.Random(seed)
        self.schemas = Schemas(document, self.rng)
        self.known = {}
        self.keys = []

    def remember(self, value, kind):
        if isinstance(value, list):
            for one in value:
                self.remember(one, kind)
        if not isinstance(value, dict):
            return
        if isinstance(value.get("id"), str):
            self.known.setdefault(kind, []).append(value["id"])
        for name, member in value.items():
            if name == "run" and isinstance(member, str):
                self.known.setdefault("runs", []).append(member)
            if isinstance(member, (dict, list)):
                self.remember(member, name if name.endswith("s") else name + "s")

    def some_id(self, kind):
        ids = self.known.get(kind, [])
        if ids and self.rng.random() < 0.7:
            return self.rng.choice(ids[-6:])
        others = [one for each in self.known.values() for one in each[-3:]]
        return self.rng.choice(others + ["0", "x" * 300, *TEXTS[:13]])

    def path(self, path):
        if "{id}" in path:
            text = self.some_id(path.split("/")[2]).encode("utf-8", "surrogatepass")
            path = path.replace("{id}", urllib.parse.quote(text, safe="") or "%20")
        if self.rng.random() < 0.15:
            path += self.rng.choice(QUERIES)
        return path

    def body(self, path, schema):
        if schema is None:
            return self.rng.choice([b""] * 8 + [b"{}", b"\xff"])
        value = self.schemas.valid(schema)
        self.aim(path, value)
        for _ in range(self.rng.choice([0, 0, 0, 1, 1, 2, 4])):
            value = self.schemas.broken(value)
        data = bytearray(json.dumps(value, ensure_ascii=self.rng.random() < 0.7)
                         .encode("utf-8", "surrogatepass"))
        if self.rng.random() < 0.1:
            data[self.rng.randrange(len(data))] = self.rng.randrange(256)
        return bytes(data[:self.rng.randrange(len(data))] if self.rng.random() < 0.03 else data)

    def aim(self, path, value):
        """Half of the bodies can be good: ids that exist, no refused fields, few tokens."""
        if not isinstance(value, dict):
            return
        if path.startswith("/v1/") or "max_tokens" in value:
            value["max_tokens"] = self.rng.randrange(1, 8)
        if self.rng.random() < 0.5:
            return
        refused = self.refused(path)
        for name in list(value):
            if name in refused:
                del value[name]
        messages = self.known.get("messages", [])
        for name in ("message", "parent", "leaf"):
            if name in value:
                value[name] = self.rng.choice(messages[-4:]) if messages else None
        if value.get("kind") == "send" and self.rng.random() < 0.5:
            value["parent"] = None
        if "model" in value:
            value["model"] = self.rng.choice(self.known.get("models", [None])[-2:])
        if path in ("/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"):
            value["messages"] = [{"role": "user", "content": "word " * self.rng.randrange(1, 9)}]

    def refused(self, path):
        """Fields that the document marks as refused or that want other fields with them."""
        named = {"/v1/chat/completions": "ChatRequest", "/v1/completions": "CompletionRequest",
                 "/v1/fim/completions": "FimRequest", "/v1/messages": "MessagesRequest"}.get(path)
        fields = self.schemas.named[named]["properties"] if named else {}
        return {name for name, field in fields.items()
                if field.get("x-bise-class") == "refused"} | {"tools", "tool_choice", "model"}

    def credentials(self, key):
        rng = self.rng
        if rng.random() < 0.9:
            return [f"Authorization: Bearer {key}"]
        others = [f"x-api-key: {one}" for one in self.keys[-3:]]
        return [rng.choice(others + ["x-none: 1", "Authorization: Bearer wrong", "x-api-key:",
                                     "Authorization: Basic YTpi", "Authorization: Bearer",
                                     "Authorization: Bearer " + "b" * 9000,
                                     "Authorization: Bearer \xff\xfe"])]

    def request(self, operation, methods, key):
        method, path, schema, _ = operation
        rng, sent = self.rng, method
        if rng.random() < 0.02:
            sent = rng.choice([one for one in ("TRACE", "PATCH", "PUT", "X", "get")
                               if one not in methods])
        headers = self.credentials(key)
        kind = rng.choice(TYPES) if rng.random() < 0.04 else "application/json"
        headers.append(f"Content-Type: {kind}")
        if rng.random() < 0.08:
            headers.append(rng.choice(HEADERS))
        if rng.random() < 0.04:
            headers.append(rng.choice(list(EARLY)))
        return Request(sent, self.path(path), self.body(path, schema), headers, sent == method)
