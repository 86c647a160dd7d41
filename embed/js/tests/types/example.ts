// Compiles with `tsc --strict`: the package as a program in TypeScript uses it. A line that must not compile says so.
import { load, SamefitError, type Model, type Prediction, type Statistics, type Summary } from 'samefit';
import { instantiate } from 'samefit/component';
import { digest, table } from 'samefit/table';

const samefit = await load();
const plan = { target: 'y', features: ['bmi', 'ltg'], missing: 'drop', nearCollinear: 'error' } as const;
const bytes = new Uint8Array(8);

const model: Model = samefit.fit('x,y\n1,2\n', { ...plan, features: [...plan.features] });
const later: Promise<Model> = samefit.fit(new Blob([]), { target: 'y' });
const streamed: Promise<Model> = samefit.fit(new Blob([]).stream(), { target: 'y' });
const answered: Promise<Model> = samefit.fit(await fetch('table.csv'), { target: 'y', schema: { format: 'samefit-schema/1' } });
const columns: Statistics = samefit.summarize({ x: Float64Array.of(1, 2), site: ['a', null] }, { weights: 'w', knots: { x: 3 } });
const records: Model = samefit.fit([{ x: 1, y: 2 }], { formula: 'y ~ x' });
const groups: Map<string, Statistics> = samefit.summarizeGroups(bytes, { by: 'site' });
async function* chunks() { yield bytes; }
const chunked: Promise<Statistics> = samefit.summarize(chunks());

const { prediction, lower, upper, warnings }: Prediction = model.predict({ bmi: 25, ltg: 4.5 }, { level: 0.9, interval: 'confidence' });
const width: number = upper - lower + prediction + warnings.length;
const values: Float64Array = model.predictNumbers(Float64Array.of(25, 4.5));
const status: Uint8Array = model.predictColumns({ bmi: Float64Array.of(25), ltg: ['4.5'] }).status;
const written: Uint8Array = model.predictTable(bytes, { withInput: true, onError: 'continue' }).bytes;
const piped = new Blob([]).stream().pipeThrough(model.predictStream());
const summary: Summary = model.summary({ level: 0.9 });
const sum: number | null = summary.coefficients[0]!.std_error;
const accepted: Model | null = model.qc(bytes, { threshold: 60 }).model;
const same: boolean = columns.merge(columns.copy()).subtract(columns).equals(columns);
const attributes: Record<string, string> | null = model.form().evaluate({ bmi: '25,1', tg: { value: '1', unit: 'mmol/L' } }).attributes;
const preview = samefit.preview('a;b\n');
samefit.profile('a;b\n', preview.plan);

{
  using short = samefit.summarize(bytes);
  short.toJSON().rows;
}
try {
  samefit.model('{}');
} catch (error) {
  if (error instanceof SamefitError) console.log(error.code, error.row, error.column, error.found, error.expected, error.help);
}
const raw = await instantiate(samefit.module, table);
raw.identity.version();

// @ts-expect-error
samefit.fit({ x: new Float32Array(2) }, { target: 'y' });
// @ts-expect-error
samefit.fit({ x: [1, 2] }, { target: 'y' });
// @ts-expect-error
samefit.fit(bytes, { traget: 'y' });
// @ts-expect-error
model.predictNumbers([25, 4.5]);
// @ts-expect-error
model.predictTable({ bmi: Float64Array.of(25) });
// @ts-expect-error
model.qc(bytes);
// @ts-expect-error
new (model.constructor as typeof Model)();

export { accepted, answered, attributes, chunked, digest, groups, later, piped, records, same, status, streamed, sum, values, width, written };
