// What a person does on the page, in Chromium. Each test opens a fresh page.
//
//   node --test web/tests/flows.mjs
//   node --test --test-name-pattern='newer input' web/tests/flows.mjs
//
// SAMEFIT_SCREENSHOTS names a folder for pictures to look at; without it none are taken.
import { deepStrictEqual as equal, ok as holds } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync, mkdirSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { refusingProxy, serve } from './server.mjs';

/** How long a test may take. One that takes longer has failed; it says nothing about how fast the page is. */
const LIMIT = { timeout: 120_000 };
/** The same for a test with a large table. */
const LONG_LIMIT = { timeout: 300_000 };

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PAGE = process.env.SAMEFIT_PAGE ?? join(ROOT, 'target/web');
const SAMEFIT = process.env.SAMEFIT ?? join(ROOT, 'target/release/samefit');
const AXE = readFileSync(join(ROOT, 'web/node_modules/axe-core/axe.min.js'), 'utf8');
const RAW = readFileSync(join(ROOT, 'data/diabetes_raw.csv'));
const SCHEMA = readFileSync(join(ROOT, 'data/diabetes_raw.schema.json'));
/** Lets a test hold back questions to the worker: `hold` names the operation, `release` sends what was held. */
const HOLDING = () => {
  const send = Worker.prototype.postMessage;
  const held = [];
  let op;
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message.op === op) held.push(() => send.call(this, message, ...rest));
    else send.call(this, message, ...rest);
  };
  window.hold = (name) => (op = name);
  window.held = () => held.length;
  // the worker answers in order: once a later question is answered, so are those that were held
  window.release = async () => {
    op = undefined;
    for (const one of held.splice(0)) one();
    const { call } = await import('./client.js');
    await call('evaluate', ['{}']).catch(() => {});
  };
};

const SHOTS = process.env.SAMEFIT_SCREENSHOTS;

const chrome = process.env.SAMEFIT_CHROMIUM ?? '/usr/bin/chromium';
const [server, bare, others] = [await serve(PAGE), await serve(PAGE, { bare: true }), await refusingProxy()];
// every request that is not for these servers goes to a proxy that refuses it, whichever part of the browser sends it
const quiet = ['--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps'];
const routes = [`--proxy-server=http://${others.address}`, `--proxy-bypass-list=<-loopback>;${[server, bare].map(({ address }) => new URL(address).host).join(';')}`];
const browser = await chromium.launch({ executablePath: chrome, args: ['--no-sandbox', ...quiet, ...routes] });
/** Requests that Chromium sends by itself, whatever page is open. */
const BROWSERS_OWN = /^(https?:\/\/)?[a-z-]+\.(google|googleapis|gvt1)\.com[:/]/;
const OWN = new Set(['/', ...readdirSync(PAGE).map((name) => `/${name}`)]);

/**
 * Opens a fresh page, and closes it with the test. The test fails on any request but for the page's own files, and on any error in the console
 * that `allow` does not name. `refused`: the test itself asks others, and the browser has to refuse.
 */
async function open({ hash = '', wait = true, allow = [], init, from = server, refused = false, ...options } = {}, act) {
  const before = [from.asked.length, others.asked.length];
  const context = await browser.newContext({ locale: 'en', viewport: { width: 1100, height: 900 }, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  if (init) await page.addInitScript(init);
  const strangers = [];
  const said = [];
  context.on('request', (request) => {
    if (!request.url().startsWith(from.address) && !request.url().startsWith('blob:' + from.address)) strangers.push(request.url());
  });
  page.on('websocket', (socket) => strangers.push(socket.url()));
  page.on('console', (message) => message.type() === 'error' && said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  try {
    await page.goto(from.address + hash);
    if (wait) await page.waitForSelector('h1');
    await act(page, context);
    const through = others.asked.slice(before[1]).filter((url) => !BROWSERS_OWN.test(url));
    equal(refused ? through : [...strangers, ...through], [], 'requests to others:');
    // its own server learns nothing either: no query, no body, only names of files
    const odd = from.asked.slice(before[0]).filter(({ method, url, length }) => method !== 'GET' || length > 0 || !OWN.has(url));
    equal(odd, [], 'asked of its own server:');
    equal(said.filter((text) => !allow.some((known) => text.includes(known))), [], 'console:');
    const stored = await page.evaluate(() => Object.keys(localStorage).concat(Object.keys(sessionStorage)));
    holds(stored.every((key) => key === 'samefit-language' || key === 'samefit-theme'), `stored: ${stored}`);
  } finally {
    await context.close();
  }
}

const shot = async (page, name) => {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
};

const CHECK = JSON.parse(readFileSync(join(PAGE, 'check.json'), 'utf8'));
const EXAMPLE = { age: '59', bmi: '32.1', systolic: '139', diastolic: '82', tc: '157', hdl: '38', triglycerides: '129', glu: '87' };

async function fill(page, values = {}) {
  for (const [name, value] of Object.entries({ ...EXAMPLE, ...values })) await page.fill(`#in-${name}`, value);
  await page.check('input[name=sex][value="2"]');
}

async function predict(page) {
  await page.click('button[type=submit]');
  await page.waitForSelector('.answer:not(.stale)');
}

const violations = async (page) => {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.target.join(' ')).slice(0, 3).join(' | ')}`);
};

/** Drops files, and goes on as soon as tables are shown. */
async function drop(page, ...files) {
  await choose(page, ...files);
  if (files.some(([name]) => !name.endsWith('.json'))) await goOn(page);
}

async function choose(page, ...files) {
  await page.setInputFiles('#files', files.map(([name, content]) => ({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) })));
}

/** Goes on with the tables that are shown, unless there is an error instead. */
async function goOn(page) {
  await page.waitForSelector('#preview-go, #data-fault');
  if (await page.locator('#preview-go').count()) await page.click('#preview-go');
}

async function downloaded(page, selector) {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(selector)]);
  return readFileSync(await download.path());
}

test('a prediction from what a clinic measures', LIMIT, () =>
  open({}, async (page) => {
    await fill(page);
    await predict(page);
    holds(/^\d+$/.test(await page.textContent('#prediction')), 'a whole number');
    holds(/Of 100 similar patients, about 95 would score between \S+ and \S+\./.test(await page.textContent('#interval')), 'the interval in words');
    holds((await page.textContent('.answer')).includes('Checked on 88 patients'), 'coverage on patients held out');
    equal(await page.locator('#computed-triglycerides').textContent(), 'Calculated: ln(129) = 4.8598');
    holds((await page.textContent('#computed-map')).includes('101'), 'mean pressure');
    equal(await page.evaluate(() => document.activeElement.id), 'result-title');
    await shot(page, 'predict-light');
  }));

test('the core module is that of the program, byte for byte, and its digest is shown', LIMIT, () =>
  open({}, async (page) => {
    const core = readFileSync(join(ROOT, 'target/wasm/samefit.core.wasm'));
    const served = Buffer.from(await page.evaluate(async () => Array.from(new Uint8Array(await (await fetch('samefit.core.wasm')).arrayBuffer()))));
    holds(core.equals(served), 'other bytes');
    equal(await page.textContent('#digest'), createHash('sha256').update(core).digest('hex'));
  }));

test('comma and dot, typed units, and switching them', LIMIT, () =>
  open({}, async (page) => {
    await fill(page, { bmi: '32,1', tc: '4.06 mmol/L' });
    await predict(page);
    equal(await page.inputValue('#in-bmi'), '32,1');
    await page.fill('#in-glu', '5.0');
    await page.selectOption('[data-unit=glu]', 'mmol/L');
    await page.waitForFunction(() => document.querySelector('#label-glu').textContent.includes('mmol/L'));
    await page.fill('#in-glu', '5.0');
    await page.selectOption('[data-unit=glu]', 'mg/dL');
    await page.waitForFunction(() => document.querySelector('#in-glu').value === '90.08');
    await page.selectOption('[data-unit=glu]', 'mmol/L');
    await page.waitForFunction(() => document.querySelector('#in-glu').value === '5.0');
    holds((await page.textContent('#hint-glu')).includes('3.2'), 'the range in mmol/L');
    await page.fill('#in-bmi', '1.032,1');
    await page.click('button[type=submit]');
    await page.waitForSelector('#problems');
    holds((await page.textContent('#problem-bmi')).includes('one decimal sign'), 'both signs');
  }));

test('problems are said on leaving a filled field and on Predict, with links, and entries stay', LIMIT, () =>
  open({}, async (page) => {
    await page.fill('#in-bmi', 'thirty');
    equal(await page.textContent('#problem-bmi'), '', 'while typing');
    await page.press('#in-bmi', 'Tab');
    await page.waitForFunction(() => document.querySelector('#problem-bmi').textContent.includes('must be a number'));
    equal(await page.textContent('#problem-age'), '', 'a field nobody was in');
    await page.click('button[type=submit]');
    await page.waitForSelector('#problems');
    equal(await page.evaluate(() => document.activeElement.id), 'problems');
    holds((await page.title()).startsWith('Error: '), 'the title');
    await page.click('#problems a[href="#in-glu"]');
    equal(await page.evaluate(() => document.activeElement.id), 'in-glu');
    equal(await page.inputValue('#in-bmi'), 'thirty');
    equal(await page.getAttribute('#in-bmi', 'aria-invalid'), 'true');
    await shot(page, 'problems');
    equal(await violations(page), []);
    await page.selectOption('[data-set=language]', 'de');
    await page.waitForFunction(() => document.title.startsWith('Fehler: '));
    equal(await page.locator('#problems a[href="#in-glu"]').count(), 1, 'the summary stays with the title:');
  }));

test('a value plausible only in the other unit is asked about, never guessed', LIMIT, () =>
  open({}, async (page) => {
    await fill(page, { tc: '5.2' });
    await page.click('button[type=submit]');
    await page.click('#problem-tc button');
    await page.waitForFunction(() => document.querySelector('#label-tc').textContent.includes('mmol/L'));
    equal(await page.inputValue('#in-tc'), '5.2');
    await predict(page);
  }));

test('what was never seen is predicted with a warning', LIMIT, () =>
  open({}, async (page) => {
    await fill(page, { bmi: '45' });
    await predict(page);
    holds((await page.textContent('.care')).includes('Body mass index 45 kg/m² is above every training value (18 to 42.2'), 'above the range');
    await fill(page, { bmi: '32.1', hdl: '90', triglycerides: '440', tc: '110' });
    await page.fill('#in-ldl', '20');
    await predict(page);
    holds((await page.textContent('.care')).includes('unlike the training patients'), 'an unlike combination');
    await shot(page, 'warnings');
  }));

test('training ranges are in the unit that was chosen, wherever they are said', LIMIT, () =>
  open({}, async (page) => {
    const hint = (name) => page.textContent(`#hint-${name}`);
    const [, low, high] = /(\d+) to (\d+)/.exec(await hint('tc'));
    const molar = [low, high].map((end) => String(Number((end / 38.67).toFixed(2))));
    await fill(page, { tc: '' });
    await page.selectOption('[data-unit=tc]', 'mmol/L');
    await page.waitForFunction((molar) => document.querySelector('#hint-tc').textContent.includes(`${molar[0]} to ${molar[1]}`), molar);
    await page.fill('#in-tc', '8.5');
    await predict(page);
    holds((await page.textContent('.care')).includes(`Total cholesterol 8.5 mmol/L is above every training value (about ${molar[0]} to ${molar[1]})`), await page.textContent('.care'));
    await page.selectOption('[data-set=language]', 'de');
    await page.waitForFunction(() => document.documentElement.lang === 'de');
    const comma = molar.map((end) => end.replace('.', ','));
    holds((await page.textContent('.care')).includes(`8,5 mmol/L`) && (await page.textContent('.care')).includes(`${comma[0]} bis ${comma[1]}`), 'German');
    await page.selectOption('[data-set=language]', 'en');
    await page.waitForFunction(() => document.documentElement.lang === 'en');
    await page.selectOption('[data-unit=tc]', 'mg/dL');
    await page.waitForFunction(([low, high]) => document.querySelector('#hint-tc').textContent.includes(`${low} to ${high}`), [low, high]);
    // a unit that came with the value, or from a record, as well
    await page.fill('#in-tc', '8.5 mmol/L');
    await predict(page);
    holds((await page.textContent('.care')).includes(`(about ${molar[0]} to ${molar[1]})`), 'typed behind the value');
    await page.click('[data-do=clear]');
    await page.click('[data-do=import]');
    await page.fill('#fhir-text', BUNDLE);
    await page.click('[data-do=fhir-read]');
    await page.click('[data-do=fhir-use]');
    await page.waitForFunction((molar) => document.querySelector('#hint-tc').textContent.includes(`${molar[0]} to ${molar[1]}`), molar);
  }));

