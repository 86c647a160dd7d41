// Threads of Node, each with its own instance: equal bytes, and statistics that are merged from parts.
import { deepStrictEqual as equal } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { load } from 'samefit';

const CSV = readFileSync(new URL('../../../data/diabetes_raw.csv', import.meta.url), 'utf8');
const [header, ...rows] = CSV.trim().split('\n');
const PLAN = { target: 'y' };

/** Sums text in a thread that gets the compiled module. */
const summarizeElsewhere = (module, csv) =>
  new Promise((done, failed) => {
    const worker = new Worker(new URL('worker.mjs', import.meta.url), { workerData: { module, csv, plan: PLAN } });
    worker.on('message', done).on('error', failed);
  });

test('two threads give the bytes of one', { timeout: 120_000 }, async () => {
  const samefit = await load();
  const whole = samefit.summarize(CSV, PLAN);
  const parts = [rows.slice(0, 100), rows.slice(100)].map((part) => [header, ...part].join('\n'));
  const texts = await Promise.all([CSV, CSV, ...parts].map((csv) => summarizeElsewhere(samefit.module, csv)));
  equal([texts[0], texts[1]], [String(whole), String(whole)]);
  equal(String(samefit.statistics(texts[2]).merge(samefit.statistics(texts[3]))), String(whole));
});
