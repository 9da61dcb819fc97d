"""The official anthropic package, unchanged."""

import anthropic

from checks import (ARGUMENTS, CALLS, HELLO, KEY, STARTER_URL, TOK_URL, WEATHER, check, done,
                    first_with, raises, same)

client = anthropic.Anthropic(base_url=STARTER_URL, api_key=KEY, max_retries=0)
tok = anthropic.Anthropic(base_url=TOK_URL, api_key=KEY, max_retries=0)
MODEL = client.models.list().data[0].id
TOK = tok.models.list().data[0].id
TOOLS = [{"name": "weather", "input_schema": WEATHER}]
CALLING = {"temperature": 0.7, "logit_bias": {str(CALLS): 4, str(ARGUMENTS): 4}}


@check("anthropic.py: models")
def _():
    card = client.models.retrieve(MODEL)
    same((card.id, card.type), (MODEL, "model"))
    raises(anthropic.NotFoundError, lambda: client.models.retrieve("nobody"))


@check("anthropic.py: messages")
def _():
    answer = client.messages.create(model=MODEL, messages=HELLO, max_tokens=20,
                                    extra_body={"temperature": 0})
    same((answer.type, answer.role, answer.content[0].type), ("message", "assistant", "text"))
    assert "4" in answer.content[0].text
    same((answer.stop_reason, answer.stop_sequence), ("end_turn", None))
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0


@check("anthropic.py: stop sequences, lengths, a prefilled answer")
def _():
    answer = client.messages.create(model=MODEL, messages=HELLO, max_tokens=20,
                                    stop_sequences=["4"], extra_body={"temperature": 0})
    same((answer.stop_reason, answer.stop_sequence), ("stop_sequence", "4"))
    answer = client.messages.create(model=MODEL, messages=HELLO, max_tokens=2)
    same(answer.stop_reason, "max_tokens")
    prefilled = HELLO + [{"role": "assistant", "content": "The answer is"}]
    answer = client.messages.create(model=MODEL, messages=prefilled, max_tokens=4,
                                    extra_body={"temperature": 0})
    assert not answer.content[0].text.startswith("The answer is"), answer.content
    answer = client.messages.create(model=MODEL, messages=HELLO, max_tokens=2, system="Be brief.")
    assert answer.content


@check("anthropic.py: a stream")
def _():
    with client.messages.stream(model=MODEL, messages=HELLO, max_tokens=20,
                                extra_body={"temperature": 0}) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert "4" in text and final.content[0].text == text
    same(final.stop_reason, "end_turn")
    assert final.usage.output_tokens > 0
    types = [event.type for event in client.messages.create(
        model=MODEL, messages=HELLO, max_tokens=3, stream=True)]
    same((types[0], types[-2:]), ("message_start", ["message_delta", "message_stop"]))


@check("anthropic.py: calls and their results")
def _():
    def attempt(seed):
        return tok.messages.create(model=TOK, messages=HELLO, tools=TOOLS, max_tokens=40,
                                   extra_body={"seed": seed, **CALLING})
    answer = first_with(attempt, lambda a: any(b.type == "tool_use" for b in a.content))
    call = next(block for block in answer.content if block.type == "tool_use")
    assert call.id.startswith("toolu_") and call.name and isinstance(call.input, dict)
    history = HELLO + [
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": call.id, "name": "weather", "input": call.input}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": call.id, "content": "42"},
            {"type": "text", "text": "And?"}]}]
    assert tok.messages.create(model=TOK, messages=history, tools=TOOLS, max_tokens=3)


@check("anthropic.py: calls in a stream")
def _():
    def attempt(seed):
        with tok.messages.stream(model=TOK, messages=HELLO, tools=TOOLS, max_tokens=40,
                                 extra_body={"seed": seed, **CALLING}) as stream:
            return stream.get_final_message()
    answer = first_with(attempt, lambda a: any(b.type == "tool_use" for b in a.content))
    call = next(block for block in answer.content if block.type == "tool_use")
    assert call.name and isinstance(call.input, dict)


@check("anthropic.py: count_tokens")
def _():
    count = tok.messages.count_tokens(model=TOK, messages=HELLO, system="s", tools=TOOLS)
    answer = tok.messages.create(model=TOK, messages=HELLO, system="s", tools=TOOLS, max_tokens=1)
    same(count.input_tokens,
         answer.usage.input_tokens + answer.usage.cache_read_input_tokens)


@check("anthropic.py: errors")
def _():
    def ask(**more):
        return lambda: client.messages.create(
            **{"model": MODEL, "messages": HELLO, "max_tokens": 1, **more})
    wrong = anthropic.Anthropic(base_url=STARTER_URL, api_key="wrong", max_retries=0)
    raises(anthropic.AuthenticationError,
           lambda: wrong.messages.create(model=MODEL, messages=HELLO, max_tokens=1))
    error = raises(anthropic.NotFoundError, ask(model="nobody"))
    same((error.body["type"], error.body["error"]["type"]), ("error", "not_found_error"))
    raises(anthropic.BadRequestError, ask(tools=TOOLS))
    raises(anthropic.BadRequestError, ask(thinking={"type": "enabled", "budget_tokens": 1024}))
    raises(anthropic.BadRequestError, ask(stream=True, messages=[]))


done()