test('an edited entry makes the result stale', LIMIT, () =>
  open({}, async (page) => {
    await fill(page);
    await predict(page);
    await page.fill('#in-bmi', '33');
    await page.waitForSelector('.answer.stale');
    holds((await page.textContent('.stale-note')).includes('have changed'), 'it says so');
  }));

test('a stale result can be neither copied nor kept nor moved, and a comparison with it only ended', LIMIT, () =>
  open({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    const offered = () => page.locator('#result [data-do], #result [data-set]').evaluateAll((all) => all.map((one) => one.dataset.do ?? one.dataset.set));
    await fill(page);
    await predict(page);
    const copy = await page.locator('[data-do=copy]').elementHandle();
    await page.fill('#in-bmi', '33');
    await page.waitForSelector('.answer.stale');
    equal(await offered(), []);
    // a button that was there before does nothing either
    await page.evaluate(() => navigator.clipboard.writeText('before'));
    await copy.evaluate((button) => document.querySelector('#page').append(button));
    await page.locator('#page > [data-do=copy]').dispatchEvent('click');
    await copy.evaluate((button) => (button.dataset.do = 'keep-change'));
    await page.locator('#page > [data-do=keep-change]').dispatchEvent('click');
    equal(await offered(), [], 'nothing was kept:');
    equal(await page.evaluate(() => navigator.clipboard.readText()), 'before', 'copied:');
    await predict(page);
    await page.click('[data-do=keep-change]');
    await page.fill('#in-bmi', '25');
    await predict(page);
    equal(await page.locator('#compared.stale').count(), 0);
    await page.fill('#in-bmi', '26');
    await page.waitForSelector('.answer.stale');
    equal(await page.locator('#compared.stale').count(), 1, 'the table is dimmed too:');
    equal(await offered(), ['compare-end']);
    await page.click('[data-do=compare-end]');
    equal(await offered(), []);
    await predict(page);
    holds((await offered()).includes('copy'), 'copied again');
  }));

test('an answer that comes after newer input is dropped', LIMIT, () =>
  open({ init: HOLDING }, async (page) => {
    const hold = (op) => page.evaluate((op) => window.hold(op), op);
    const held = () => page.waitForFunction(() => window.held() > 0);
    const release = () => page.evaluate(() => window.release());
    await fill(page);
    await hold('explain');
    await page.click('button[type=submit]');
    await held();
    await page.fill('#in-bmi', '33');
    await release();
    equal(await page.locator('.answer').count(), 0, 'a result of what was there before:');
    await predict(page);
    // a unit that is chosen, and a value that is typed before what stood there was converted
    await page.fill('#in-tc', '157');
    await hold('convert');
    await page.selectOption('[data-unit=tc]', 'mmol/L');
    await held();
    await page.fill('#in-tc', '4.5');
    await release();
    equal(await page.inputValue('#in-tc'), '4.5');
    holds((await page.textContent('#label-tc')).includes('mmol/L'), 'the label follows the choice');
    // two units, one after the other
    await hold('convert');
    await page.selectOption('[data-unit=tc]', 'mg/dL');
    await held();
    await page.selectOption('[data-unit=tc]', 'mmol/L');
    await release();
    equal(await page.inputValue('#in-tc'), '4.5');
    // an emptied form stays empty
    await hold('evaluate');
    await page.fill('#in-triglycerides', '130');
    await page.press('#in-triglycerides', 'Tab');
    await held();
    await page.click('[data-do=clear]');
    await release();
    equal(await page.textContent('#computed-triglycerides'), '');
    // a model of statistics that are no longer there
    await page.click('a[href="#data"]');
    await drop(page, ['plain.csv', 'a,y\n1,2\n2,5\n3,5\n4,9\n']);
    await page.waitForSelector('[data-do=train]');
    await hold('summarize');
    await page.click('[data-do=train]');
    await held();
    await page.click('[data-do=start-over]');
    await release();
    equal(await page.locator('#trained-title, #progress').count(), 0, 'a model of nothing:');
  }));

test('what if: the slider moves a value, and linked ones move along', LIMIT, () =>
  open({}, async (page) => {
    await fill(page);
    await predict(page);
    await page.selectOption('#what-if-field', 'triglycerides');
    await page.waitForFunction(() => document.querySelector('#what-if').textContent.includes('moving along'));
    holds((await page.textContent('#what-if')).includes('LDL cholesterol'), 'LDL moves along');
    const before = await page.textContent('#what-if-said');
    await page.focus('#what-if-slider');
    await page.keyboard.press('End');
    await page.waitForFunction((old) => document.querySelector('#what-if-said').textContent !== old, before);
    const moved = /: (\d+), interval/.exec(await page.textContent('#what-if-said'))[1];
    await page.click('[data-do=use-moved]');
    await page.waitForFunction((value) => document.querySelector('#prediction')?.textContent === value, moved);
    await shot(page, 'what-if');
  }));

