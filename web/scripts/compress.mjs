// Beside each file of the build: .br and .gz, where that is smaller, for the program to carry.
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = new URL("../dist", import.meta.url).pathname;

function* files(folder) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) yield* files(path);
    else yield path;
  }
}

// index.html changes as it is served (its first data), so it is compressed there or not at all.
const plain = /\.(br|gz|woff2|png)$|index\.html$/;
for (const path of [...files(root)]) {
  if (/\.(woff|ttf)$/.test(path)) {
    rmSync(path); // browsers that know the rest of what is used know woff2
    continue;
  }
  if (plain.test(path)) continue;
  const data = readFileSync(path);
  const br = brotliCompressSync(data, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
    },
  });
  const gz = gzipSync(data, { level: 9 });
  if (br.length < data.length) writeFileSync(`${path}.br`, br);
  if (gz.length < data.length) writeFileSync(`${path}.gz`, gz);
}
