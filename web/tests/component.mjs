// The helper that calls the core module, in Node: values of every shape, error records, freed resources and flat memory.
import { deepStrictEqual as equal, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path) => readFileSync(join(ROOT, path));
// a file of the page is a module for the browser, without a package that says so
const { instantiate } = await import(`data:text/javascript,${encodeURIComponent(read('web/worker/component.js'))}`);
const table = JSON.parse(read('core-wasm/wit/abi.json'));
const module = await WebAssembly.compile(read('target/wasm/samefit.core.wasm'));
const CSV = new Uint8Array(read('data/diabetes_raw.csv'));
const PLAN = '{"target": "y"}';

const begin = () => instantiate(module, table);

function summarize({ training }, bytes = CSV) {
  const summarizer = training.Summarizer.new(PLAN);
  try {
    summarizer.push(bytes);
    return summarizer.finish();
  } finally {
    summarizer.free();
  }
}

test('every function of the table is there', async () => {
  const component = await begin();
  for (const { interface: home, resource, kind, name } of table.functions) {
    const camel = (text) => text.replace(/-./g, (letters) => letters[1].toUpperCase());
    const owner = component[camel(home)];
    const of = resource ? owner[camel(`-${resource}`)] : owner;
    equal(typeof (kind === 'method' ? of.prototype : of)[camel(name)], 'function', name);
  }
});

test('values of every shape', async () => {
  const component = await begin();
  const { training, prediction, quality } = component;
  const statistics = summarize(component);
  equal(JSON.parse(statistics.toJson()).rows, '442');
  const model = prediction.Model.parse(statistics.fit(PLAN));
  const columns = JSON.parse(model.columns());
  const values = model.predictColumns(new Float64Array(2 * columns.length).fill(1), 2, 0.95, false);
  ok(values instanceof Float64Array && values.length === 6 && values[0] === values[1] && values[2] < values[0]);
  const [whole, part] = [training.Summarizer.new('{}'), training.Summarizer.new('{}')];
  part.push(new TextEncoder().encode('bé,y\n1,2\n3,4\n'));
  equal([part.rows(), part.header(new Uint8Array(0))], [3, true]);
  const state = part.state();
  ok(state instanceof Uint8Array);
  whole.mergeState(state);
  equal(JSON.parse(whole.finish().toJson()).columns[0].name, 'bé');
  const verdict = quality.judge(statistics.fit(PLAN), statistics, 1);
  equal([verdict.model(), JSON.parse(verdict.report()).accepted], [null, false]);
});

test('a batch of text predicts what columns of numbers give, and skips a row without a value', async () => {
  const component = await begin();
  const statistics = summarize(component);
  const model = component.prediction.Model.parse(statistics.fit('{"target": "y", "features": ["bmi", "age"]}'));
  equal(JSON.parse(model.columns()), ['bmi', 'age']);
  const expected = model.predictColumns(Float64Array.of(32.1, 21.6, 59, 48), 2, 0.95, false);
  const batch = component.prediction.Batch.new(model);
  const set = (name, ...values) => batch.setText(name, new TextEncoder().encode(values.map((value) => `${value}\n`).join('')));
  set('bmi', '32.1', '', '21.6');
  set('age', '59', '59', '48');
  const found = [...batch.predict(0.95, false)];
  equal([0, 2, 3, 5, 6, 8].map((at) => found[at]), [...expected]);
  ok(Number.isNaN(found[1]));
  equal([...batch.status()], [0, 2, 0]);
});

test('an error record is thrown', async () => {
  const component = await begin();
  const wrong = (bytes) => summarize(component, new TextEncoder().encode(bytes));
  throws(() => wrong('x,y\n1,2\n1,low\n'), ({ payload }) => {
    const { code, row, column, found, expected, text, help } = payload;
    equal([code, row, column, found], ['not-a-number', 3, 'y', 'low']);
    return [expected, text, help].every((part) => part.length > 5);
  });
  throws(() => wrong(''), ({ payload }) => payload.code === 'no-data' && payload.row === null && payload.column === null);
});

test('other arrays and freed resources are refused', async () => {
  const component = await begin();
  const summarizer = component.training.Summarizer.new(PLAN);
  throws(() => summarizer.setF64('x', new Float32Array(2)), TypeError);
  throws(() => summarizer.push([1, 2]), TypeError);
  const statistics = summarize(component);
  throws(() => statistics.merge(null), TypeError);
  statistics.free();
  statistics.free();
  throws(() => statistics.toJson(), TypeError);
});

test('memory stays flat', async () => {
  let memory;
  // the helper keeps its memory to itself
  const original = WebAssembly.instantiate;
  WebAssembly.instantiate = async (...args) => {
    const instance = await original(...args);
    memory = instance.exports.memory;
    return instance;
  };
  const component = await begin();
  WebAssembly.instantiate = original;
  const cycle = () => {
    const statistics = summarize(component);
    try {
      summarize(component, new TextEncoder().encode('x,y\n1,low\n'));
    } catch {
      // refused, and freed
    }
    component.prediction.Model.parse(statistics.fit('{"target": "y", "features": ["bmi"]}')).free();
    statistics.free();
  };
  for (let at = 0; at < 20; at++) cycle();
  const before = memory.buffer.byteLength;
  for (let at = 0; at < 300; at++) cycle();
  equal(memory.buffer.byteLength, before);
});