test("an outcome is written with the digits that mean something: two of the residual's standard deviation", LIMIT, () =>
  open({ hash: '#data', permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    const hundredth = (line, at) => (at ? line.replace(/[^,]+$/, (y) => String(Number(y) / 100)) : line);
    await drop(page, ['hundredths.csv', RAW.toString().trim().split('\n').map(hundredth).join('\n')]);
    await page.click('[data-do=train]');
    await page.click('[data-do=use-model]');
    const values = { age: '59', sex: '2', bmi: '32.1', map: '101', tc: '157', ldl: '93.2', hdl: '38', tch: '4.13', ltg: '4.8598', glu: '87' };
    for (const [name, value] of Object.entries(values)) await page.fill(`#in-${name}`, value);
    await predict(page);
    const number = '\u2212?\\d+\\.\\d\\d';
    const says = (text, pattern) => holds(new RegExp(pattern).test(text), `${pattern}: ${text}`);
    says(await page.textContent('#prediction'), `^${number}$`);
    says(await page.textContent('.answer'), `between ${number} and ${number}\\..*their average is ${number}\\.`);
    says(await page.textContent('#what-if-said'), `: ${number}, interval ${number} to ${number}\\. Now, at [^:]+: ${number}\\.`);
    const pictures = async (selector) => page.locator(selector).allTextContents();
    for (const text of await pictures('.answer .prediction .strong')) says(text, `^${number}$`);
    equal((await pictures('#result .waterfall .strong')).filter((text) => new RegExp(`^${number}$`).test(text)).length, 2, 'ends of the waterfall:');
    await page.click('[data-do=copy]');
    await page.waitForFunction(() => document.querySelector('#copied').textContent === 'Copied.');
    says(await page.evaluate(() => navigator.clipboard.readText()), `Prediction: ${number}\n95 % prediction interval: ${number} to ${number}\n`);
    says(await page.textContent('#sheet'), `Prediction ${number}`);
    await page.click('[data-do=keep-change]');
    await page.fill('#in-bmi', '25');
    await predict(page);
    says(await page.textContent('#compared'), `B is ${number} lower than A.*overlap by ${number}\\.`);
    says(await page.textContent('#compared'), `${number} … ${number}`);
  }));

test('two scenarios side by side, both with intervals', LIMIT, () =>
  open({}, async (page) => {
    await fill(page);
    await predict(page);
    await page.click('[data-do=keep-change]');
    await page.fill('#in-bmi', '25');
    await predict(page);
    equal(await page.locator('.prediction .interval').count(), 4, 'two on the page, two on the sheet:');
    const text = await page.textContent('#result');
    holds(/B is \d+ lower than A/.test(text), 'the difference in words');
    await shot(page, 'compare');
    equal(await violations(page), []);
    await page.click('[data-do=compare-end]');
    equal(await page.locator('#result .prediction .interval').count(), 1);
    await page.click('[data-do=keep-other]');
    equal(await page.inputValue('#in-bmi'), '');
  }));

test('copied text and printed page hold entries as typed, flags, interval, model and digest', LIMIT, () =>
  open({ permissions: ['clipboard-read', 'clipboard-write'] }, async (page) => {
    await fill(page, { bmi: '45', tc: '4.06 mmol/L' });
    await predict(page);
    await page.click('[data-do=copy]');
    await page.waitForFunction(() => document.querySelector('#copied').textContent === 'Copied.');
    const text = await page.evaluate(() => navigator.clipboard.readText());
    const digest = await page.textContent('#digest');
    for (const part of ['Total cholesterol: 4.06 mmol/L', 'Body mass index: 45 kg/m²', '! Body mass index 45', '95 % prediction interval', 'n = 354', digest, 'Not a medical device'])
      holds(text.includes(part), `copied text lacks ${part}`);
    await page.emulateMedia({ media: 'print' });
    const sheet = await page.innerText('#sheet');
    const statistics = JSON.parse(readFileSync(join(PAGE, 'model.json'), 'utf8')).statistics_sha256;
    const interval = await page.locator('#interval').textContent();
    const prediction = await page.locator('#prediction').textContent();
    for (const part of ['45 kg/m²', '4.06 mmol/L', '! Body mass index 45', interval, prediction, 'n = 354', statistics, digest, 'Not a medical device', 'Calculated: '])
      holds(sheet.includes(part), `print lacks ${part}`);
    for (const part of [interval, `Prediction: ${prediction}`, statistics]) holds(text.includes(part), `copied text lacks ${part}`);
    const pdf = await page.pdf({ format: 'A4' });
    equal((pdf.toString('latin1').match(/\/Type\s*\/Page\b/g) ?? []).length, 1, 'pages:');
    await shot(page, 'print');
  }));

const observation = (code, value, unit, date, more = {}) => ({
  resource: {
    resourceType: 'Observation', status: 'final', code: { coding: [{ system: 'http://loinc.org', code }] }, effectiveDateTime: date,
    valueQuantity: { value, code: unit, system: 'http://unitsofmeasure.org', unit: 'free text' }, ...more,
  },
});
const BUNDLE = JSON.stringify({
  resourceType: 'Bundle', type: 'collection',
  entry: [
    { resource: { resourceType: 'Patient', name: [{ given: ['Ada'], family: 'Test' }], birthDate: '1964-05-02', gender: 'female' } },
    observation('39156-5', 32.1, 'kg/m2', '2024-05-01'),
    observation('14647-2', 4.06, 'mmol/L', '2024-05-01'),
    observation('2093-3', 190, 'mg/dL', '2020-05-01'),
    observation('2085-9', 38, 'mg/dL', '2024-05-01'),
    observation('2571-8', 129, 'mg/dL', '2024-05-01'),
    observation('2345-7', 87, 'mg/dL', '2024-05-01', { status: 'preliminary' }),
    { resource: { resourceType: 'Observation', status: 'final', effectiveDateTime: '2024-05-01', code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
      component: [['8480-6', 139], ['8462-4', 82]].map(([code, value]) => ({ code: { coding: [{ system: 'http://loinc.org', code }] }, valueQuantity: { value, code: 'mm[Hg]' } })) } },
  ],
});

test('a FHIR record fills the form once it is confirmed', LIMIT, () =>
  open({}, async (page) => {
    await page.click('[data-do=import]');
    await page.fill('#fhir-text', BUNDLE);
    await page.click('[data-do=fhir-read]');
    await page.waitForSelector('[data-do=fhir-use]');
    equal(await page.inputValue('#in-bmi'), '', 'before it is confirmed');
    const text = await page.textContent('#fhir');
    for (const part of ['Ada Test', 'preliminary', 'not known', '2024-05-01']) holds(text.includes(part), part);
    await shot(page, 'fhir');
    equal(await violations(page), []);
    await page.click('[data-do=fhir-use]');
    const values = { age: '59', bmi: '32.1', tc: '4.06', hdl: '38', triglycerides: '129', systolic: '139', diastolic: '82', glu: '' };
    for (const [name, value] of Object.entries(values)) equal(await page.inputValue(`#in-${name}`), value, name);
    equal(await page.locator('input[name=sex]:checked').count(), 0, 'sex is asked:');
    await page.fill('#in-glu', '87');
    await page.check('input[name=sex][value="2"]');
    await predict(page);
  }));

test('about: the equation and everything else comes from the model', LIMIT, () =>
  open({ hash: '#about' }, async (page) => {
    const model = JSON.parse(readFileSync(join(PAGE, 'model.json'), 'utf8'));
    const text = await page.textContent('main');
    for (const part of [String(model.coefficients[2].coefficient), 'Self-test passed', 'accepted', '354', model.statistics_sha256, 'does not name the instrument'])
      holds(text.includes(part), `about lacks ${part}`);
    await shot(page, 'about');
    equal(await violations(page), []);
  }));

test('the self-test refuses to predict if one digit differs', LIMIT, async () => {
  const check = JSON.parse(readFileSync(join(PAGE, 'check.json'), 'utf8'));
  check.answer = check.answer.replace(/(\d)(,|\s|\})/, (_, digit, rest) => `${(Number(digit) + 1) % 10}${rest}`);
  server.replaced.set('check.json', JSON.stringify(check));
  try {
    await open({}, async (page) => {
      holds((await page.textContent('main')).includes('This page will not predict'), 'it refuses');
      equal(await page.locator('form').count(), 0);
      await page.click('a[href="#data"]');
      equal(await page.locator('#files').count(), 0, 'nor with own data:');
    });
  } finally {
    server.replaced.clear();
  }
});

test('profile, train and plots of a table; the files are those of the program, byte for byte', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await drop(page, ['diabetes_raw.csv', RAW], ['diabetes_raw.schema.json', SCHEMA]);
    await page.waitForSelector('[data-do=train]');
    holds((await page.textContent('#data')).includes('442 rows, 11 columns'), 'the profile');
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    equal(await page.locator('.heat').count(), 2);
    await shot(page, 'train');
    equal(await violations(page), []);
    const model = await downloaded(page, '[data-do=download-model]');
    const statistics = await downloaded(page, '[data-do=download-statistics]');
    if (!existsSync(SAMEFIT)) throw new Error(`${SAMEFIT} is missing`);
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const data = ['--data', join(ROOT, 'data/diabetes_raw.csv'), '--schema', join(ROOT, 'data/diabetes_raw.schema.json')];
    execFileSync(SAMEFIT, ['train', ...data, '--out', folder, '--quiet'], { stdio: 'ignore' });
    execFileSync(SAMEFIT, ['summarize', ...data, '--out', join(folder, 'statistics.json'), '--quiet'], { stdio: 'ignore' });
    holds(model.equals(readFileSync(join(folder, 'model.json'))), 'another model');
    holds(statistics.equals(readFileSync(join(folder, 'statistics.json'))), 'other statistics');
    await page.click('[data-do=use-model]');
    await page.waitForSelector('.banner');
    holds((await page.textContent('.banner')).includes('n = 442, from diabetes_raw.csv'), 'the banner');
    await fill(page);
    await predict(page);
    await page.click('[data-do=own-model]');
    await page.waitForFunction(() => !document.querySelector('.banner'));
    // the page went from the tables to the form by itself; the link leads back
    await page.click('a[href="#data"]');
    await page.waitForSelector('#drop');
    equal(await page.getAttribute('nav a[aria-current]', 'href'), '#data');
    await page.click('[data-do=use-model]');
    await page.waitForSelector('form');
    await page.goBack();
    await page.waitForSelector('#drop');
  }));

