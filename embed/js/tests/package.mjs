// The package in Node: data in every form, models, statistics, quality control, forms, errors, freed objects.
import { deepStrictEqual as equal, ok, rejects, throws } from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { load, Model, SamefitError } from 'samefit';

const LIMIT = { timeout: 120_000 };
const place = (path) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const CSV = readFileSync(place('data/diabetes_raw.csv'));
const SCHEMA = readFileSync(place('data/diabetes_raw.schema.json'), 'utf8');
const PLAN = { target: 'y', features: ['bmi', 'ltg'] };
const RECORD = { bmi: 32.1, ltg: 4.8598 };
const samefit = await load();

const [header, ...lines] = CSV.toString().trim().split('\n');
const names = header.split(',');
const rows = lines.map((line) => line.split(','));
const columns = Object.fromEntries(names.map((name, at) => [name, Float64Array.from(rows, (row) => Number(row[at]))]));
const records = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, Number(row[at])])));

test('every form of the same data gives the same bytes', LIMIT, async () => {
  const expected = String(samefit.fit(CSV, PLAN));
  const texts = Object.fromEntries(names.map((name, at) => [name, rows.map((row) => row[at])]));
  const there = [CSV.toString(), new Uint8Array(CSV).buffer, columns, new Map(Object.entries(columns)), { ...columns, ltg: texts.ltg }, texts, records];
  for (const data of there) equal(String(samefit.fit(data, PLAN)), expected);
  async function* sevens() {
    for (let at = 0; at < CSV.length; at += 7) yield CSV.subarray(at, at + 7);
  }
  const later = [new Blob([CSV]), new Blob([CSV]).stream(), new Response(CSV), createReadStream(place('data/diabetes_raw.csv')), sevens()];
  for (const data of later) equal(String(await samefit.fit(data, PLAN)), expected);
  equal(String(samefit.fit(JSON.stringify(records), { ...PLAN, format: 'jsonl' })), expected);
});

test('missing values, bad values and other types in columns and records', LIMIT, () => {
  const fit = (data) => samefit.fit(data, { target: 'y', missing: 'drop' }).toJSON().fit.rows;
  const y = Float64Array.of(1, 2, 3, 5);
  equal(fit({ x: Float64Array.of(1, 2, NaN, 4), y }), 3);
  equal(fit({ x: ['1', null, undefined, '4'], y }), 2);
  equal(fit([{ x: 1, y: 1 }, { x: null, y: 1 }, { x: NaN, y: 1 }, { y: 1 }, { x: 2n, y: 3 }, { x: '5', y: 2 }]), 3);
  const infinite = ({ code, row, column }) => code === 'not-a-value' && row === 2 && column === 'x';
  throws(() => fit([{ x: 1, y: 1 }, { x: Infinity, y: 1 }]), infinite);
  throws(() => fit({ x: Float64Array.of(1, -Infinity), y: Float64Array.of(1, 2) }), infinite);
  throws(() => fit({ x: Float64Array.of(1, 2), y }), ({ code }) => code === 'column-lengths');
  const refused = [new Float32Array(4), [1, 2, 3, 4], ['1', 2, '3', '4'], ['1\n2', '3', '4'], new Set(['1']), '1', null, 5];
  for (const x of refused) throws(() => fit({ x, y }), /column x: /);
  const detached = new Float64Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });
  throws(() => fit({ x: detached, y }), TypeError);
  for (const data of [null, undefined, 5, true, new Float64Array(3)]) throws(() => fit(data), TypeError);
});

test('options have names of JavaScript, and one that nobody knows is an error', LIMIT, () => {
  const near = { a: Float64Array.of(1, 2, 3, 4), b: Float64Array.of(1, 2, 3, 4.0000001), y: Float64Array.of(1, 3, 2, 5) };
  equal(samefit.fit(near, { target: 'y' }).notes.map(({ code }) => code), ['near-collinear']);
  throws(() => samefit.fit(near, { target: 'y', nearCollinear: 'error' }), ({ code }) => code === 'near-collinear');
  throws(() => samefit.fit(CSV, { target: 'y', feature: ['bmi'] }), ({ code }) => code === 'plan');
  throws(() => samefit.fit(CSV, PLAN).predict(RECORD, { levle: 0.9 }), TypeError);
});

