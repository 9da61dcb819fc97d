// One line a check; what the Node scripts share.

import { strict as assert } from "node:assert";

export const starterUrl = process.env.BISE_STARTER_URL;
export const tokUrl = process.env.BISE_TOK_URL;
export const key = process.env.BISE_API_KEY;
export const hello = [{ role: "user", content: "What is 2+2?" }];
export const weather = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};
// Ids of tok.gguf under whose biases the random model calls soon.
export const calls = 9;
export const callArguments = 32;

let failed = 0;

export async function check(name, run) {
  try {
    await run();
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${error.stack}`);
  }
}

export async function rejects(promise) {
  let value;
  try {
    value = await promise();
  } catch (error) {
    return error;
  }
  assert.fail(`nothing was thrown, but ${JSON.stringify(value)} came`);
}

// The first answer of the random model, by seed, that is of the kind looked for.
export async function firstWith(attempt, good) {
  for (let seed = 0; seed < 60; seed += 1) {
    const answer = await attempt(seed);
    if (good(answer)) return answer;
  }
  assert.fail("no seed gives such an answer");
}

export function done() {
  process.exit(failed > 0 ? 1 : 0);
}