test('a model of two tables says of each how it fits', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const [header, ...rows] = RAW.toString().trim().split('\n');
    const part = (from, to) => `${header}\n${rows.slice(from, to).join('\n')}\n`;
    await drop(page, ['first.csv', part(0, 300)], ['second.csv', part(300)]);
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    const said = await page.locator('.residuals').allInnerTexts();
    equal(said.length, 2, 'sections:');
    for (const [at, [name, count]] of [['first.csv', 300], ['second.csv', 142]].entries()) {
      const [, inside, of, percent] = /holds (\d+) of (\d+) \(([\d.]+) %\)/.exec(said[at]);
      holds(said[at].split('\n')[0].endsWith(name) && Number(of) === count, said[at]);
      equal(percent, (Math.round((1000 * inside) / count) / 10).toFixed(1));
    }
    equal(await page.locator('.heat').count(), 4);
  }));

/** The 442 patients with words and codes: a site that moves the outcome, and a ward of twelve. */
const withWords = () => {
  let at = 0;
  return recast(RAW, ({ bmi, sex, y }) => {
    const row = at++;
    return { bmi, sex, site: ['north', 'south', 'west'][row % 3], ward: `ward ${1 + (row % 12)}`, y: String(Number(y) + 30 * (row % 3)) };
  });
};

test('a column of words and a column of codes are trained on as categories, as the program does', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await drop(page, ['words.csv', withWords()]);
    await page.waitForSelector('[data-do=train]');
    equal(await page.locator('#target option').allTextContents(), ['bmi', 'sex', 'y'], 'words cannot be predicted:');
    equal(await page.locator('[data-set=feature]:checked').evaluateAll((all) => all.map((one) => one.value)), ['bmi', 'sex']);
    holds((await page.textContent('.checks')).includes('category: words'), 'what the words are');
    await page.check('[data-set=feature][value=site]');
    // by keyboard: the codes are a category, and the keyboard stays where it is
    await page.focus('[data-set=category][value=sex]');
    await page.keyboard.press('Space');
    await page.waitForFunction(() => document.querySelector('[data-set=category][value=sex]').checked);
    equal(await page.evaluate(() => document.activeElement.value), 'sex');
    equal(await page.locator('#target option').allTextContents(), ['bmi', 'y']);
    holds(await page.isChecked('[data-set=feature][value=site]'), 'what was chosen stays');
    await shot(page, 'categories-train');
    equal(await violations(page), []);
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    holds((await page.textContent('[aria-labelledby=trained-title]')).includes('site [south]'), 'a coefficient of a level');
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    writeFileSync(join(folder, 'words.csv'), withWords());
    const flags = ['--target', 'y', '--features', 'bmi,sex,site', '--categories', 'sex'];
    execFileSync(SAMEFIT, ['train', '--data', join(folder, 'words.csv'), ...flags, '--out', folder, '--quiet'], { stdio: 'ignore' });
    const model = await downloaded(page, '[data-do=download-model]');
    holds(model.equals(readFileSync(join(folder, 'model.json'))), 'another model');
  }));

/** Trains on these columns of the table with words, and uses the model. */
const useModelOf = async (page, ...columns) => {
  await drop(page, ['words.csv', withWords()]);
  await page.waitForSelector('[data-do=train]');
  for (const box of await page.locator('[data-set=feature]').all()) await box.setChecked(columns.includes(await box.getAttribute('value')));
  await page.click('[data-do=train]');
  await page.click('[data-do=use-model]');
  await page.waitForSelector('.banner');
};

test('a level is chosen in the form, explained by its name, and compared with the other levels', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await useModelOf(page, 'bmi', 'site');
    equal(await page.locator('input[name=site]').evaluateAll((all) => all.map((one) => one.value)), ['north', 'south', 'west']);
    holds((await page.textContent('#hint-site')).includes('north (148), south (147), west (147)'), await page.textContent('#hint-site'));
    await page.fill('#in-bmi', '32.1');
    await page.click('button[type=submit]');
    await page.waitForSelector('#problems');
    holds((await page.textContent('#problems')).includes('site'), await page.textContent('#problems'));
    await page.check('input[name=site][value=west]');
    await predict(page);
    const contribution = page.locator('#result tbody tr', { has: page.locator('th', { hasText: /^site$/ }) });
    equal((await contribution.locator('td').allTextContents()).slice(0, 2), ['west', '\u2013']);
    await page.selectOption('#what-if-field', 'site');
    await page.waitForSelector('#what-if-level');
    equal(await page.locator('#what-if .dots .interval').count(), 3);
    equal(await page.locator('#what-if-level option:checked').textContent(), 'west');
    await page.selectOption('#what-if-level', { label: 'north' });
    await page.waitForFunction(() => document.querySelector('#what-if-said').textContent.includes('site at north'));
    const [, moved, now, current] = /at north: (\d+), interval .*Now, at (\w+): (\d+)\./.exec(await page.textContent('#what-if-said'));
    equal([now, current], ['west', await page.textContent('#prediction')]);
    holds(Number(moved) < Number(current), `${moved} and ${current}`);
    await shot(page, 'categories-what-if');
    equal(await violations(page), []);
    await page.click('[data-do=use-moved]');
    await page.waitForFunction((value) => document.querySelector('#prediction')?.textContent === value, moved);
    holds(await page.isChecked('input[name=site][value=north]'), 'the level is entered');
    // what is predicted for each level is what the program predicts for it
    const predicted = await page.evaluate(async () => {
      const { call } = await import('./client.js');
      const swept = JSON.parse(await call('sweep', ['{"bmi": "32.1", "site": "north"}', 'site', '', '["north", "west"]']));
      const records = ['north', 'west'].map(async (site) => JSON.parse(await call('record', [JSON.stringify({ bmi: '32.1', site })])));
      return [swept, (await Promise.all(records)).map(({ predicted_y: value, interval: { lower, upper } }) => [value, lower, upper])];
    });
    equal(predicted[0], predicted[1]);
    await page.click('a[href="#about"]');
    await page.waitForSelector('.equation');
    const about = await page.textContent('main');
    for (const part of ['site [south]', 'north (the others are compared with it)', '148']) holds(about.includes(part), `about lacks ${part}`);
    equal(await violations(page), []);
  }));

test('many levels are a list, and a table with a level that training did not have says so', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await useModelOf(page, 'bmi', 'ward');
    equal(await page.locator('#in-ward option').count(), 13);
    equal(await page.inputValue('#in-ward'), '', 'no level is filled in');
    await page.fill('#in-bmi', '32.1');
    await page.selectOption('#in-ward', 'ward 7');
    await predict(page);
    equal(await violations(page), []);
    await page.selectOption('#in-ward', 'ward 8');
    await page.waitForSelector('.answer.stale');
    await page.click('a[href="#data"]');
    await drop(page, ['new.csv', 'bmi,ward\n32.1,ward 7\n32.1,ward 77\n32.1,\n']);
    await page.click('[data-do=batch]');
    await page.waitForSelector('#counts');
    const out = (await downloaded(page, '[data-do=download-batch]')).toString().trimEnd().split('\n');
    holds(out[1].endsWith(',fine') && out[2].endsWith(',ward:unknown-level,error') && out[3].endsWith(',ward:missing-values,missing'), out.join('\n'));
  }));

test('statistics with categories of several hospitals give the model of all their rows', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const [header, ...rows] = withWords().split('\n');
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const flags = ['--columns', 'bmi,y', '--categories', 'site'];
    const parts = [rows.slice(0, 200), rows.slice(200)].map((part, at) => {
      writeFileSync(join(folder, `${at}.csv`), `${header}\n${part.join('\n')}\n`);
      execFileSync(SAMEFIT, ['summarize', '--data', join(folder, `${at}.csv`), ...flags, '--out', join(folder, `${at}.json`)], { stdio: 'ignore' });
      return [`hospital-${at}.json`, readFileSync(join(folder, `${at}.json`))];
    });
    await drop(page, ...parts);
    await page.waitForFunction(() => document.querySelector('#pooled')?.textContent.includes('2 statistics, 442 rows'));
    holds((await page.textContent('.checks')).includes('category, 3 levels'), await page.textContent('.checks'));
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    const model = await downloaded(page, '[data-do=download-model]');
    writeFileSync(join(folder, 'words.csv'), withWords());
    const all = ['train', '--data', join(folder, 'words.csv'), '--target', 'y', '--features', 'bmi,site', '--out', folder];
    execFileSync(SAMEFIT, all, { stdio: 'ignore' });
    holds(model.equals(readFileSync(join(folder, 'model.json'))), 'another model');
  }));