test('words are categories', LIMIT, () => {
  const data = { dose: Float64Array.of(1, 2, 3, 4, 5), site: ['north', 'south', 'north', 'south', 'south'], y: Float64Array.of(1, 3, 3, 4, 6) };
  const model = samefit.fit(data, { formula: 'y ~ dose + site' });
  equal(model.toJSON().coefficients.map(({ name }) => name), ['dose', 'site[south]']);
  const { prediction } = model.predict({ dose: 2, site: 'south' });
  equal(prediction, model.predictColumns({ dose: Float64Array.of(2), site: ['south'] }).prediction[0]);
  throws(() => model.predict({ dose: 2, site: 'west' }), ({ code, column }) => code === 'unknown-level' && column === 'site');
  equal([...model.curve({ dose: 2 }, 'site', ['south']).prediction], [prediction]);
});

test('every way to predict gives the same numbers', LIMIT, async () => {
  const model = samefit.fit(CSV, PLAN);
  for (const options of [undefined, { level: 0.5 }, { interval: 'confidence', level: 0.99 }]) {
    const { prediction, lower, upper, warnings } = model.predict(RECORD, options);
    equal(warnings, []);
    ok(lower < prediction && prediction < upper);
    equal([...model.predictNumbers(Float64Array.of(32.1, 4.8598), 1, options)], [prediction, lower, upper]);
    const found = model.predictColumns({ bmi: Float64Array.of(32.1, NaN), ltg: ['4.8598', '5'] }, options);
    equal([found.prediction[0], found.lower[0], found.upper[0]], [prediction, lower, upper]);
    equal([Number.isNaN(found.prediction[1]), ...found.status], [true, 0, 2]);
    equal(found.problems.map(({ code, row, column }) => [code, row, column]), [['missing-values', 2, 'bmi']]);
    const curve = model.curve(RECORD, 'bmi', [32.1], options);
    equal([curve.prediction[0], curve.lower[0], curve.upper[0]], [prediction, lower, upper]);
  }
  const table = model.predictTable('bmi,ltg\n32.1,4.8598\n,5\n', { onError: 'continue' });
  equal(table.counts, { fine: 1, 'out of range': 0, missing: 1, error: 0 });
  const text = new TextDecoder().decode(table.bytes);
  equal(Number(text.split('\n')[1].split(',')[0]), model.predict(RECORD).prediction);
  equal(await model.predictTable(new Blob(['bmi,ltg\n32.1,4.8598\n,5\n']), { onError: 'continue' }), table);
  const stream = new Blob(['bmi,ltg\n32.1,4.8598\n,5\n']).stream().pipeThrough(model.predictStream({ onError: 'continue' }));
  equal(await new Response(stream).text(), text);
  equal(JSON.parse(new TextDecoder().decode(model.predictTable([RECORD]).bytes)).predicted_y, model.predict(RECORD).prediction);
  throws(() => model.predictTable({ bmi: Float64Array.of(1) }), TypeError);
});

test('a prediction beyond the training data has warnings, and a model without degrees of freedom no interval', LIMIT, () => {
  const model = samefit.fit(CSV, { ...PLAN, schema: SCHEMA });
  equal(model.predict({ bmi: 60, ltg: 4.5 }).warnings.map(({ code, column }) => [code, column]), [['above-training-range', 'bmi']]);
  equal(model.target.name, 'diabetes_progression');
  ok(model.predict({ 1: 'a key that comes first', bmi: 25, ltg: 4.5 }).prediction > 0);
  const exact = samefit.fit('x,y\n1,2\n2,4\n', { target: 'y' });
  equal(exact.predict({ x: 3 }), { prediction: 6, lower: -Infinity, upper: Infinity, warnings: [{ ...exact.predict({ x: 3 }).warnings[0] }] });
});

