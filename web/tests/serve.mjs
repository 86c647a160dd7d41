// The page from `samefit serve`: the files as they were built, the right headers, nothing for other host names, another model with its banner.
import { deepStrictEqual as equal, ok as holds } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { request } from 'node:http';
import { extname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { TYPES } from './server.mjs';

/** How long a test may take. */
const LIMIT = { timeout: 120_000 };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = join(ROOT, 'target/web');
const SAMEFIT = process.env.SAMEFIT ?? join(ROOT, 'target/release/samefit');

/** Starts the program, and stops it after `act`, which gets the address that the program prints. */
async function serving(args, act) {
  const program = spawn(SAMEFIT, ['serve', '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((done) => program.on('exit', (code, signal) => done(signal ?? code)));
  try {
    const address = await new Promise((done, failed) => {
      program.stdout.on('data', (text) => done(String(text).trim()));
      program.stderr.on('data', (text) => String(text).startsWith('error') && failed(new Error(String(text))));
    });
    await act(address);
  } finally {
    program.kill('SIGINT');
  }
  equal(await ended, 'SIGINT');
}

const get = (address, path, headers = {}) =>
  new Promise((done, failed) => {
    const sent = request(new URL(path, address), { headers }, (answer) => {
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', () => done({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    sent.on('error', failed);
    sent.end();
  });

test('serve: every file as it was built, with its type and the policy', LIMIT, () =>
  serving([], async (address) => {
    for (const name of readdirSync(PAGE).filter((name) => !name.endsWith('.br'))) {
      const { status, headers, body } = await get(address, name);
      equal(status, 200, name);
      holds(headers['content-security-policy'].includes("default-src 'none'") && headers['content-security-policy'].includes("frame-ancestors 'none'"), name);
      equal(headers['x-content-type-options'], 'nosniff');
      if (name !== 'index.html') holds(body.equals(readFileSync(join(PAGE, name))), `${name} differs`);
      equal(headers['content-type'], TYPES[extname(name)], name);
      // the program writes into the first page, so it is not the file and has no tag
      equal(Boolean(headers.etag), name !== 'index.html', `${name} has a tag:`);
      if (!headers.etag) continue;
      const again = await get(address, name, { 'if-none-match': `"other", ${headers.etag}` });
      equal([again.status, again.body.length, again.headers['content-length'], again.headers.etag], [304, 0, undefined, headers.etag], name);
    }
  }));

test('serve: a request with another host name is refused', LIMIT, () =>
  serving([], async (address) => {
    equal((await get(address, '/', { host: 'evil.example' })).status, 421);
    equal((await get(address, '/../Cargo.toml')).status, 404);
  }));

test('serve: the page predicts, and opens with the model that was named', LIMIT, () =>
  serving(['--model', join(PAGE, 'model.json')], async (address) => {
    const browser = await chromium.launch({ executablePath: process.env.SAMEFIT_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });
    try {
      const page = await (await browser.newContext({ locale: 'en' })).newPage();
      await page.goto(address);
      await page.waitForSelector('.banner');
      holds((await page.textContent('.banner')).includes('n = 354'), 'the banner');
      equal(await page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0, 'copies kept:');
      await page.click('[data-do=own-model]');
      await page.waitForFunction(() => !document.querySelector('.banner'));
      await page.click('[data-do=example]');
      await page.click('button[type=submit]');
      await page.waitForSelector('#prediction');
      equal(await page.textContent('#prediction'), '201');
    } finally {
      await browser.close();
    }
  }));
