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

const next = async (answer) => {
  if (answer) say(answer);
  return (await lines.next()).value ?? '';
};
const server = await serve(new URL('.', import.meta.url), { '/core.wasm': () => core, '/table': () => table, '/next': next });
const browser = await launch(name);
const page = await browser.newPage();
await page.goto(`${server.address}tests/empty.html`);
const engine = name === 'firefox' ? 'SpiderMonkey' : 'V8';
say(JSON.stringify({ language: `JavaScript, ${await browser.version()}`, engine, digest: createHash('sha256').update(core).digest('hex') }));
await page.evaluate(async () => {
  const { performer } = await import('/conformance-calls.mjs');
  const perform = performer(await WebAssembly.compileStreaming(fetch('/core.wasm')), await (await fetch('/table')).json());
  const ask = async (body) => (await fetch('/next', { method: 'POST', body })).text();
  for (let request = await ask(''); request; ) request = await ask(JSON.stringify(await perform(JSON.parse(request))));
});
await browser.close();
await server.stop();