test('summaries, comparisons, tests, explanations', LIMIT, () => {
  const statistics = samefit.summarize(CSV, { columns: ['bmi', 'ltg', 'age', 'y'] });
  const model = statistics.fit(PLAN);
  const summary = model.summary({ level: 0.9 });
  equal([summary.level, summary.rows, summary.coefficients.map(({ name }) => name)], [0.9, 442, ['(intercept)', 'bmi', 'ltg']]);
  const comparison = statistics.compare(PLAN, { target: 'y', features: ['bmi', 'ltg', 'age'] });
  const test = statistics.test({ target: 'y', features: ['bmi', 'ltg', 'age'] }, 'age = 0');
  equal([comparison.added, comparison.f, comparison.f_p], [['age'], test.f, test.f_p]);
  const explanation = model.explain(RECORD);
  equal(explanation.prediction, model.predict(RECORD).prediction);
  equal(explanation.contributions.map(({ name }) => name), ['bmi', 'ltg']);
});

test('statistics are added, subtracted, stored and read', LIMIT, () => {
  const [all, a, b] = [rows, rows.slice(0, 200), rows.slice(200)].map((part) => samefit.summarize([header, ...part].join('\n'), PLAN));
  const sum = a.copy().merge(b);
  ok(sum.equals(all) && !a.equals(all));
  equal(String(sum), String(all));
  ok(sum.copy().subtract(b).equals(a));
  equal(JSON.stringify(all), JSON.stringify(JSON.parse(String(all))));
  ok(samefit.statistics(String(all)).equals(all) && samefit.statistics(all.toJSON()).equals(all));
  equal(String(sum.fit()), String(samefit.fit(CSV, PLAN)));
  throws(() => a.copy().subtract(all), SamefitError);
  equal(all.audit('data.csv').rows, '442');
});

test('statistics of groups', LIMIT, () => {
  const groups = samefit.summarizeGroups(CSV, { by: 'sex', columns: ['bmi', 'y'], target: 'y' });
  equal([...groups.keys()], ['1', '2']);
  const [one, two] = groups.values();
  ok(one.copy().merge(two).equals(samefit.summarize(CSV, { columns: ['bmi', 'y'], target: 'y' })));
  equal(one.fit({ target: 'y' }).columns, ['bmi']);
});

test('knots and decimals are chosen in a first pass, which a stream cannot have', LIMIT, async () => {
  const knots = { formula: 'y ~ bmi + ltg', knots: { bmi: 3 } };
  const model = samefit.fit(CSV, knots);
  equal(model.toJSON().coefficients.length, 3);
  equal(String(await samefit.fit(new Blob([CSV]), knots)), String(model));
  const statistics = samefit.summarize(columns, { ...knots, columns: undefined });
  equal(statistics.plan.knots.bmi.length, 3);
  equal(String(statistics.fit()), String(model));
  const shared = samefit.summarize(CSV, { columns: ['bmi', 'y'], share: true, decimals: { bmi: 1, y: 0 } });
  equal(shared.toJSON().shared, { decimals: { bmi: 1, y: 0 } });
  throws(() => samefit.fit(new Blob([CSV]).stream(), knots), TypeError);
});

test('quality control accepts or refuses a model', LIMIT, async () => {
  const model = samefit.fit(CSV, PLAN);
  const { model: accepted, ...report } = await model.qc(new Blob([CSV]), { threshold: 60 });
  equal([report.accepted, report.rows, accepted.toJSON().rmse], [true, 442, report.rmse]);
  equal([model.difference(accepted), accepted instanceof Model], [null, true]);
  const refused = model.qc(records, { threshold: 10 });
  equal([refused.accepted, refused.model], [false, null]);
  equal(model.residuals(CSV).residual.rmse.toFixed(9), report.rmse.toFixed(9));
  ok(model.difference(samefit.fit(CSV, { target: 'y', features: ['bmi'] })).length > 5);
});

