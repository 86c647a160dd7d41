// The packed package in applications that Vite and webpack build without configuration, and without a bundler in Chromium and Firefox: it trains
// on the page and in a worker under a policy without `unsafe-eval`, and gives the bytes that Node gives.
import { deepStrictEqual as equal, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { load } from 'samefit';
import { build, createServer } from 'vite';
import webpack from 'webpack';
import { launch, serve } from './browser.mjs';

const LIMIT = { timeout: 300_000 };
const PACKAGE_BYTES_MAX = 1_500_000;

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const CSV = readFileSync(new URL('../../../data/diabetes_raw.csv', import.meta.url));
const MODEL = String((await load()).fit(CSV, { target: 'y' }));

// an application that has the package as npm installs it
const folder = mkdtempSync(join(tmpdir(), 'samefit-app-'));
const app = join(folder, 'app');
const [packed] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: PACKAGE }));
cpSync(new URL('app', import.meta.url), app, { recursive: true });
mkdirSync(join(app, 'node_modules/samefit'), { recursive: true });
execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', join(app, 'node_modules/samefit'), '--strip-components=1']);
after(() => rmSync(folder, { recursive: true }));

async function check(browserName, address) {
  const browser = await launch(browserName);
  try {
    const page = await browser.newPage();
    await page.goto(address);
    await page.waitForFunction(() => globalThis.found, { timeout: 60_000 });
    const { failed, model, code, worker } = await page.evaluate(() => globalThis.found);
    equal(failed, undefined);
    ok(model === MODEL && worker.every((one) => one === MODEL) && worker.length === 2, 'other bytes');
    equal(code, 'not-a-number');
  } finally {
    await browser.close();
  }
}

/** Serves a folder with the data and a strict policy, and checks its page. */
async function checkFolder(browserName, place) {
  const server = await serve(pathToFileURL(`${place}/`), { '/data.csv': () => CSV });
  await check(browserName, `${server.address}index.html`).finally(server.stop);
}

test('the package is small, and holds what it needs alone', LIMIT, () => {
  ok(statSync(join(folder, packed.filename)).size < PACKAGE_BYTES_MAX, `${packed.size} bytes`);
  const files = packed.files.map(({ path }) => path).filter((path) => !/^src\/[a-z-]+(\.d\.ts|\.js)$/.test(path));
  equal(files.filter((path) => path !== 'LICENSE').sort(), ['README.md', 'core/samefit.core.wasm', 'core/table.js', 'package.json']);
});

test('Vite: build', LIMIT, async () => {
  await build({ root: app, logLevel: 'warn', configFile: false });
  await checkFolder('chromium', join(app, 'dist'));
});

test('Vite: development server', LIMIT, async () => {
  cpSync(fileURLToPath(new URL('../../../data/diabetes_raw.csv', import.meta.url)), join(app, 'public/data.csv'));
  const server = await createServer({ root: app, logLevel: 'warn', configFile: false, server: { port: 0, host: '127.0.0.1' } });
  await server.listen();
  await check('chromium', `http://127.0.0.1:${server.httpServer.address().port}/`).finally(() => server.close());
});

test('webpack: build', LIMIT, async () => {
  const out = join(app, 'packed');
  const options = { mode: 'production', context: app, entry: './main.js', output: { path: out } };
  const stats = await new Promise((done, failed) => webpack(options, (error, made) => (error ? failed(error) : done(made))));
  const { errors, warnings } = stats.toJson();
  equal([...errors, ...warnings].map(({ message }) => message).filter((message) => !/size limit|code splitting/.test(message)), []);
  cpSync(join(app, 'index.html'), join(out, 'index.html'));
  await checkFolder('chromium', out);
});

for (const browser of ['chromium', 'firefox'])
  test(`no bundler: ${browser}`, LIMIT, async () => {
    const plain = join(folder, `plain-${browser}`);
    cpSync(app, plain, { recursive: true });
    for (const name of ['main.js', 'worker.js']) {
      const text = readFileSync(join(plain, name), 'utf8');
      writeFileSync(join(plain, name), text.replace("'samefit'", "'/node_modules/samefit/src/index-web.js'"));
    }
    await checkFolder(browser, plain);
  });
