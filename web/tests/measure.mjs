// Measures and asserts nothing: the time from opening to the first prediction, and training on two million rows in Chromium and with one thread
// of the program. `node web/tests/measure.mjs [rows]`.
import { execFileSync } from 'node:child_process';
import { createWriteStream, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { serve } from './server.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = process.env.SAMEFIT_PAGE ?? join(ROOT, 'target/web');
const SAMEFIT = process.env.SAMEFIT ?? join(ROOT, 'target/release/samefit');
const rows = Number(process.argv[2] ?? 2_000_000);

const folder = mkdtempSync(join(tmpdir(), 'measure-'));
const path = join(folder, 'large.csv');
const [header, ...lines] = readFileSync(join(ROOT, 'data/diabetes_raw.csv'), 'utf8').trim().split('\n');
const out = createWriteStream(path);
out.write(`${header}\n`);
const block = `${lines.join('\n')}\n`;
for (let at = 0; at < rows / lines.length; at++) if (!out.write(block)) await new Promise((done) => out.once('drain', done));
await new Promise((done) => out.end(done));
console.log(`${path}: ${(statSync(path).size / 1e6).toFixed(0)} MB`);

const begun = performance.now();
execFileSync(SAMEFIT, ['train', '--data', path, '--target', 'y', '--threads', '1', '--out', join(folder, 'model'), '--quiet'], { stdio: 'ignore' });
const program = performance.now() - begun;
console.log(`program, one thread: ${program.toFixed(0)} ms`);

const server = await serve(PAGE);
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await (await browser.newContext({ locale: 'en' })).newPage();
await page.goto(server.address);
await page.waitForSelector('#form');
const first = await page.evaluate(async () => {
  document.querySelector('[data-do=example]').click();
  await new Promise((done) => setTimeout(done));
  document.querySelector('button[type=submit]').click();
  while (!document.querySelector('#prediction')) await new Promise(requestAnimationFrame);
  return performance.now();
});
console.log(`first prediction ${first.toFixed(0)} ms after navigation began`);

await page.evaluate(() => {
  const input = document.createElement('input');
  input.type = 'file';
  input.id = 'measured';
  document.body.append(input);
});
await page.setInputFiles('#measured', path);
for (let time = 0; time < 2; time++) {
  const [took, model] = await page.evaluate(async () => {
    const { call } = await import('./client.js');
    const blob = document.querySelector('#measured').files[0];
    const file = { name: blob.name, blob, size: blob.size, read: { format: 'csv' } };
    const begun = performance.now();
    const { statistics } = JSON.parse(await call('summarize', [[file], '{"target":"y"}'], () => {}));
    const model = await call('fit', [statistics, '{"target":"y"}']);
    return [performance.now() - begun, model];
  });
  console.log(`page: ${took.toFixed(0)} ms, ${(took / program).toFixed(2)} of the program; the same model: ${model === readFileSync(join(folder, 'model/model.json'), 'utf8')}`);
}
await browser.close();
await server.stop();
