"""The official openai package, unchanged."""

import openai

from checks import (ARGUMENTS, CALLS, HELLO, KEY, STARTER_URL, TOK_URL, WEATHER, check, done,
                    first_with, raises, same)

client = openai.OpenAI(base_url=STARTER_URL + "/v1", api_key=KEY, max_retries=0)
tok = openai.OpenAI(base_url=TOK_URL + "/v1", api_key=KEY, max_retries=0)
MODEL = client.models.list().data[0].id
TOK = tok.models.list().data[0].id
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]


@check("openai.py: models")
def _():
    card = client.models.retrieve(MODEL)
    same((card.id, card.object), (MODEL, "model"))
    assert isinstance(card.created, int)
    error = raises(openai.NotFoundError, lambda: client.models.retrieve("nobody"))
    assert MODEL in error.message and error.request_id


@check("openai.py: chat")
def _():
    answer = client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=16,
                                            temperature=0)
    same((answer.object, answer.choices[0].message.role), ("chat.completion", "assistant"))
    assert "4" in answer.choices[0].message.content, answer
    assert answer.choices[0].message.tool_calls is None
    same(answer.choices[0].finish_reason, "stop")
    same(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens)
    same(answer.usage.prompt_tokens_details.cached_tokens % 64, 0)


@check("openai.py: a seed repeats an answer")
def _():
    def ask(seed):
        answer = client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=12,
                                                temperature=1, n=2, seed=seed)
        return [choice.message.content for choice in answer.choices], answer.seed
    texts, seed = ask(openai.NOT_GIVEN)
    same(ask(seed), (texts, seed))


@check("openai.py: chat as a stream, with usage")
def _():
    chunks = list(client.chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=16, temperature=0, stream=True,
        stream_options={"include_usage": True}))
    same(chunks[0].choices[0].delta.role, "assistant")
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "4" in text, text
    same([c.choices[0].finish_reason for c in chunks if c.choices][-1], "stop")
    same(chunks[-1].choices, [])
    assert chunks[-1].usage.completion_tokens > 0
    assert all(c.usage is None for c in chunks[:-1])


@check("openai.py: probabilities, a token each")
def _():
    answer = client.chat.completions.create(model=MODEL, messages=HELLO, max_tokens=5,
                                            logprobs=True, top_logprobs=3)
    entries = answer.choices[0].logprobs.content
    same(len(entries), answer.usage.completion_tokens)
    assert all(len(e.top_logprobs) == 3 and e.logprob <= 0 for e in entries)
    same(b"".join(bytes(e.bytes) for e in entries).decode(), answer.choices[0].message.content)


@check("openai.py: stop, logit_bias, penalties, developer role")
def _():
    answer = client.chat.completions.create(
        model=MODEL, max_tokens=16, temperature=0, stop=["4"], frequency_penalty=0.1,
        presence_penalty=0.1, logit_bias={"0": -100}, user="u", store=False, metadata={"a": "b"},
        messages=[{"role": "developer", "content": "Be brief."}] + HELLO)
    assert "4" not in answer.choices[0].message.content
    same(answer.choices[0].finish_reason, "stop")


@check("openai.py: ignore_eos and min_tokens of load tools")
def _():
    answer = client.chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=40, extra_body={"ignore_eos": True})
    same((answer.usage.completion_tokens, answer.choices[0].finish_reason), (40, "length"))
    answer = client.chat.completions.create(
        model=MODEL, messages=HELLO, max_tokens=40, extra_body={"min_tokens": 30})
    assert answer.usage.completion_tokens >= 30