test('statistics to be given away are those of `summarize --share`, byte for byte', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await drop(page, ['diabetes_raw.csv', RAW], ['diabetes_raw.schema.json', SCHEMA]);
    await page.waitForSelector('[data-do=train]');
    // few patients of one sex have an odd number of hundredths in the ratio `tch`
    await page.uncheck('[data-set=feature][value=tch]');
    await page.check('input[name=sharing][value=share]');
    holds((await page.textContent('#data')).includes('does not make the data anonymous'), 'what sharing does not do');
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    writeFileSync(join(folder, 'diabetes_raw.csv'), RAW);
    writeFileSync(join(folder, 'diabetes_raw.schema.json'), SCHEMA);
    const schema = ['--schema', 'diabetes_raw.schema.json'];
    const columns = ['--columns', 'age,sex,bmi,map,tc,ldl,hdl,ltg,glu,y'];
    const samefit = (...args) => execFileSync(SAMEFIT, args, { stdio: 'ignore', cwd: folder });
    samefit('summarize', '--share', '--data', 'diabetes_raw.csv', ...schema, ...columns, '--out', 's.json');
    const statistics = await downloaded(page, '[data-do=download-statistics]');
    const model = await downloaded(page, '[data-do=download-model]');
    holds(statistics.equals(readFileSync(join(folder, 's.json'))), 'other statistics');
    // the log beside it is the program's, but for the command
    const log = (await downloaded(page, '[data-do=download-audit]')).toString();
    equal(log.trimEnd().split('\n').length, 1);
    const [line, expected] = [log, readFileSync(join(folder, 's.audit.jsonl'), 'utf8')].map((text) => JSON.parse(text));
    equal({ ...line, command: [] }, { ...expected, command: [] });
    equal(Object.keys(line), Object.keys(expected));
    samefit('fit', 's.json', ...schema, '--features', 'age,sex,bmi,map,tc,ldl,hdl,ltg,glu', '--out', 'm');
    holds(model.equals(readFileSync(join(folder, 'm/model.json'))), 'another model');
  }));

test('statistics of several hospitals give the model of all their rows', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const [header, ...rows] = RAW.toString().trim().split('\n');
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const schema = ['--schema', join(ROOT, 'data/diabetes_raw.schema.json')];
    const parts = [rows.slice(0, 100), rows.slice(100, 250), rows.slice(250)].map((part, at) => {
      writeFileSync(join(folder, `${at}.csv`), `${header}\n${part.join('\n')}\n`);
      execFileSync(SAMEFIT, ['summarize', '--data', join(folder, `${at}.csv`), ...schema, '--out', join(folder, `${at}.json`)], { stdio: 'ignore' });
      return [`hospital-${at}.json`, readFileSync(join(folder, `${at}.json`))];
    });
    await drop(page, ...parts);
    await page.waitForFunction(() => document.querySelector('#pooled')?.textContent.includes('3 statistics, 442 rows'));
    await drop(page, ['diabetes_raw.schema.json', SCHEMA]);
    await page.waitForSelector('.chip');
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    await shot(page, 'pool');
    const model = await downloaded(page, '[data-do=download-model]');
    // categories stand behind the numbers in statistics, so the page names them last
    const features = ['--features', 'age,bmi,map,tc,ldl,hdl,tch,ltg,glu,sex'];
    const all = ['train', '--data', join(ROOT, 'data/diabetes_raw.csv'), ...schema, ...features, '--out', folder];
    execFileSync(SAMEFIT, all, { stdio: 'ignore' });
    holds(model.equals(readFileSync(join(folder, 'model.json'))), 'another model');
    // one of other columns does not go with them
    execFileSync(SAMEFIT, ['summarize', '--data', join(folder, '0.csv'), '--columns', 'bmi,y', '--out', join(folder, 'other.json')], { stdio: 'ignore' });
    await drop(page, ['other.json', readFileSync(join(folder, 'other.json'))]);
    await page.waitForFunction(() => document.querySelector('#pooled')?.textContent.includes('4 statistics'));
    await page.click('[data-do=train]');
    await page.waitForSelector('#data-fault');
  }));

test('every row of a table is predicted, and says how it fared', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const lines = RAW.toString().trim().split('\n');
    const cells = (line, at, value) => line.split(',').map((cell, column) => (column === at ? value : cell)).join(',');
    lines[5] = cells(lines[5], 2, '');
    lines[9] = cells(lines[9], 2, '60');
    lines[20] = cells(lines[20], 3, 'high');
    await drop(page, ['many.csv', lines.join('\n')]);
    await page.click('[data-do=batch]');
    await page.waitForSelector('#counts');
    holds((await page.textContent('#counts')).startsWith('442 rows: '), 'all rows');
    await shot(page, 'batch');
    const out = (await downloaded(page, '[data-do=download-batch]')).toString().trim().split('\n');
    equal(out.length, lines.length);
    equal(out[0], `${lines[0]},predicted_diabetes_progression,lower,upper,warnings,status`);
    holds(out[5].endsWith(',,,,bmi:missing-values,missing'), out[5]);
    holds(out[9].endsWith('bmi:above-training-range,out of range'), out[9]);
    holds(out[20].endsWith(',,,,map:not-a-number,error'), out[20]);
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const attributes = join(ROOT, 'data/diabetes_raw.csv');
    execFileSync(SAMEFIT, ['infer', '--model', join(PAGE, 'model.json'), '--attributes', attributes, '--with-input', '--out', folder], { stdio: 'ignore' });
    const expected = readFileSync(join(folder, 'diabetes_raw.csv'), 'utf8').trim().split('\n');
    for (const [at, line] of out.entries()) if (![5, 9, 20].includes(at)) equal(line.slice(0, line.lastIndexOf(',')), at ? expected[at] : expected[0]);
  }));

const cellsOf = (line) => line.split(',');
/** Returns a table with other columns. `make` turns the old cells, by name, into the new ones. */
const recast = (csv, make) => {
  const [names, ...rows] = csv.toString().trim().split('\n').map(cellsOf);
  const made = rows.map((cells) => make(Object.fromEntries(names.map((name, at) => [name, cells[at]]))));
  return [Object.keys(made[0]), ...made.map(Object.values)].map((cells) => cells.join(',')).join('\n');
};

test('a table of what is entered is predicted as if each row were typed', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    // the first patient as a clinic would enter it, of whom the model's own columns are known
    const example = { age: '59', sex: '2', bmi: '32.1', systolic: '139', diastolic: '82', tc: '157', hdl: '38', triglycerides: '129', glu: '87' };
    const rows = [
      example,
      { ...example, bmi: '' },
      { ...example, bmi: '"32,1"', tc: '4.06 mmol/L' },
      { ...example, triglycerides: '500' },
      { ...example, systolic: '60' },
      { ...example, hdl: 'low' },
      { ...example, bmi: '60' },
    ];
    const csv = [Object.keys(example), ...rows.map(Object.values)].map((cells) => cells.join(',')).join('\n');
    await drop(page, ['entered.csv', csv]);
    await page.click('[data-do=batch]');
    await page.waitForSelector('#counts');
    equal(await page.textContent('#counts p'), '7 rows: 2 fine, 2 out of range, 1 missing, 2 with an error.');
    const out = (await downloaded(page, '[data-do=download-batch]')).toString().trimEnd().split('\n');
    equal(out[0], `${Object.keys(example).join(',')},predicted_diabetes_progression,lower,upper,warnings,status`);
    const prediction = await page.evaluate(async (typed) => {
      const { call } = await import('./client.js');
      const { attributes } = JSON.parse(await call('evaluate', [JSON.stringify(typed)]));
      const { prediction, interval } = JSON.parse(await call('explain', [JSON.stringify(attributes)]));
      return [prediction, interval.lower, interval.upper].join(',');
    }, example);
    equal(out[1], `${Object.values(example).join(',')},${prediction},,fine`);
    holds(out[2].endsWith(',,,,bmi:missing,missing'), out[2]);
    holds(out[3].includes('"32,1",139,82,4.06 mmol/L') && out[3].endsWith(',,fine'), out[3]);
    holds(/,\d[\d.]*,ldl:below-training-range ltg:above-training-range ldl:friedewald,out of range$/.test(out[4]), out[4]);
    holds(out[5].endsWith(',,,,diastolic:swapped,error'), out[5]);
    holds(out[6].endsWith(',,,,hdl:not-a-number,error'), out[6]);
    holds(out[7].endsWith('bmi:above-training-range,out of range'), out[7]);
  }));

