// The official openai package, unchanged.

import { strict as assert } from "node:assert";
import OpenAI from "openai";
import {
  callArguments, calls, check, done, firstWith, hello, key, rejects, starterUrl, tokUrl, weather,
} from "./checks.mjs";

const client = new OpenAI({ baseURL: `${starterUrl}/v1`, apiKey: key, maxRetries: 0 });
const tok = new OpenAI({ baseURL: `${tokUrl}/v1`, apiKey: key, maxRetries: 0 });
const model = (await client.models.list()).data[0].id;
const tokModel = (await tok.models.list()).data[0].id;
const tools = [{ type: "function", function: { name: "weather", parameters: weather } }];
const logit_bias = { [calls]: 4, [callArguments]: 4 };

await check("openai.js: models", async () => {
  assert.equal((await client.models.retrieve(model)).id, model);
  const error = await rejects(() => client.models.retrieve("nobody"));
  assert.equal(error.status, 404);
  assert.match(error.message, /does not exist/);
  assert.ok(error.requestID);
});

await check("openai.js: chat", async () => {
  const answer = await client.chat.completions.create({
    model, messages: hello, max_completion_tokens: 16, temperature: 0,
  });
  assert.match(answer.choices[0].message.content, /4/);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.ok(answer._request_id);
});

await check("openai.js: chat as a stream, with the helper", async () => {
  const runner = client.chat.completions.stream({
    model, messages: hello, max_tokens: 16, temperature: 0,
    stream_options: { include_usage: true },
  });
  let text = "";
  for await (const chunk of runner) text += chunk.choices[0]?.delta?.content ?? "";
  const final = await runner.finalChatCompletion();
  assert.match(text, /4/);
  assert.equal(final.choices[0].message.content, text);
  assert.ok((await runner.totalUsage()).completion_tokens > 0);
});

await check("openai.js: calls, whole and as a stream", async () => {
  const base = {
    model: tokModel, messages: hello, tools, max_tokens: 40, temperature: 0.7, logit_bias,
  };
  const answer = await firstWith(
    (seed) => tok.chat.completions.create({ ...base, seed }),
    (found) => found.choices[0].message.tool_calls?.length > 0,
  );
  assert.match(answer.choices[0].message.tool_calls[0].id, /^call_/);
  const streamed = await firstWith(
    (seed) => tok.chat.completions.stream({ ...base, seed }).finalChatCompletion()
      .catch((error) => {
        // The helper refuses answers cut off by their length.
        if (error.name === "LengthFinishReasonError" || /length/.test(error.message)) return null;
        throw error;
      }),
    (found) => found?.choices[0].message.tool_calls?.length > 0,
  );
  assert.ok(streamed.choices[0].message.tool_calls[0].function.name);
});

await check("openai.js: text completions", async () => {
  const answer = await client.completions.create({
    model, prompt: "The capital of France is", max_tokens: 3, temperature: 0,
  });
  assert.match(answer.choices[0].text, /Paris/);
  let text = "";
  const stream = await client.completions.create({ model, prompt: "One, two,", stream: true });
  for await (const chunk of stream) text += chunk.choices[0].text;
  assert.ok(text.length > 0);
});

await check("openai.js: errors", async () => {
  const wrong = new OpenAI({ baseURL: `${starterUrl}/v1`, apiKey: "wrong", maxRetries: 0 });
  const chat = (more) => () => client.chat.completions.create({ model, messages: hello, ...more });
  assert.equal((await rejects(() => wrong.models.list())).status, 401);
  const invalid = await rejects(chat({ temperature: "warm" }));
  assert.equal(invalid.status, 422);
  assert.match(invalid.message, /temperature/);
  const refused = await rejects(chat({ response_format: { type: "json_object" } }));
  assert.equal(refused.status, 400);
  assert.equal(refused.param, "response_format");
  assert.equal((await rejects(chat({ model: "nobody", stream: true }))).status, 404);
});

await check("openai.js: a stream that the client leaves", async () => {
  const stream = await client.chat.completions.create({
    model, messages: hello, stream: true, max_tokens: 2000,
  });
  for await (const chunk of stream) {
    assert.ok(chunk.id);
    break;
  }
  const answer = await client.chat.completions.create({ model, messages: hello, max_tokens: 1 });
  assert.equal(answer.choices.length, 1);
});

done();
