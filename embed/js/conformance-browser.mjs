// Runs calls of the contract in a browser, as `conformance.mjs` does in Node: `conformance-browser.mjs CORE firefox` or `chromium`. A page asks for
// the next request with the answer to the one before.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { launch, serve } from './tests/browser.mjs';

const [, , path, name] = process.argv;
const core = readFileSync(path);
const table = readFileSync(join(dirname(path), 'abi.json'));
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (line) => process.stdout.write(`${line}\n`);

let finish;
const finished = new Promise((done, failed) => (finish = { done, failed }));
const next = async (answer) => {
  if (answer) say(answer);
  const { value, done } = await lines.next();
  if (done) finish.done();
  return value ?? '';
};
const failed = (error) => finish.failed(new Error(error));
const server = await serve(new URL('.', import.meta.url), { '/core.wasm': () => core, '/table': () => table, '/next': next, '/failed': failed });
const browser = await launch(name);
const page = await browser.newPage();
await page.goto(`${server.address}tests/empty.html`);
const engine = name === 'firefox' ? 'SpiderMonkey' : 'V8';
say(JSON.stringify({ language: `JavaScript, ${await browser.version()}`, engine, digest: createHash('sha256').update(core).digest('hex') }));
// a browser is not waited for as long as the cases may take
await page.evaluate(() => {
  const post = async (path, body) => (await fetch(path, { method: 'POST', body })).text();
  const run = async () => {
    const { performer } = await import('/conformance-calls.mjs');
    const perform = performer(await WebAssembly.compileStreaming(fetch('/core.wasm')), await (await fetch('/table')).json());
    for (let request = await post('/next', ''); request; ) request = await post('/next', JSON.stringify(await perform(JSON.parse(request))));
  };
  run().catch((error) => post('/failed', String(error)));
});
await finished.finally(() => Promise.all([browser.close(), server.stop()]));
