// The helper that calls the core module: values of every shape, error records, wrong arguments, freed resources, traps, flat memory.
import { deepStrictEqual as equal, ok, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import vm from 'node:vm';
import { table } from '../core/table.js';
import { bind, importsOf, instantiate, SamefitError } from '../src/component.js';

const LIMIT = { timeout: 120_000 };
const read = (path) => readFileSync(new URL(`../../../${path}`, import.meta.url));
const module = await WebAssembly.compile(readFileSync(new URL('../core/samefit.core.wasm', import.meta.url)));
const CSV = new Uint8Array(read('data/diabetes_raw.csv'));
const PLAN = '{"target": "y"}';
const encode = (text) => new TextEncoder().encode(text);

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

test('the table is that of the contract', LIMIT, () => equal(table, JSON.parse(read('core-wasm/wit/abi.json'))));

test('every function of the table is there', LIMIT, async () => {
  const component = await begin();
  for (const { interface: home, resource, kind, name } of table.functions) {
    const camel = (text) => text.replace(/-./g, (letters) => letters[1].toUpperCase());
    const owner = component[camel(home)];
    const of = resource ? owner[camel(`-${resource}`)] : owner;
    equal(typeof (kind === 'method' ? of.prototype : of)[camel(name)], 'function', name);
  }
});

test('a function that is added to the table needs no change here', LIMIT, async () => {
  const added = (name, place) => ({ ...table.functions.find((one) => one.name === name), ...place });
  const functions = [...table.functions, added('version', { interface: 'new-interface', name: 'edition-of-it' }), added('to-json', { name: 'as-text' })];
  const component = await instantiate(module, { ...table, functions });
  equal(component.newInterface.editionOfIt(), component.identity.version());
  const statistics = summarize(component);
  equal(statistics.asText(), statistics.toJson());
});

test('values of every shape', LIMIT, async () => {
  const component = await begin();
  const { training, prediction, quality } = component;
  const statistics = summarize(component);
  equal(JSON.parse(statistics.toJson()).rows, '442');
  const model = prediction.Model.parse(statistics.fit(PLAN));
  const columns = JSON.parse(model.columns());
  const values = model.predictColumns(new Float64Array(2 * columns.length).fill(1), 2, 0.95, false);
  ok(values instanceof Float64Array && values.length === 6 && values[0] === values[1] && values[2] < values[0]);
  const [whole, part] = [training.Summarizer.new('{}'), training.Summarizer.new('{}')];
  part.push(encode('bé,y\n1,2\n3,4\n'));
  equal([part.rows(), part.header(new Uint8Array(0))], [3, true]);
  const state = part.state();
  ok(state instanceof Uint8Array);
  whole.mergeState(state);
  equal(JSON.parse(whole.finish().toJson()).columns[0].name, 'bé');
  const verdict = quality.judge(statistics.fit(PLAN), statistics, 1);
  equal([verdict.model(), JSON.parse(verdict.report()).accepted], [null, false]);
  const groups = training.Summarizer.new('{"by": "g"}');
  groups.push(encode('g,x\na,1\n'));
  const found = groups.finishGroups();
  equal([found.take('b'), JSON.parse(found.take('a').toJson()).rows, found.take('a')], [null, '1', null]);
  // beyond the whole numbers of a double
  const far = training.Summarizer.new('{}');
  far.header(encode('x\n'));
  far.continueAt(2n ** 60n + 1n);
  equal(far.rows(), 2n ** 60n);
});

test('a batch of text predicts what columns of numbers give, and skips a row without a value', LIMIT, async () => {
  const component = await begin();
  const statistics = summarize(component);
  const model = component.prediction.Model.parse(statistics.fit('{"target": "y", "features": ["bmi", "age"]}'));
  equal(JSON.parse(model.columns()), ['bmi', 'age']);
  const expected = model.predictColumns(Float64Array.of(32.1, 21.6, 59, 48), 2, 0.95, false);
  const batch = component.prediction.Batch.new(model);
  const set = (name, ...values) => batch.setText(name, encode(values.map((value) => `${value}\n`).join('')));
  set('bmi', '32.1', '', '21.6');
  set('age', '59', '59', '48');
  const found = [...batch.predict(0.95, false)];
  equal([0, 2, 3, 5, 6, 8].map((at) => found[at]), [...expected]);
  ok(Number.isNaN(found[1]));
  equal([...batch.status()], [0, 2, 0]);
});

test('an error record is thrown, with its place in the message', LIMIT, async () => {
  const component = await begin();
  const wrong = (bytes) => summarize(component, encode(bytes));
  throws(() => wrong('x,y\n1,2\n1,low\n'), (error) => {
    const { code, row, column, found, expected, text, help, message, name } = error;
    equal([code, row, column, found, name], ['not-a-number', 3, 'y', 'low', 'SamefitError']);
    equal(message, `row 3, column \`y\`: ${text}\nhelp: ${help}`);
    equal(Object.keys({ ...error }), ['code', 'row', 'column', 'found', 'expected', 'text', 'help']);
    return error instanceof SamefitError && [expected, text, help].every((part) => part.length > 5);
  });
  throws(() => wrong(''), ({ code, row, column }) => code === 'no-data' && row === null && column === null);
  equal(component.stopped, false);
});

test('other types, detached arrays, freed resources and those of other instances are refused, and nothing is lost', LIMIT, async () => {
  const [component, other] = [await begin(), await begin()];
  const summarizer = component.training.Summarizer.new(PLAN);
  const detached = new Float64Array(2);
  structuredClone(detached, { transfer: [detached.buffer] });
  for (const values of [new Float32Array(2), [1, 2], [], null, undefined, '1', new BigInt64Array(1), new Uint8Array(8), new DataView(new ArrayBuffer(8)), detached])
    throws(() => summarizer.setF64('x', values), TypeError);
  for (const chunk of [[1, 2], 'x,y', new Uint8ClampedArray(2), new Int8Array(2), new ArrayBuffer(2), {}]) throws(() => summarizer.push(chunk), TypeError);
  for (const plan of [null, undefined, 5, {}, Symbol('plan')]) throws(() => component.training.Summarizer.new(plan), TypeError);
  const [statistics, strange] = [summarize(component), summarize(other)];
  for (const wrong of [null, undefined, {}, { pointer: statistics.pointer }, summarizer, strange]) throws(() => statistics.merge(wrong), TypeError);
  statistics.free();
  statistics.free();
  throws(() => statistics.toJson(), /the statistics was freed/);
  summarizer.push(CSV);
  equal(JSON.parse(summarizer.finish().toJson()).rows, '442');
});

test('arrays of Node, parts of arrays, shared memory and arrays of another realm are arrays', LIMIT, async () => {
  const component = await begin();
  const expected = summarize(component).toJson();
  const shared = new Uint8Array(new SharedArrayBuffer(CSV.length));
  shared.set(CSV);
  const inside = new Uint8Array(CSV.length + 2);
  inside.set(CSV, 1);
  const foreign = new (vm.runInNewContext('Uint8Array'))(CSV);
  for (const bytes of [read('data/diabetes_raw.csv'), shared, inside.subarray(1, -1), foreign]) equal(summarize(component, bytes).toJson(), expected);
});

test('after a trap all handles throw, and another instance works', LIMIT, async () => {
  const component = await begin();
  const [statistics, broken] = [summarize(component), summarize(component)];
  broken.pointer = 0xffff_fff0;
  throws(() => broken.toJson(), WebAssembly.RuntimeError);
  equal(component.stopped, true);
  throws(() => statistics.toJson(), /the module stopped/);
  throws(() => summarize(component), /the module stopped/);
  statistics.free();
  equal(JSON.parse(summarize(await begin()).toJson()).rows, '442');
});

test('memory stays flat over 10,000 objects that are freed', LIMIT, async () => {
  const instance = await WebAssembly.instantiate(module, importsOf(table));
  const component = bind(instance, table);
  const model = summarize(component).fit('{"target": "y", "features": ["bmi"]}');
  const small = encode('x,y\n1,2\n2,5\n');
  const bad = encode('x,y\n1,low\n');
  const cycle = () => {
    summarize(component, small).free();
    throws(() => summarize(component, bad), SamefitError);
    throws(() => component.training.Statistics.parse('x'.repeat(1000)), SamefitError);
    const summarizer = component.training.Summarizer.new(PLAN);
    throws(() => summarizer.setF64('x'.repeat(1000), new Float32Array(1)), TypeError);
    summarizer.free();
    component.prediction.Model.parse(model).free();
  };
  for (let at = 0; at < 100; at++) cycle();
  const before = instance.exports.memory.buffer.byteLength;
  for (let at = 0; at < 2_500; at++) cycle();
  equal(instance.exports.memory.buffer.byteLength, before);
});

test('what is forgotten is freed too', LIMIT, async () => {
  const instance = await WebAssembly.instantiate(module, importsOf(table));
  const component = bind(instance, table);
  const text = summarize(component).toJson();
  const before = instance.exports.memory.buffer.byteLength;
  for (let at = 0; at < 4_000; at++) {
    component.training.Statistics.parse(text);
    // finalizers run between tasks
    if (at % 50 === 0) {
      globalThis.gc();
      await new Promise((done) => setTimeout(done));
    }
  }
  ok(instance.exports.memory.buffer.byteLength < 2 * before + (8 << 20), 'memory grew');
});