test('JSON Lines are predicted, with the columns of the model or with what is entered', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const [names, ...rows] = RAW.toString().trim().split('\n').map(cellsOf);
    const object = (cells) => `{${names.map((name, at) => `"${name}": ${cells[at]}`).join(', ')}}`;
    const lines = rows.map(object);
    lines[3] = lines[3].replace(/"bmi": [^,]+/, '"bmi": 60');
    lines[7] = '';
    lines[9] = lines[9].replace(/"bmi": [^,]+/, '"bmi": null');
    const typed = '{"id": "a-1", "age": 59, "sex": 2, "bmi": 32.10, "systolic": 139, "diastolic": 82, "tc": 157, "hdl": 38, "triglycerides": 129, "glu": 87}';
    await drop(page, ['records.jsonl', lines.join('\n')], ['typed.jsonl', `${typed}\n${typed.replace('129', '"?"')}\n`]);
    await page.click('[data-do=batch]');
    await page.waitForSelector('#counts');
    equal(await page.locator('#counts p:not(.buttons)').allTextContents(), [
      'records.jsonl: 441 rows: 436 fine, 4 out of range, 1 missing, 0 with an error.',
      'typed.jsonl: 2 rows: 1 fine, 0 out of range, 0 missing, 1 with an error.',
    ]);
    const out = (await downloaded(page, '[data-do=download-batch][data-arg="0"]')).toString().trimEnd().split('\n');
    equal(out.length, 441);
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    writeFileSync(join(folder, 'fine.jsonl'), lines.filter((_, at) => ![7, 9].includes(at)).join('\n'));
    execFileSync(SAMEFIT, ['infer', '--model', join(PAGE, 'model.json'), '--attributes', join(folder, 'fine.jsonl'), '--out', join(folder, 'p')], { stdio: 'ignore' });
    const expected = readFileSync(join(folder, 'p/fine.jsonl'), 'utf8').trimEnd().split('\n');
    // a blank line is no record
    equal(out.filter((_, at) => at !== 8).map((line) => line.replace(/,"status":"(fine|out of range)"}$/, '}')).join('\n'), expected.join('\n'));
    holds(out[3].endsWith('"status":"out of range"}'), out[3]);
    equal(JSON.parse(out[8]).problem, 'bmi:missing-values');
    const [first, second] = (await downloaded(page, '[data-do=download-batch][data-arg="1"]')).toString().trimEnd().split('\n');
    holds(first.includes('"id": "a-1"') && first.includes('"bmi": 32.10') && first.endsWith('"status":"fine"}'), first);
    equal([JSON.parse(first).warnings, JSON.parse(second).problem], [[], 'triglycerides:not-a-number']);
    // a line that is no object, which a profile would have refused before
    const broken = await page.evaluate(async (lines) => {
      const { call } = await import('./client.js');
      const blob = new Blob([lines]);
      const [{ blob: answer }] = await call('batch', [[{ name: 'broken.jsonl', blob, size: blob.size, read: { format: 'jsonl' } }]], () => {});
      return (await answer.text()).trimEnd().split('\n').map(JSON.parse);
    }, [lines[0], 'no object', lines[1]].join('\n'));
    equal(broken.map(({ status }) => status), ['fine', 'error', 'fine']);
    equal(broken[1], { record: 'no object', problem: 'row:json', status: 'error' });
  }));

test('several tables are all predicted, and what is wrong with one stops no other', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const lines = RAW.toString().trim().split('\n');
    const without = recast(RAW, ({ bmi, ...rest }) => rest);
    await drop(page, ['first.csv', lines.slice(0, 101).join('\n')], ['other.csv', without], ['second.csv', [lines[0], ...lines.slice(101)].join('\r\n')]);
    await page.click('[data-do=batch]');
    await page.waitForSelector('#counts');
    const said = await page.locator('#counts p:not(.buttons)').allTextContents();
    equal(said.length, 3);
    holds(said[0].startsWith('first.csv: 100 rows: ') && said[2].startsWith('second.csv: 342 rows: '), said.join());
    holds(said[1].startsWith('other.csv, ') && said[1].includes('bmi'), said[1]);
    const parts = [];
    for (const at of [0, 2]) parts.push((await downloaded(page, `[data-do=download-batch][data-arg="${at}"]`)).toString().trimEnd().split('\n').slice(1));
    equal(parts.flat().length, 442);
    equal(parts.flat().map((line) => line.split(',').slice(0, 11).join(',')).join('\n'), lines.slice(1).join('\n'));
    equal(await violations(page), []);
  }));

test('a long table that is wrong in every row is gone through to its end', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const [header, ...rows] = RAW.toString().trim().split('\n');
    const many = Array.from({ length: 40 }, () => rows).flat();
    const wrong = many.map((line) => line.replace(/^([^,]+,[^,]+),[^,]+/, '$1,'));
    const counted = await page.evaluate(async (csv) => {
      const { call } = await import('./client.js');
      const blob = new Blob([csv]);
      const [{ said }] = await call('batch', [[{ name: 'wrong.csv', blob, size: blob.size, read: { format: 'csv' } }]], () => {});
      return JSON.parse(said).count;
    }, [header, ...wrong].join('\n'));
    equal(counted, { fine: 0, 'out of range': 0, missing: 40 * 442, error: 0 });
  }));

test('a table is shown before it is used, and how it is written can be corrected by keyboard', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const rows = Array.from({ length: 12 }, (_, at) => `${at},5;${2 * at + (at % 3)},25;${at === 4 ? '?' : at * at}`);
    await choose(page, ['spreadsheet.csv', `Report\n\na;y;b\n${rows.join('\n')}\n`]);
    await page.waitForSelector('#preview-go');
    const value = (key) => page.inputValue(`#dialect-${key}-0`);
    equal([await value('delimiter'), await value('decimal'), await value('skip'), await value('na'), await value('header')], [';', ',', '2', '?', 'data']);
    equal(await page.locator('#data tbody tr').count(), 9, 'the kinds and eight rows');
    equal(await page.evaluate(() => document.activeElement.id), 'preview-go');
    await shot(page, 'preview');
    equal(await violations(page), []);
    // without the header there are three more names to invent, and a mixed column
    await page.selectOption('#dialect-header-0', 'none');
    await page.waitForFunction(() => document.querySelector('#data th[scope=col]:nth-child(2)')?.textContent === 'column1');
    equal(await page.evaluate(() => document.activeElement.id), 'dialect-header-0');
    await page.selectOption('#dialect-header-0', 'data');
    await page.waitForFunction(() => document.querySelector('#data th[scope=col]:nth-child(2)')?.textContent === 'a');
    await page.focus('#preview-go');
    await page.keyboard.press('Enter');
    await page.waitForSelector('[data-do=train]');
    holds((await page.textContent('#data')).includes('12 rows, 3 columns'), 'the profile');
    await page.check('input[name=missing][value=drop]');
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    holds((await page.textContent('[aria-labelledby=trained-title]')).includes('fitted on 11 rows'), 'the row without a value is left out');
  }));

test('UTF-16 with its mark is read', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await drop(page, ['unicode.txt', Buffer.from(`\ufeff${RAW.toString().replaceAll(',', '\t')}`, 'utf16le')]);
    await page.waitForSelector('[data-do=train]');
    holds((await page.textContent('#data')).includes('442 rows, 11 columns'), 'the profile');
  }));

test('a table with semicolons, from a spreadsheet', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await drop(page, ['semicolons.csv', RAW.toString().replaceAll(',', ';')]);
    await page.waitForSelector('[data-do=train]');
    holds((await page.textContent('#data')).includes('442 rows, 11 columns'), 'the profile');
    await page.click('[data-do=batch]');
    await page.waitForSelector('#counts');
    const out = (await downloaded(page, '[data-do=download-batch]')).toString().trimEnd().split('\n');
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    execFileSync(SAMEFIT, ['infer', '--model', join(PAGE, 'model.json'), '--attributes', join(ROOT, 'data/diabetes_raw.csv'), '--with-input', '--out', folder], { stdio: 'ignore' });
    equal(out.map((line) => line.slice(0, line.lastIndexOf(','))).join('\n'), readFileSync(join(folder, 'diabetes_raw.csv'), 'utf8').trimEnd());
  }));

/** Drops a table of many copies of the 442 rows. It is made in the page from one blob, so it takes hardly any time and memory. */
const dropMany = (page, name, copies) =>
  page.evaluate(
    ([name, csv, copies]) => {
      const [header, ...rows] = csv.trim().split('\n');
      const thousand = new Blob(Array(200).fill(`${rows.join('\n')}\n`));
      const data = new DataTransfer();
      data.items.add(new File([`${header}\n`, ...Array(copies / 200).fill(thousand)], name));
      const over = new DragEvent('dragover', { dataTransfer: data, bubbles: true, cancelable: true });
      const target = document.querySelector('#drop');
      const refused = !target.dispatchEvent(over);
      target.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }));
      return refused;
    },
    [name, RAW.toString(), copies],
  );
/** Waits until the work has come some way, and cancels it. Both happen in one step, or the work might end in between. */
const cancel = async (page) => {
  await page.waitForFunction(() => {
    const has = document.querySelector('#progress')?.value > 0;
    if (has) document.querySelector('[data-do=cancel]').click();
    return has;
  });
  await page.waitForSelector('#data-fault');
  equal(await page.textContent('#data-fault p'), 'Cancelled. Nothing was changed.');
  equal(await page.locator('#progress').count(), 0);
};

test('files are dropped, and a long training or prediction ends when it is cancelled', LONG_LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    holds(await dropMany(page, 'many.csv', 5000), 'the place takes what is held over it');
    await goOn(page);
    await page.waitForSelector('[data-do=train]', { timeout: 30_000 });
    holds((await page.textContent('#data')).includes('2\u202f210\u202f000 rows, 11 columns'), await page.textContent('#data'));
    await page.click('[data-do=train]');
    await cancel(page);
    equal(await page.locator('#trained-title').count(), 0);
    await page.click('[data-do=batch]');
    await cancel(page);
    equal(await page.locator('#counts').count(), 0);
    // what was there before still is, and works
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title', { timeout: 30_000 });
    holds((await page.textContent('[aria-labelledby=trained-title]')).includes('fitted on 2\u202f210\u202f000 rows'), 'the whole table');
    await page.click('a[href="#predict"]');
    await fill(page);
    await predict(page);
  }));

