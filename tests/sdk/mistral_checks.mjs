// The official @mistralai/mistralai package, unchanged.

import { strict as assert } from "node:assert";
import { Mistral } from "@mistralai/mistralai";
import { check, done, hello, key, rejects, starterUrl, tokUrl, weather } from "./checks.mjs";

const client = new Mistral({ serverURL: starterUrl, apiKey: key });
const tok = new Mistral({ serverURL: tokUrl, apiKey: key });
const model = (await client.models.list()).data[0].id;
const tokModel = (await tok.models.list()).data[0].id;
const tools = [{ type: "function", function: { name: "weather", parameters: weather } }];

await check("mistralai.js: models", async () => {
  const card = await client.models.retrieve({ modelId: model });
  assert.equal(card.type, "base");
  assert.equal(card.capabilities.completionChat, true);
  assert.equal((await rejects(() => client.models.retrieve({ modelId: "no" }))).statusCode, 404);
});

await check("mistralai.js: chat", async () => {
  const answer = await client.chat.complete({
    model, messages: hello, maxTokens: 16, temperature: 0, randomSeed: 3, presencePenalty: 0.1,
  });
  assert.match(answer.choices[0].message.content, /4/);
  assert.equal(answer.choices[0].finishReason, "stop");
  assert.ok(answer.usage.totalTokens > 0);
});

await check("mistralai.js: chat as a stream", async () => {
  let text = "";
  let last;
  const stream = await client.chat.stream({
    model, messages: hello, maxTokens: 16, temperature: 0,
  });
  for await (const event of stream) {
    last = event.data;
    text += last.choices[0].delta.content ?? "";
  }
  assert.match(text, /4/);
  assert.equal(last.choices[0].finishReason, "stop");
  assert.ok(last.usage.completionTokens > 0);
});

await check("mistralai.js: a prefix", async () => {
  const answer = await client.chat.complete({
    model, maxTokens: 8, temperature: 0,
    messages: [...hello, { role: "assistant", content: "Of course: ", prefix: true }],
  });
  assert.ok(answer.choices[0].message.content.startsWith("Of course: "));
});

await check("mistralai.js: tools and their results", async () => {
  const messages = [
    ...hello,
    {
      role: "assistant", content: "",
      toolCalls: [{ id: "AbCdEf123", function: { name: "weather", arguments: { city: "x" } } }],
    },
    { role: "tool", toolCallId: "AbCdEf123", name: "weather", content: "42" },
  ];
  const answer = await tok.chat.complete({ model: tokModel, messages, tools, maxTokens: 30 });
  assert.equal(answer.choices.length, 1);
  const stream = await tok.chat.stream({ model: tokModel, messages, tools, maxTokens: 60 });
  for await (const event of stream) assert.ok(event.data.choices.length > 0);
});

await check("mistralai.js: fill in the middle", async () => {
  const request = { model: tokModel, prompt: "def f(", suffix: "return x", maxTokens: 5 };
  const answer = await tok.fim.complete(request);
  assert.equal(typeof answer.choices[0].message.content, "string");
  let count = 0;
  for await (const event of await tok.fim.stream(request)) count += event.data.choices.length;
  assert.ok(count > 0);
});

await check("mistralai.js: errors", async () => {
  const wrong = new Mistral({ serverURL: starterUrl, apiKey: "wrong" });
  const ask = (more) => () => client.chat.complete({ model, messages: hello, ...more });
  assert.equal((await rejects(() => wrong.models.list())).statusCode, 401);
  assert.equal((await rejects(ask({ model: "nobody" }))).statusCode, 404);
  const invalid = await rejects(ask({ temperature: 9 }));
  assert.equal(invalid.statusCode, 422);
  assert.equal(invalid.detail[0].loc[1], "temperature");
  const refused = await rejects(ask({ responseFormat: { type: "json_object" } }));
  assert.equal(refused.statusCode, 400);
  assert.match(refused.message, /response_format/);
});

done();