@check("openai.py: calls and their results")
def _():
    def attempt(seed):
        return tok.chat.completions.create(
            model=TOK, messages=HELLO, tools=TOOLS, max_tokens=40, temperature=0.7, seed=seed,
            logit_bias={str(CALLS): 4, str(ARGUMENTS): 4})
    answer = first_with(attempt, lambda a: a.choices[0].message.tool_calls)
    message = answer.choices[0].message
    call = message.tool_calls[0]
    assert call.id.startswith("call_") and call.type == "function" and call.function.name
    assert isinstance(call.function.arguments, str)
    history = HELLO + [message.model_dump(exclude_none=True)]
    history += [{"role": "tool", "tool_call_id": c.id, "content": "42"} for c in message.tool_calls]
    # The random model's names may be no function names; the layout checks them.
    for c in history[1]["tool_calls"]:
        c["function"]["name"] = "weather"
    assert tok.chat.completions.create(model=TOK, messages=history, tools=TOOLS, max_tokens=4)
    none = tok.chat.completions.create(
        model=TOK, messages=HELLO, tools=TOOLS, max_tokens=40, seed=1, tool_choice="none",
        logit_bias={str(CALLS): 4})
    assert none.choices[0].message.tool_calls is None


@check("openai.py: calls in a stream")
def _():
    def attempt(seed):
        names, ids = {}, {}
        for chunk in tok.chat.completions.create(
                model=TOK, messages=HELLO, tools=TOOLS, max_tokens=40, temperature=0.7, seed=seed,
                stream=True, logit_bias={str(CALLS): 4, str(ARGUMENTS): 4}):
            for call in chunk.choices[0].delta.tool_calls or []:
                names[call.index] = names.get(call.index, "") + (call.function.name or "")
                ids.setdefault(call.index, call.id)
        return names, ids
    names, ids = first_with(attempt, lambda found: found[0])
    same(sorted(names), list(range(len(names))))
    assert all(i.startswith("call_") for i in ids.values()) and all(names.values())


@check("openai.py: text completions")
def _():
    answer = client.completions.create(model=MODEL, prompt="The capital of France is",
                                       temperature=0, logprobs=2)
    same((answer.object, answer.usage.completion_tokens), ("text_completion", 16))
    same(len(answer.choices[0].logprobs.tokens), 16)
    several = client.completions.create(model=MODEL, prompt=["a", "b"], max_tokens=2, n=2)
    same([c.index for c in several.choices], [0, 1, 2, 3])
    echoed = client.completions.create(model=MODEL, prompt="One", max_tokens=1, echo=True)
    assert echoed.choices[0].text.startswith("One")
    chunks = list(client.completions.create(model=MODEL, prompt=[1, 2, 3], max_tokens=4,
                                            stream=True, stream_options={"include_usage": True}))
    same((chunks[-1].choices, chunks[-1].usage.completion_tokens), ([], 4))
    middle = tok.completions.create(model=TOK, prompt="def f(", suffix="return x", max_tokens=5)
    same(middle.choices[0].finish_reason in ("stop", "length"), True)


@check("openai.py: errors")
def _():
    def chat(**more):
        return lambda: client.chat.completions.create(
            **{"model": MODEL, "messages": HELLO, "max_tokens": 1, **more})
    wrong = openai.OpenAI(base_url=STARTER_URL + "/v1", api_key="wrong", max_retries=0)
    raises(openai.AuthenticationError,
           lambda: wrong.chat.completions.create(model=MODEL, messages=HELLO))
    same(raises(openai.NotFoundError, chat(model="nobody")).code, "model_not_found")
    same(raises(openai.UnprocessableEntityError, chat(temperature=9)).param, "temperature")
    refused = raises(openai.BadRequestError, chat(response_format={"type": "json_object"}))
    same(refused.param, "response_format")
    raises(openai.BadRequestError, chat(tool_choice="required", tools=TOOLS))
    long = raises(openai.BadRequestError,
                  chat(messages=[{"role": "user", "content": "word " * 9000}]))
    assert "8192" in long.message, long.message
    raises(openai.BadRequestError, lambda: client.completions.create(model=MODEL, prompt=[-1]))
    raises(openai.BadRequestError, chat(stream=True, messages=[
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]))


done()
