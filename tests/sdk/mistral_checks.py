"""The official mistralai package, unchanged."""

from mistralai.client import Mistral
from mistralai.client import errors

from checks import HELLO, KEY, STARTER_URL, TOK_URL, WEATHER, check, done, raises, same

client = Mistral(server_url=STARTER_URL, api_key=KEY)
tok = Mistral(server_url=TOK_URL, api_key=KEY)
MODEL = client.models.list().data[0].id
TOK = tok.models.list().data[0].id
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": WEATHER}}]


@check("mistralai.py: models")
def _():
    card = client.models.retrieve(model_id=MODEL)
    same((card.id, card.type, card.capabilities.completion_chat), (MODEL, "base", True))
    same(round(card.default_model_temperature, 6), 0.2)
    same(raises(errors.SDKError, lambda: client.models.retrieve(model_id="no")).status_code, 404)


@check("mistralai.py: chat")
def _():
    answer = client.chat.complete(model=MODEL, messages=HELLO, max_tokens=16, temperature=0,
                                  random_seed=1, metadata={"a": 1})
    same((len(answer.id), answer.object), (32, "chat.completion"))
    assert "4" in answer.choices[0].message.content
    same(answer.choices[0].finish_reason, "stop")
    assert answer.usage.total_tokens > answer.usage.completion_tokens > 0


@check("mistralai.py: probabilities")
def _():
    answer = client.chat.complete(model=MODEL, messages=HELLO, max_tokens=3, logprobs=True,
                                  top_logprobs=2, top_k=40, repetition_penalty=1.1, min_tokens=3,
                                  stop=["zzz"], n=2)
    same(len(answer.choices), 2)
    entries = answer.choices[0].logprobs.content
    same((len(entries), len(entries[0].top_logprobs)), (3, 2))


@check("mistralai.py: chat as a stream")
def _():
    text, last = "", None
    with client.chat.stream(model=MODEL, messages=HELLO, max_tokens=16, temperature=0) as events:
        for event in events:
            last = event.data
            text += last.choices[0].delta.content or ""
    assert "4" in text, text
    same(last.choices[0].finish_reason, "stop")
    assert last.usage.completion_tokens > 0


@check("mistralai.py: a prefix is continued and repeated")
def _():
    answer = client.chat.complete(
        model=MODEL, max_tokens=8, temperature=0,
        messages=HELLO + [{"role": "assistant", "content": "Of course: ", "prefix": True}])
    assert answer.choices[0].message.content.startswith("Of course: ")


# Long and at random: whatever the random model writes, calls and thoughts included, must be read.
SAMPLED = {"model": TOK, "messages": HELLO, "tools": TOOLS, "max_tokens": 200,
           "temperature": 1.3, "random_seed": 1}


@check("mistralai.py: tools, whole and as a stream")
def _():
    answer = tok.chat.complete(**SAMPLED)
    assert answer.choices[0].finish_reason in ("stop", "length", "model_length", "tool_calls")
    with tok.chat.stream(**SAMPLED) as events:
        chunks = [event.data for event in events]
    assert chunks[-1].choices[0].finish_reason is not None and chunks[-1].usage
    history = HELLO + [
        {"role": "assistant", "content": "", "tool_calls": [
            {"id": "AbCdEf123", "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "AbCdEf123", "name": "weather", "content": "42"}]
    assert tok.chat.complete(model=TOK, messages=history, tools=TOOLS, max_tokens=3)


@check("mistralai.py: thoughts go back into the history")
def _():
    history = HELLO + [
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
            {"type": "text", "text": "Paris"}]},
        {"role": "user", "content": "Sure?"}]
    assert tok.chat.complete(model=TOK, messages=history, max_tokens=3)


@check("mistralai.py: fill in the middle")
def _():
    answer = tok.fim.complete(model=TOK, prompt="def f(", suffix="return x", max_tokens=5,
                              min_tokens=2)
    assert isinstance(answer.choices[0].message.content, str)
    with tok.fim.stream(model=TOK, prompt="def f(", suffix="return x", max_tokens=5) as events:
        chunks = [event.data for event in events]
    assert chunks[-1].usage.completion_tokens == 5 or chunks[-1].choices[0].finish_reason == "stop"
    raises(errors.SDKError, lambda: client.fim.complete(model=MODEL, prompt="a"))


@check("mistralai.py: errors")
def _():
    def chat(**more):
        return lambda: client.chat.complete(**{"model": MODEL, "messages": HELLO, **more})
    wrong = Mistral(server_url=STARTER_URL, api_key="wrong")
    error = raises(errors.SDKError, lambda: wrong.chat.complete(model=MODEL, messages=HELLO))
    same(error.status_code, 401)
    same(raises(errors.SDKError, chat(model="nobody")).status_code, 404)
    invalid = raises(errors.HTTPValidationError, chat(temperature=9.0))
    same(invalid.data.detail[0].loc, ["body", "temperature"])
    refused = raises(errors.SDKError, chat(response_format={"type": "json_object"}))
    same(refused.status_code, 400)
    raises(errors.SDKError, chat(safe_prompt=True))


done()
