"""The page's routes as docs/page-api.md has them, in the form of our OpenAPI document."""

STRING, WHOLE, FLAG = {"type": "string"}, {"type": "integer"}, {"type": "boolean"}
TEXT = {"type": ["string", "null"]}
COUNT = {"type": ["integer", "null"]}
MAYBE = {"type": ["boolean", "null"]}
NUMBER = {"type": ["number", "null"]}
OBJECT = {"type": "object"}


def members(optional=(), **named):
    return {"type": "object", "properties": named,
            "required": [name for name in named if name not in optional]}


def some(**named):
    return {"type": "object", "properties": named}


def each(items):
    return {"type": "array", "items": items}


def words(*texts):
    return {"type": "string", "enum": list(texts)}


SAMPLING = some(temperature={**NUMBER, "minimum": 0, "maximum": 2},
                top_p={**NUMBER, "minimum": 0, "maximum": 1}, top_k=COUNT,
                min_p={**NUMBER, "minimum": 0, "maximum": 1}, seed=COUNT,
                max_tokens={"type": "integer", "minimum": 1, "maximum": 8})
CHAT = members(id=STRING, title=STRING, title_set=FLAG, created_ms=WHOLE, updated_ms=WHOLE,
               pinned=FLAG, archived=FLAG, temporary=FLAG, model=TEXT, system_prompt=TEXT,
               sampling=OBJECT, draft=STRING, leaf=TEXT, run=TEXT)
FEEDBACK = members(rating=WHOLE, labels=each(STRING), comment=STRING, corrected=TEXT)
MESSAGE = members(("model", "thinking", "thinking_ms", "tools", "state", "error", "run", "n",
                   "facts"), id=STRING, chat=STRING, parent=TEXT,
                  role=words("user", "assistant"), created_ms=WHOLE, content=STRING, edited=FLAG,
                  feedback={"type": ["object", "null"]}, model=TEXT, thinking=TEXT,
                  thinking_ms=COUNT, tools={"type": ["array", "null"]},
                  state={"enum": ["queued", "reading", "writing", "done", "stopped", "length",
                                  "failed", None]},
                  error={"type": ["object", "null"]}, run=TEXT, n=COUNT,
                  facts={"type": ["object", "null"]})
MODEL = members(id=STRING, aliases=each(STRING),
                state=words("unloaded", "loading", "ready", "unloading", "failed"),
                error={}, pinned=FLAG, architecture=STRING, parameters=WHOLE, quantization=STRING,
                file_bytes=WHOLE, bytes=OBJECT, context_tokens=WHOLE, vocab_size=WHOLE,
                thinking=FLAG, tools=FLAG, system=FLAG, vision=FLAG, defaults=OBJECT,
                tokens_per_s=NUMBER, roof_tokens_per_s=NUMBER)
USER = members(id=STRING, name=STRING, owner=FLAG, has_password=FLAG, created_ms=WHOLE)
MACHINE = members(cpu=STRING, cores=WHOLE, isa=STRING, memory_bytes=WHOLE,
                  memory_free_bytes=WHOLE, bandwidth=NUMBER, data_folder=STRING,
                  disk_free_bytes=WHOLE, store_bytes=WHOLE, address=STRING,
                  outgoing=each(OBJECT))
KEY = members(id=STRING, name=STRING, prefix=STRING, scopes=each(STRING), created_ms=WHOLE,
              used_ms=COUNT, expires_ms=COUNT, requests_per_minute=COUNT, tokens_per_day=COUNT,
              tokens=WHOLE)
SESSION = members(id=STRING, created_ms=WHOLE, seen_ms=WHOLE, agent=STRING, current=FLAG)
PROMPT = members(id=STRING, name=STRING, text=STRING)
TOKEN = members(id=WHOLE, text=STRING, p=NUMBER, part=words("thinking", "answer", "control"),
                top={"type": ["array", "null"]}, forced=FLAG)
BOOT = members(user=USER, settings=OBJECT, version=STRING, features=each(STRING),
               models=each(MODEL), budget_bytes=COUNT, machine=MACHINE, chats=each(CHAT),
               next=TEXT, event=WHOLE)
FOUND = members(chat=CHAT, message=TEXT, snippet=STRING, marks=each(each(WHOLE)))

NEW_CHAT = some(model=TEXT, system_prompt=TEXT, sampling=SAMPLING, temporary=MAYBE)
OF_CHAT = some(title=TEXT, pinned=MAYBE, archived=MAYBE, model=TEXT, system_prompt=TEXT,
               sampling=SAMPLING, draft=TEXT, leaf=TEXT)
RUN = members(("message", "index", "token", "model", "id"),
              kind=words("send", "send", "regenerate", "continue", "take"), content=STRING,
              parent=TEXT, message=TEXT, index=COUNT, token=COUNT, model=TEXT,
              sampling={**SAMPLING, "required": ["max_tokens"]}, id=TEXT)
RATING = members(("labels", "comment", "corrected"), rating={"enum": [1, -1]},
                 labels=each(words("wrong", "style", "other")), comment=STRING, corrected=STRING)
NEW_KEY = members(("expires_ms", "requests_per_minute", "tokens_per_day"), name=STRING,
                  scopes=each(words("inference", "chats", "metrics")), expires_ms=COUNT,
                  requests_per_minute=COUNT, tokens_per_day=COUNT)
