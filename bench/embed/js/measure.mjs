// Measures the npm package, and the usual library if it is installed. Prints a JSON object (bench/embed/README.md says what the names mean).
//
//   node bench/embed/js/measure.mjs
//
// A time is the median of repetitions.

import { readFileSync, statSync, readdirSync } from 'node:fs';
import { load } from '../../../embed/js/src/index-node.js';

const packageFolder = new URL('../../../embed/js/', import.meta.url);

// Returns the median milliseconds of a call, which is repeated for about a second, at least five times.
function median(call, times = 1) {
  call();
  const found = [];
  for (const begun = performance.now(); found.length < 5 || performance.now() - begun < 1000; ) {
    const start = performance.now();
    for (let time = 0; time < times; time++) call();
    found.push((performance.now() - start) / times);
  }
  return found.sort((a, b) => a - b)[Math.floor(found.length / 2)];
}

// Returns the columns of a table of numbers, each repeated.
function columnsOf(csv, repeats = 1) {
  const [names, ...rows] = csv.trim().split('\n').map((line) => line.split(','));
  const column = (at) => Float64Array.from({ length: rows.length * repeats }, (_, row) => Number(rows[row % rows.length][at]));
  return Object.fromEntries(names.map((name, at) => [name, column(at)]));
}

// Returns columns of normally distributed numbers with all their digits (Box and Muller's method over a multiplicative generator).
function noise(rows, features) {
  let state = 1;
  const uniform = () => (state = (state * 48271) % 2147483647) / 2147483647;
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const names = ['y', ...Array.from({ length: features }, (_, at) => `x${at + 1}`)];
  return Object.fromEntries(names.map((name) => [name, Float64Array.from({ length: rows }, normal)]));
}

const text = readFileSync(new URL('../../../data/diabetes_raw.csv', import.meta.url), 'utf8');
let start = performance.now();
const samefit = await load();
const figures = { engine: `V8 ${process.versions.v8} (Node ${process.versions.node})`, start_ms: performance.now() - start };

const table = columnsOf(text);
const plan = { target: 'y', distribution: false };
figures.fit_442_ms = median(() => samefit.fit(table, plan).free());
figures.fit_442_with_ranges_ms = median(() => samefit.fit(table, { target: 'y' }).free());
const model = samefit.fit(table, { target: 'y' });
const row = Float64Array.from(model.columns, (name) => table[name][3]);
figures.predict_us = 1000 * median(() => model.predictNumbers(row), 100);
const record = Object.fromEntries(model.columns.map((name) => [name, table[name][3]]));
figures.predict_record_us = 1000 * median(() => model.predict(record), 100);

const clinical = columnsOf(text, 1000);
figures.fit_442000_ms = median(() => samefit.fit(clinical, plan).free());
figures.predict_442000_ms = median(() => model.predictColumns(clinical));
const digits = noise(100_000, 10);
figures.fit_noise_100000_ms = median(() => samefit.fit(digits, plan).free());

const [header, ...lines] = text.trim().split('\n');
const csv = Buffer.from(`${header}\n${`${lines.join('\n')}\n`.repeat(2001)}`);
figures.csv_mb_per_s = csv.length / 1000 / median(() => samefit.summarize(csv, { distribution: false }).free());

const files = ['core', 'src'].flatMap((folder) => {
  const at = new URL(`${folder}/`, packageFolder);
  return readdirSync(at).map((name) => statSync(new URL(name, at)).size);
});
figures.package_bytes = files.reduce((sum, size) => sum + size, 0);

try {
  const { default: MultivariateLinearRegression } = await import('ml-regression-multivariate-linear');
  const rowsOf = (columns, names) => Array.from(columns.y, (_, at) => names.map((name) => columns[name][at]));
  const features = Object.keys(table).filter((name) => name !== 'y');
  const [x, y] = [rowsOf(table, features), rowsOf(table, ['y'])];
  const usual = new MultivariateLinearRegression(x, y);
  figures.usual = {
    library: 'ml-regression-multivariate-linear',
    fit_442_ms: median(() => new MultivariateLinearRegression(x, y)),
    predict_us: 1000 * median(() => usual.predict(x[3]), 1000),
  };
} catch (error) {
  console.error(`not run: the usual library (${error.message.split('\n')[0]})`);
}
console.log(JSON.stringify(figures, null, 2));