test('a file of gigabytes: its progress is shown, the page stays usable, and it can be cancelled', LONG_LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await dropMany(page, 'huge.csv', 200_000);
    await goOn(page);
    await page.waitForFunction(() => document.querySelector('#progress')?.value >= 1, undefined, { timeout: 120_000 });
    const [, percent, size] = /^(\d+) %, [\d.]+ of ([\d.]+) MB$/.exec(await page.textContent('#progress-line'));
    holds(Number(size) > 3600 && Number(percent) < 100, `${percent} % of ${size} MB`);
    // another section meanwhile, with an answer from the same worker
    await page.click('a[href="#predict"]');
    await fill(page);
    await predict(page);
    await page.click('a[href="#data"]');
    await page.waitForFunction((before) => document.querySelector('#progress')?.value > before, Number(percent), { timeout: 120_000 });
    await cancel(page);
    await page.click('[data-do=start-over]');
    await drop(page, ['small.csv', RAW]);
    await page.waitForSelector('[data-do=train]');
  }));

test('a table that is packed is read like one that is not', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await drop(page, ['diabetes_raw.csv.gz', gzipSync(RAW)], ['diabetes_raw.schema.json', SCHEMA]);
    await page.waitForSelector('[data-do=train]');
    holds((await page.textContent('#data')).includes('442 rows, 11 columns'), 'the profile');
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    const statistics = await downloaded(page, '[data-do=download-statistics]');
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    const data = ['--data', join(ROOT, 'data/diabetes_raw.csv'), '--schema', join(ROOT, 'data/diabetes_raw.schema.json')];
    execFileSync(SAMEFIT, ['summarize', ...data, '--out', join(folder, 's.json'), '--quiet'], { stdio: 'ignore' });
    holds(statistics.equals(readFileSync(join(folder, 's.json'))), 'other statistics');
    await page.click('[data-do=batch]');
    await page.waitForSelector('#counts');
    const [packed] = await Promise.all([page.waitForEvent('download'), page.click('[data-do=download-batch]')]);
    equal(packed.suggestedFilename(), 'diabetes_raw.predictions.csv');
    equal(readFileSync(await packed.path(), 'utf8').trimEnd().split('\n').length, 443);
    // one that is cut off says so
    await drop(page, ['cut.csv.gz', gzipSync(RAW).subarray(0, 4000)]);
    await page.waitForSelector('#data-fault');
  }));

test('files that are wrong say what is wrong', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    const wrong = async (name, content, ...parts) => {
      await drop(page, [name, content]);
      await page.waitForSelector('#data-fault');
      const text = await page.textContent('#data-fault');
      for (const part of parts) holds(text.includes(part), `${name}: “${text}” lacks ${part}`);
      await page.click('[data-do=start-over]');
    };
    await wrong('empty.csv', '', 'empty.csv', 'no header and no record');
    await wrong('picture.png', Buffer.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 1, 2, 3]), 'picture.png', 'expected UTF-8 text');
    await wrong('ragged.csv', 'a,b\n1,2\n1,2,3\n', 'row 3', 'as many fields');
    await wrong('model.json', '{"format": "samefit-model/1"}', 'model.json');
    await wrong('broken-model.json', readFileSync(join(PAGE, 'model.json'), 'utf8').replace('"residual_df"', '"residual"'), 'broken-model.json');
    await wrong('statistics.json', '{"format": "samefit-statistics/1", "columns": []}', 'statistics.json');
    await drop(page, ['collinear.csv', 'a,b,y\n1,2,1\n2,4,3\n3,6,2\n4,8,5\n5,10,1\n']);
    await page.click('[data-do=train]');
    await page.waitForSelector('#data-fault');
    holds((await page.textContent('#data-fault')).includes('collinear'), 'collinear columns are named');
    await shot(page, 'fault');
    equal(await violations(page), []);
  }));

test('missing values stop the training, or are left out and counted', LIMIT, () =>
  open({ hash: '#data' }, async (page) => {
    await drop(page, ['gaps.csv', 'a,y\n1,2\n,3\n2,5\n3,5\n4,9\n']);
    await page.click('[data-do=train]');
    await page.waitForSelector('#data-fault');
    await page.check('input[name=missing][value=drop]');
    await page.click('[data-do=train]');
    await page.waitForSelector('#trained-title');
    holds(/\b1 row\b.*left out|left out.*\b1\b/s.test(await page.textContent('#data ul')), await page.textContent('#data ul'));
    holds((await page.textContent('[aria-labelledby=trained-title]')).includes('fitted on 4 rows'), 'the others');
  }));

/** A module whose function `trap` runs into `unreachable`. */
const UNREACHABLE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 8, 1, 4, 116, 114, 97, 112, 0, 0, 10, 5, 1, 3, 0, 0, 11];
/** The page's worker, but an evaluation of the number 666 traps, as a fault of the component would. */
const trappingWorker = () => {
  const worker = readFileSync(join(PAGE, 'worker.js'), 'utf8');
  const evaluate = 'evaluate: (entries) => form.evaluate(entries)';
  holds(worker.includes(evaluate), 'the worker evaluates in another way');
  const trap = `new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array([${UNREACHABLE}]))).exports.trap()`;
  return worker.replace(evaluate, `evaluate: (entries) => (entries.includes('666') ? ${trap} : form.evaluate(entries))`);
};

test('a trap ends nothing but the calculation: another instance takes over', LIMIT, async () => {
  server.replaced.set('worker.js', trappingWorker());
  try {
    await open({}, async (page) => {
      await fill(page, { bmi: '666' });
      await page.press('#in-bmi', 'Tab');
      await page.waitForFunction(() => document.querySelector('#problems')?.textContent.includes('stopped unexpectedly'));
      equal(await page.inputValue('#in-bmi'), '666', 'entries stay');
      await page.fill('#in-bmi', EXAMPLE.bmi);
      // with the keyboard: the message above the form goes once the field is left, and a click could miss the button, which moves up
      await page.focus('form button.main');
      await page.keyboard.press('Enter');
      await page.waitForSelector('#prediction');
      equal(await page.textContent('#prediction'), Math.round(JSON.parse(CHECK.answer).predicted_diabetes_progression).toString());
      const ended = await page.evaluate(async () => {
        const { call } = await import('./client.js');
        const calls = ['{"bmi": {"value": "666"}}', '{"bmi": {"value": "22"}}'].map((entries) => call('evaluate', [entries]));
        return (await Promise.allSettled(calls)).map(({ status }) => status);
      });
      equal(ended, ['rejected', 'fulfilled'], 'a call that waited behind the one that trapped is answered');
    });
  } finally {
    server.replaced.clear();
  }
});

test('without WebAssembly the page says so', LIMIT, () =>
  open({ locale: 'de', wait: false, init: () => delete window.WebAssembly }, async (page) => {
    await page.waitForSelector('main[role=alert]');
    holds((await page.textContent('main')).includes('Dieser Browser kann kein WebAssembly ausführen'), 'it says so');
    equal(await page.locator('form').count(), 0);
  }));

test('a request to anyone else would be seen', LIMIT, async () => {
  const context = await browser.newContext();
  await (await context.newPage()).goto('http://elsewhere.example/').catch(() => {});
  holds(others.asked.includes('http://elsewhere.example/'), 'nothing was seen');
  await context.close();
});

test('from a bare static host too, the page may ask nobody else for anything', LIMIT, () =>
  open({ from: bare, refused: true, allow: ['Content Security Policy', 'Content-Security-Policy'] }, async (page) => {
    const policy = readFileSync(join(ROOT, 'web/policy.txt'), 'utf8').split(/\s+/).join(' ').trim();
    equal(await page.getAttribute('meta[http-equiv=Content-Security-Policy]', 'content'), policy);
    const kept = await page.evaluate(() => [...document.head.children].findIndex((one) => one.httpEquiv === 'Content-Security-Policy'));
    const first = await page.evaluate(() => [...document.head.children].findIndex((one) => ['LINK', 'SCRIPT', 'STYLE'].includes(one.tagName)));
    holds(kept < first, 'the policy stands before all that it is for');
    await fill(page);
    await predict(page);
    const refused = await page.evaluate(async (other) => {
      const said = [];
      document.addEventListener('securitypolicyviolation', (event) => said.push(event.effectiveDirective));
      const image = new Image();
      await Promise.all([
        fetch(other).catch(() => {}),
        new Promise((done) => ((image.onerror = done), (image.src = `${other}picture.svg`))),
        new Promise((done) => {
          const script = document.createElement('script');
          [script.onerror, script.src] = [done, `${other}script.js`];
          document.head.append(script);
        }),
        import(`${other}module.js`).catch(() => {}),
      ]);
      navigator.sendBeacon(other, 'data');
      await new Promise((done) => setTimeout(done, 200));
      return [...new Set(said)].sort();
    }, server.address.replace('127.0.0.1', 'localhost'));
    equal(refused, ['connect-src', 'img-src', 'script-src-elem']);
  }));