IMPORT = members(format=words("bise-chat"), version={"enum": [1]}, chat=OF_CHAT,
                 messages=each(members(id=TEXT, parent=TEXT, role=words("user", "assistant"),
                                       content=TEXT)))
NAME = members(name=STRING)
ME = some(name=STRING, password=TEXT, current_password=TEXT)
MODEL_STATE = some(state=words("ready", "unloaded"), pinned=MAYBE)
NEW_MESSAGE = members(parent=TEXT, role=words("assistant"), content=STRING)
FILES = {"application/json", "text/markdown"}

# Method, path, body, good status, answer. None: no content; a set: the content types of a file.
# The stream of events does not end and is left to tests/page. Signing out ends a session, and a
# key has none.
ROUTES = [
    ("GET", "/api/boot", None, 200, BOOT),
    ("POST", "/api/chats", NEW_CHAT, 201, CHAT),
    ("GET", "/api/chats", None, 200, members(chats=each(CHAT), next=TEXT)),
    ("PATCH", "/api/chats/{id}", OF_CHAT, 200, CHAT),
    ("POST", "/api/chats/{id}/runs", RUN, 201,
     members(run=STRING, chat=CHAT, messages=each(MESSAGE))),
    ("POST", "/api/runs/{id}/stop", None, 204, None),
    ("GET", "/api/chats/{id}", None, 200,
     members(chat=CHAT, messages=each(MESSAGE), event=WHOLE)),
    ("POST", "/api/chats/{id}/messages", NEW_MESSAGE, 201, MESSAGE),
    ("GET", "/api/messages/{id}/tokens", None, 200,
     members(vocab_size=WHOLE, tokens=each(TOKEN))),
    ("GET", "/api/messages/{id}/prompt", None, 200,
     members(tokens=WHOLE, pieces=each(members(text=STRING, ids=each(WHOLE), control=FLAG)))),
    ("PUT", "/api/messages/{id}/feedback", RATING, 200, MESSAGE),
    ("GET", "/api/feedback/export", None, 200,
     {"application/jsonl", "application/x-ndjson"}),
    ("DELETE", "/api/messages/{id}/feedback", None, 200, MESSAGE),
    ("GET", "/api/search", None, 200, members(results=each(FOUND))),
    ("GET", "/api/chats/{id}/export", None, 200, FILES),
    ("POST", "/api/import", IMPORT, 200, members(chats=each(STRING), skipped=each(
        members(index=WHOLE, reason=STRING)))),
    ("DELETE", "/api/chats/{id}", None, 204, None),
    ("POST", "/api/chats/{id}/restore", None, 200, CHAT),
    ("DELETE", "/api/chats", None, 200, members(deleted=WHOLE)),
    ("GET", "/api/settings", None, 200, OBJECT),
    ("PATCH", "/api/settings", some(theme=TEXT, default_system_prompt=TEXT), 200, OBJECT),
    ("GET", "/api/me", None, 200, USER),
    ("PATCH", "/api/me", ME, 200, USER),
    ("POST", "/api/signin", members(name=STRING, password=STRING), 204, None),
    ("GET", "/api/sessions", None, 200, members(sessions=each(SESSION))),
    ("DELETE", "/api/sessions/{id}", None, 204, None),
    ("GET", "/api/users", None, 200, members(users=each(USER))),
    ("POST", "/api/users", NAME, 201, members(user=USER, link=STRING)),
    ("POST", "/api/users/{id}/link", None, 200, members(link=STRING)),
    ("DELETE", "/api/users/{id}", None, 204, None),
    ("GET", "/api/keys", None, 200, members(keys=each(KEY))),
    ("POST", "/api/keys", NEW_KEY, 201, members(key=KEY, secret=STRING)),
    ("PATCH", "/api/keys/{id}", NAME, 200, KEY),
    ("DELETE", "/api/keys/{id}", None, 204, None),
    ("GET", "/api/prompts", None, 200, members(prompts=each(PROMPT))),
    ("POST", "/api/prompts", members(name=STRING, text=STRING), 201, PROMPT),
    ("PATCH", "/api/prompts/{id}", some(name=STRING, text=STRING), 200, PROMPT),
    ("DELETE", "/api/prompts/{id}", None, 204, None),
    ("GET", "/api/models", None, 200, members(models=each(MODEL), budget_bytes=COUNT)),
    ("PATCH", "/api/models/{id}", MODEL_STATE, 200, MODEL),
    ("GET", "/api/machine", None, 200, MACHINE),
]
ERRORS = {"400", "401", "403", "404", "408", "413", "422", "429"}
# 409: the chat has a running answer.
BUSY = {"/api/chats/{id}/runs"}


def operations():
    """Method, path, schema of the body, and what the OpenAPI document would call the operation."""
    refused = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
    for method, path, body, status, answer in ROUTES:
        responses = {code: refused for code in ERRORS | ({"409"} if path in BUSY else set())}
        if isinstance(answer, set):
            content = {kind: {"schema": {}} for kind in answer}
        else:
            content = {} if answer is None else {"application/json": {"schema": answer}}
        responses[str(status)] = {"content": content}
        yield method, path, body, {"responses": responses}
