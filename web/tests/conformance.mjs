// The page's numbers in Chromium and in Firefox equal the program's to the last bit: predictions of every row, a training run on each set, the
// stored example. Firefox is driven over WebDriver BiDi.
import { deepStrictEqual as equal } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import puppeteer from 'puppeteer-core';
import { serve } from './server.mjs';

/** How long a test may take. */
const LIMIT = { timeout: 180_000 };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = process.env.SAMEFIT_PAGE ?? join(ROOT, 'target/web');
const SAMEFIT = process.env.SAMEFIT ?? join(ROOT, 'target/release/samefit');
const BROWSERS = {
  chromium: { browser: 'chrome', executablePath: process.env.SAMEFIT_CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  firefox: { browser: 'firefox', protocol: 'webDriverBiDi', executablePath: process.env.SAMEFIT_FIREFOX ?? '/usr/bin/firefox-esr' },
};

const server = await serve(PAGE);
const folder = mkdtempSync(join(tmpdir(), 'conformance-'));
const samefit = (...args) => execFileSync(SAMEFIT, [...args, '--quiet'], { stdio: 'ignore' });
const read = (path) => readFileSync(path, 'utf8');

/** The sets to train on: a file and its target. */
const SETS = [
  ['data/diabetes_raw.csv', 'y'],
  ['data/diabetes.csv', 'y'],
  ...readdirSync(join(ROOT, 'data/nist')).filter((name) => name.endsWith('.csv')).map((name) => [`data/nist/${name}`, 'y']),
];

/** Sums and fits a text of CSV in the page. Returns statistics and model. */
const train = (page, csv, plan) =>
  page.evaluate(
    async (csv, plan) => {
      const { call } = await import('./client.js');
      const file = { name: 'data.csv', blob: new Blob([csv]), size: csv.length, read: { format: 'csv' } };
      const { statistics } = JSON.parse(await call('summarize', [[file], plan]));
      return [statistics, await call('fit', [statistics, plan])];
    },
    csv,
    plan,
  );

for (const [name, options] of Object.entries(BROWSERS)) {
  let browser;
  let page;
  test(`${name}: the page opens and its self-test passes`, LIMIT, async () => {
    browser = await puppeteer.launch({ headless: true, ...options });
    page = await browser.newPage();
    await page.goto(server.address);
    await page.waitForSelector('form#form', { timeout: 60_000 });
  });

  test(`${name}: predictions of every row`, LIMIT, async () => {
    const csv = read(join(ROOT, 'data/diabetes_raw.csv'));
    const found = await page.evaluate(async (csv) => {
      const { call } = await import('./client.js');
      const file = { name: 'data.csv', blob: new Blob([csv]), size: csv.length, read: { format: 'csv' } };
      return (await call('batch', [[file]], () => {}))[0].blob.text();
    }, csv);
    samefit('infer', '--model', join(PAGE, 'model.json'), '--attributes', join(ROOT, 'data/diabetes_raw.csv'), '--with-input', '--out', join(folder, 'p'));
    equal(found.replace(/,[^,\n]*$/gm, ''), read(join(folder, 'p/diabetes_raw.csv')));
  });

  for (const [set, target] of SETS)
    test(`${name}: training on ${set}`, LIMIT, async () => {
      const csv = read(join(ROOT, set));
      const plan = JSON.stringify({ target });
      samefit('train', '--data', join(ROOT, set), '--target', target, '--out', folder);
      samefit('summarize', '--data', join(ROOT, set), '--out', join(folder, 'statistics.json'));
      const [statistics, model] = await train(page, csv, plan);
      equal(model, read(join(folder, 'model.json')));
      equal(statistics, read(join(folder, 'statistics.json')));
    });

  after(() => browser?.close());
}

after(() => server.stop());
