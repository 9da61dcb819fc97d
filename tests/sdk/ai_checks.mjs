// Vercel's ai package with its provider for compatible servers, unchanged.

import { strict as assert } from "node:assert";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateText, jsonSchema, streamText, tool } from "ai";
import { check, done, hello, key, rejects, starterUrl, tokUrl, weather } from "./checks.mjs";

const provider = (url, apiKey) => createOpenAICompatible({
  name: "bise", baseURL: `${url}/v1`, apiKey, includeUsage: true,
});
const nameOf = async (url) => {
  const answer = await fetch(`${url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  return (await answer.json()).data[0].id;
};
const model = provider(starterUrl, key)(await nameOf(starterUrl));
const tokModel = provider(tokUrl, key)(await nameOf(tokUrl));

await check("ai.js: generateText", async () => {
  const answer = await generateText({ model, messages: hello, temperature: 0, maxOutputTokens: 16 });
  assert.match(answer.text, /4/);
  assert.equal(answer.finishReason, "stop");
  assert.ok(answer.usage.outputTokens > 0);
});

await check("ai.js: streamText", async () => {
  const answer = streamText({ model, messages: hello, temperature: 0, maxOutputTokens: 16 });
  let text = "";
  for await (const piece of answer.textStream) text += piece;
  assert.match(text, /4/);
  assert.ok((await answer.usage).outputTokens > 0);
});

await check("ai.js: tools are taken", async () => {
  const answer = await generateText({
    model: tokModel, messages: hello, maxOutputTokens: 4,
    tools: { weather: tool({ inputSchema: jsonSchema(weather) }) },
  });
  assert.ok(answer.finishReason);
});

await check("ai.js: errors", async () => {
  const wrong = provider(starterUrl, "wrong")("x");
  const error = await rejects(() => generateText({ model: wrong, messages: hello, maxRetries: 0 }));
  assert.equal(error.statusCode, 401);
  const refused = await rejects(() => generateText({
    model: provider(starterUrl, key)("nobody"), messages: hello, maxRetries: 0,
  }));
  assert.equal(refused.statusCode, 404);
  assert.match(refused.message, /does not exist/);
});

done();
