// Runs calls of the contract for a driver, so that the cases of `data/cases` run in V8 through the package's helper: `conformance.mjs CORE`, with
// `abi.json` beside the core module. Requests and answers are JSON Lines on standard input and output. `conformance-browser.mjs` does the same in
// a browser.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { performer } from './conformance-calls.mjs';

const path = process.argv[2];
const core = readFileSync(path);
const perform = performer(await WebAssembly.compile(core), JSON.parse(readFileSync(join(dirname(path), 'abi.json'))));
const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
say({ language: `JavaScript, Node ${process.versions.node}`, engine: `V8 ${process.versions.v8}`, digest: createHash('sha256').update(core).digest('hex') });
for await (const line of createInterface({ input: process.stdin })) say(await perform(JSON.parse(line)));
