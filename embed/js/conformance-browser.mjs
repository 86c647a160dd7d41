// Runs calls of the contract in a browser, as `conformance.mjs` does in Node: `conformance-browser.mjs CORE firefox` or `chromium`. A page asks for
// the next requests, all that are there, with the answers to those before.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { launch, serve } from './tests/browser.mjs';

const [, , path, name] = process.argv;
const core = readFileSync(path);
const table = readFileSync(join(dirname(path), 'abi.json'));
const lines = createInterface({ input: process.stdin });
let waiting = [];
let isOver = false;
let wake = () => {};
lines.on('line', (line) => (waiting.push(line), wake())).on('close', () => ((isOver = true), wake()));

let finish;
const finished = new Promise((done, failed) => (finish = { done, failed }));
/** Writes answers, and returns the requests that are there; none after the last. */
async function next(answers) {
  if (answers) process.stdout.write(`${answers}\n`);
  while (!waiting.length && !isOver) await new Promise((done) => (wake = done));
  const requests = waiting.join('\n');
  waiting = [];
  if (!requests) finish.done();
  return requests;
}
const failed = (error) => finish.failed(new Error(error));
const server = await serve(new URL('.', import.meta.url), { '/core.wasm': () => core, '/table': () => table, '/next': next, '/failed': failed });
const browser = await launch(name);
const page = await browser.newPage();
await page.goto(`${server.address}tests/empty.html`);
const engine = name === 'firefox' ? 'SpiderMonkey' : 'V8';
console.log(JSON.stringify({ language: `JavaScript, ${await browser.version()}`, engine, digest: createHash('sha256').update(core).digest('hex') }));
// a browser is not waited for as long as the cases may take
await page.evaluate(() => {
  const post = async (path, body) => (await fetch(path, { method: 'POST', body })).text();
  const run = async () => {
    const { performer } = await import('/conformance-calls.mjs');
    const perform = performer(await WebAssembly.compileStreaming(fetch('/core.wasm')), await (await fetch('/table')).json());
    const answer = async (request) => JSON.stringify(await perform(JSON.parse(request)));
    for (let requests = await post('/next', ''); requests; ) {
      const answers = [];
      for (const request of requests.split('\n')) answers.push(await answer(request));
      requests = await post('/next', answers.join('\n'));
    }
  };
  run().catch((error) => post('/failed', String(error)));
});
await finished.finally(() => Promise.all([browser.close(), server.stop()]));