test('German and French: words change, units and values do not', LIMIT, () =>
  open({ locale: 'de-CH' }, async (page) => {
    equal(await page.getAttribute('html', 'lang'), 'de');
    await fill(page, { bmi: '32,1' });
    await page.selectOption('[data-unit=tc]', 'mmol/L');
    await page.waitForFunction(() => document.querySelector('#in-tc').value === '4,06');
    const units = () => page.locator('.box .suffix, .box select').evaluateAll((all) => all.map((one) => one.value ?? one.textContent));
    const german = await units();
    holds(german.includes('mmol/L') && german.includes('kg/m²'), german.join());
    await predict(page);
    const predicted = await page.textContent('#prediction');
    holds((await page.textContent('.answer')).includes('Von 100 ähnlichen Personen'), 'German');
    holds(!(await page.textContent('#page')).match(/\b[a-z]+\.[a-z-]+\.[a-z]/), 'a name instead of a text');
    await shot(page, 'german');
    await page.selectOption('[data-set=language]', 'fr');
    await page.waitForFunction(() => document.documentElement.lang === 'fr');
    equal([await page.inputValue('#in-bmi'), await page.inputValue('#in-tc')], ['32,1', '4,06']);
    equal(await units(), german);
    equal(await page.textContent('#prediction'), predicted);
    holds((await page.textContent('.answer')).includes('Sur 100 patients semblables'), 'French');
    await shot(page, 'french');
    equal(await violations(page), []);
  }));

test('by keyboard alone', LIMIT, () =>
  open({}, async (page) => {
    const focused = () =>
      page.evaluate(() => {
        const { id, type, dataset } = document.activeElement;
        return { id, type, action: dataset.do ?? dataset.set, outline: getComputedStyle(document.activeElement.closest('.box, .file') ?? document.activeElement).outlineStyle };
      });
    const entered = [];
    let at;
    for (let steps = 0; steps < 80 && at?.type !== 'submit'; steps++) {
      await page.keyboard.press('Tab');
      at = await focused();
      const name = at.id.replace(/^in-/, '');
      if (at.type === 'radio') await page.keyboard.press('ArrowRight');
      else if (EXAMPLE[name]) await page.keyboard.type(EXAMPLE[name]);
      else continue;
      entered.push(name);
      holds(at.outline !== 'none', `the focus cannot be seen on ${at.id}`);
    }
    equal([...entered].sort(), [...Object.keys(EXAMPLE), 'sex'].sort());
    await page.keyboard.press('Enter');
    await page.waitForSelector('.answer');
    equal(await page.textContent('#prediction'), Math.round(JSON.parse(CHECK.answer).predicted_diabetes_progression).toString());
    // from the result on to the slider, and with it to another prediction
    for (let steps = 0; steps < 20 && at.id !== 'what-if-slider'; steps++) {
      await page.keyboard.press('Tab');
      at = await focused();
    }
    const before = await page.textContent('#what-if-said');
    await page.keyboard.press('Home');
    await page.waitForFunction((old) => document.querySelector('#what-if-said').textContent !== old, before);
    // back to the top, by the link that skips what is there, and to another section
    await page.keyboard.press('Control+Home');
    await page.focus('.skip');
    await page.keyboard.press('Enter');
    equal((await focused()).id, 'main');
    await page.keyboard.press('Shift+Tab');
    await page.keyboard.press('Enter');
    await page.waitForSelector('.equation');
  }));

for (const [name, options] of [['dark', { colorScheme: 'dark' }], ['phone', { viewport: { width: 360, height: 740 }, hasTouch: true }], ['phone-dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }], ['light', {}]])
  test(`axe finds nothing: ${name}`, LIMIT, () =>
    open(options, async (page) => {
      equal(await violations(page), [], 'empty form:');
      await fill(page, { bmi: '45' });
      await predict(page);
      equal(await violations(page), [], 'result:');
      const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
      holds(!wide, 'the page is wider than the window');
      await shot(page, `result-${name}`);
      await page.click('a[href="#about"]');
      await page.waitForSelector('.equation');
      equal(await violations(page), [], 'about:');
      await page.click('a[href="#data"]');
      await page.waitForSelector('#drop');
      equal(await violations(page), [], 'data:');
      await shot(page, `data-${name}`);
    }));

test('the dark that is chosen is the dark of the system, and the light too', LIMIT, async () => {
  const colours = (options, choice) => {
    let found;
    const look = async (page) => {
      if (choice) await page.selectOption('[data-set=theme]', choice);
      found = await page.evaluate(() => {
        const style = getComputedStyle(document.documentElement);
        const names = ['paper', 'card', 'ink', 'muted', 'rule', 'shade', 'accent', 'accent-soft', 'up', 'down', 'bar', 'warn', 'bad-paper', 'heat'];
        return [style.colorScheme, ...names.map((name) => style.getPropertyValue(`--${name}`))];
      });
    };
    return open(options, look).then(() => found);
  };
  const [light, dark] = [await colours({ colorScheme: 'light' }), await colours({ colorScheme: 'dark' })];
  holds(light.slice(1).every((colour, at) => colour && colour !== dark[at + 1]), `${light} and ${dark}`);
  equal((await colours({ colorScheme: 'light' }, 'dark')).slice(1), dark.slice(1));
  equal((await colours({ colorScheme: 'dark' }, 'light')).slice(1), light.slice(1));
});

test('nothing shifts while the page loads', LIMIT, () =>
  open({}, async (page) => {
    await page.waitForSelector('#form');
    const shift = await page.evaluate(
      () => new Promise((done) => {
        let sum = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (sum += entry.value))).observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => done(sum), 300);
      }),
    );
    holds(shift < 0.01, `layout shift ${shift}`);
  }));

/** Waits until the service worker keeps the page, and loads the page from there. */
const kept = async (page) => {
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await page.waitForSelector('form');
  holds(await page.evaluate(() => Boolean(navigator.serviceWorker.controller)), 'the service worker controls the page');
};

test('it can be installed, and works without a network once it was opened', LIMIT, () =>
  open({}, async (page, context) => {
    const manifest = JSON.parse(readFileSync(join(PAGE, await page.getAttribute('link[rel=manifest]', 'href')), 'utf8'));
    for (const name of ['name', 'short_name', 'description', 'background_color', 'theme_color']) holds(manifest[name], `the manifest has no ${name}`);
    equal([manifest.start_url, manifest.scope, manifest.display], ['./', './', 'standalone']);
    for (const { src, type } of manifest.icons) equal([OWN.has(`/${src}`), type], [true, 'image/svg+xml'], src);
    const session = await context.newCDPSession(page);
    equal((await session.send('Page.getAppManifest')).errors, []);
    await kept(page);
    equal((await session.send('Page.getInstallabilityErrors')).installabilityErrors.filter(({ errorId }) => errorId !== 'in-incognito'), []);
    const before = server.asked.length;
    await context.setOffline(true);
    await page.reload();
    await page.waitForSelector('form');
    await fill(page);
    await predict(page);
    for (const section of ['data', 'about']) await page.click(`a[href="#${section}"]`);
    await page.waitForSelector('.equation');
    await page.selectOption('[data-set=language]', 'fr');
    await page.waitForFunction(() => document.documentElement.lang === 'fr');
    // the browser itself looks for a newer service worker some time after a visit, whatever the page does
    equal(server.asked.slice(before).filter(({ url }) => url !== '/sw.js'), [], 'asked of the server:');
  }));

test('a newer version is offered, and taken only when asked for', LIMIT, () =>
  open({}, async (page) => {
    await kept(page);
    const versions = () => page.evaluate(async () => (await caches.keys()).sort());
    const [old] = await versions();
    server.replaced.set('sw.js', readFileSync(join(PAGE, 'sw.js'), 'utf8').replace(/VERSION = '[^']*'/, "VERSION = 'newer'"));
    try {
      await fill(page);
      await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
      await page.waitForSelector('[data-do=update]');
      equal(await page.inputValue('#in-bmi'), EXAMPLE.bmi, 'entries stay:');
      await page.click('[data-do=later]');
      equal(await page.locator('[data-do=update]').count(), 0);
      // it waits, whatever else happens to the page
      await page.reload();
      await page.waitForSelector('[data-do=update]');
      equal(await versions(), [old, 'samefit newer'].sort(), 'the old one is still there:');
      holds(await page.evaluate(async () => Boolean((await navigator.serviceWorker.getRegistration()).waiting)), 'the newer one waits');
      await Promise.all([page.waitForNavigation(), page.click('[data-do=update]')]);
      await page.waitForSelector('form');
      await page.waitForFunction(async () => (await caches.keys()).join() === 'samefit newer');
    } finally {
      server.replaced.clear();
    }
  }));

test('all files of the page are small', LIMIT, async () => {
  const { readdirSync, statSync } = await import('node:fs');
  const sizes = readdirSync(PAGE).filter((name) => name.endsWith('.br')).map((name) => [name, statSync(join(PAGE, name)).size]);
  const others = sizes.filter(([name]) => name !== 'samefit.core.wasm.br').reduce((sum, [, size]) => sum + size, 0);
  // what there is, without the sources of the standard library; less is better
  holds(others < 225_000, `${others} bytes beside the core module`);
});

after(async () => {
  await browser.close();
  for (const one of [server, bare, others]) await one.stop();
});
