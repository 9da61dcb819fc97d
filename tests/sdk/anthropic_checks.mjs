// The official @anthropic-ai/sdk package, unchanged.

import { strict as assert } from "node:assert";
import Anthropic from "@anthropic-ai/sdk";
import {
  callArguments, calls, check, done, firstWith, hello, key, rejects, starterUrl, tokUrl, weather,
} from "./checks.mjs";

const client = new Anthropic({ baseURL: starterUrl, apiKey: key, maxRetries: 0 });
const tok = new Anthropic({ baseURL: tokUrl, apiKey: key, maxRetries: 0 });
const model = (await client.models.list()).data[0].id;
const tokModel = (await tok.models.list()).data[0].id;
const tools = [{ name: "weather", input_schema: weather }];
const calling = { temperature: 0.7, logit_bias: { [calls]: 4, [callArguments]: 4 } };

await check("anthropic.js: models", async () => {
  assert.equal((await client.models.retrieve(model)).id, model);
  assert.equal((await rejects(() => client.models.retrieve("nobody"))).status, 404);
});

await check("anthropic.js: messages", async () => {
  const answer = await client.messages.create({
    model, messages: hello, max_tokens: 20, temperature: 0,
  });
  assert.match(answer.content[0].text, /4/);
  assert.equal(answer.stop_reason, "end_turn");
  assert.ok(answer.usage.output_tokens > 0);
});

await check("anthropic.js: a stream", async () => {
  let text = "";
  const stream = client.messages
    .stream({ model, messages: hello, max_tokens: 20, temperature: 0 })
    .on("text", (piece) => { text += piece; });
  const final = await stream.finalMessage();
  assert.match(text, /4/);
  assert.equal(final.content[0].text, text);
  assert.equal(final.stop_reason, "end_turn");
});

await check("anthropic.js: calls in a stream", async () => {
  const answer = await firstWith(
    (seed) => tok.messages.stream({
      model: tokModel, messages: hello, tools, max_tokens: 40, seed, ...calling,
    }).finalMessage(),
    (found) => found.content.some((block) => block.type === "tool_use"),
  );
  const call = answer.content.find((block) => block.type === "tool_use");
  assert.match(call.id, /^toolu_/);
  assert.equal(typeof call.input, "object");
});

await check("anthropic.js: count_tokens", async () => {
  const count = await tok.messages.countTokens({ model: tokModel, messages: hello, tools });
  assert.ok(count.input_tokens > 10);
});

await check("anthropic.js: errors", async () => {
  const wrong = new Anthropic({ baseURL: starterUrl, apiKey: "wrong", maxRetries: 0 });
  const ask = (more) => () => client.messages.create({
    model, messages: hello, max_tokens: 1, ...more,
  });
  assert.equal((await rejects(() => wrong.models.list())).status, 401);
  const unknown = await rejects(ask({ model: "nobody" }));
  assert.equal(unknown.status, 404);
  assert.equal(unknown.error.error.type, "not_found_error");
  assert.equal((await rejects(ask({ tools }))).status, 400);
  assert.equal((await rejects(ask({ tool_choice: { type: "any" } }))).status, 400);
});

done();