test('previews, profiles, forms, columns and levels', LIMIT, async () => {
  const german = 'a;b\n1,5;2,5\n2,5;\n3,25;4,5\n';
  const { plan } = samefit.preview(german);
  equal(plan, { delimiter: ';', decimal: ',' });
  equal((await samefit.preview(new Blob([german]))).plan, plan);
  equal(samefit.profile(german, plan).columns.map(({ name, numbers, missing }) => [name, numbers, missing]), [['a', 3, 0], ['b', 2, 1]]);
  equal(samefit.preview(new Uint8Array(Buffer.concat(new Array(9).fill(CSV)))).columns.length, 11);
  const form = samefit.form(SCHEMA);
  const { attributes, problems } = form.evaluate({ bmi: '26,4', triglycerides: { value: '1.2', unit: 'mmol/L' } });
  equal([attributes, problems.length > 0], [null, true]);
  equal(form.convert('triglycerides', 1.2, 'mmol/L', 'mg/dL'), '106.284');
  const small = samefit.fit(CSV, { ...PLAN, schema: SCHEMA }).form();
  equal(small.evaluate({ bmi: '26,4', triglycerides: { value: '1.2', unit: 'mmol/L' } }).attributes, { bmi: '26.4', ltg: '4.6661' });
  equal([samefit.neededColumns(PLAN), samefit.neededColumns({ target: 'y' })], [['bmi', 'ltg', 'y'], null]);
  equal(samefit.orderLevels(['b', '10', 'a', '9', 'b']), ['9', '10', 'a', 'b']);
  ok(/^\d+\.\d+\.\d+$/.test(samefit.version) && samefit.formats['model.json'] && samefit.limits);
});

test('errors in time are rejections, and end the stream', LIMIT, async () => {
  let ended = false;
  async function* bad() {
    try {
      yield 'x,y\n1,low\n';
      yield '1,2\n'.repeat(1e6);
    } finally {
      ended = true;
    }
  }
  await rejects(samefit.fit(bad(), { target: 'y' }), ({ code, row }) => code === 'not-a-number' && row === 2);
  ok(ended);
  let cancelled = false;
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('x,y\n1,low\n')),
    cancel: () => void (cancelled = true),
  });
  await rejects(samefit.fit(stream, { target: 'y' }), SamefitError);
  ok(cancelled);
  await rejects(samefit.fit(new Blob(['\x00\x01']), { target: 'y' }), SamefitError);
});

test('after a trap the same object works again, and old handles throw', LIMIT, () => {
  const [model, statistics] = [samefit.fit(CSV, PLAN), samefit.summarize(CSV, PLAN)];
  const before = String(model);
  statistics.raw.pointer = 0xffff_fff0;
  throws(() => String(statistics), WebAssembly.RuntimeError);
  throws(() => model.predict(RECORD), /the module stopped/);
  equal(String(samefit.fit(CSV, PLAN)), before);
  model.free();
  equal(samefit.model(String(model)).columns, ['bmi', 'ltg']);
});

test('freed objects throw; two instances do not mix and give the same bytes', LIMIT, async () => {
  const other = await load();
  const [one, two] = [samefit.summarize(CSV, PLAN), other.summarize(CSV, PLAN)];
  equal(String(one), String(two));
  throws(() => one.merge(two), TypeError);
  throws(() => one.merge(), TypeError);
  one.free();
  throws(() => one.fit(), /freed/);
  if (Symbol.dispose) two[Symbol.dispose]();
  else two[Symbol.for('Symbol.dispose')]();
  throws(() => String(two), /freed/);
});

test('the core module from bytes, a URL or a promise of a response; other bytes are refused', LIMIT, async () => {
  const url = new URL('../core/samefit.core.wasm', import.meta.url);
  const bytes = readFileSync(url);
  for (const source of [bytes, new Uint8Array(bytes).buffer, url, String(url), Promise.resolve(new Response(bytes)), samefit.module])
    equal((await load(source)).version, samefit.version);
  bytes[bytes.length - 1] ^= 1;
  await rejects(load(bytes), /digest/);
});
