/// <reference lib="esnext.disposable" />

/**
 * Exact linear regression. Sums are integers, and every result is rounded once, so the same data give the same bytes in every engine and
 * language.
 *
 * ```js
 * const samefit = await load();
 * const model = samefit.fit(csv, { target: 'y', features: ['bmi', 'ltg'] });
 * model.predict({ bmi: 25, ltg: 4.5 });   // { prediction, lower, upper, warnings }
 * ```
 *
 * Bad input throws a {@link SamefitError}, and a value of a wrong type a TypeError. Documents (models, statistics, summaries) have the keys of
 * their files, as `std_error`; options have names of JavaScript, as `nearCollinear`.
 *
 * Statistics, models and forms hold memory of WebAssembly. It is freed by `free()`, at the end of the block by `using`, or at some time after the
 * last use.
 */

/** What `load` takes besides nothing: where the core module is, its bytes, a response with it, or the compiled module. */
export type Source = string | URL | ArrayBuffer | Uint8Array | { arrayBuffer(): Promise<ArrayBuffer> } | CompiledModule;
/** A `WebAssembly.Module`. */
export type CompiledModule = object;

/**
 * Loads the core module, and returns an instance of it. The module is compiled once; every call makes an instance with memory of its own.
 *
 * @param source The core module, if it is not beside this package: `samefit/core.wasm`. Its SHA-256 is compared with the one that this package
 * needs, unless it is compiled.
 */
export function load(source?: Source | Promise<Source>): Promise<Samefit>;

/** What is wrong with an input, where, and what to do. */
export class SamefitError extends Error {
  /** Stable kebab-case name of the kind of error, such as `not-a-number`. */
  readonly code: string;
  /** Number of the record at fault, as a spreadsheet counts: the header is row 1. Of records and columns the first is row 1. */
  readonly row: number | null;
  /** The column, feature or term at fault. */
  readonly column: string | null;
  /** The text of the input that is wrong, shortened to 40 characters. */
  readonly found: string | null;
  /** What the input should be instead. */
  readonly expected: string | null;
  /** An English sentence, without row and column. `message` has both, and the help. */
  readonly text: string;
  /** What to do, as an English sentence. Flags of the command line in it, as `--na`, are options here: `na`. */
  readonly help: string;
}

/** A note for the user, as columns that were left out. It has the shape of an error. */
export type Note = Pick<SamefitError, 'code' | 'row' | 'column' | 'found' | 'expected' | 'text' | 'help'>;

// ---- data

/**
 * Columns by name: numbers, or texts as they stand in cells. A number means its shortest decimal text; NaN, null and undefined are missing
 * values. A Float32Array is refused, because its 0.1 is another number.
 */
export type Columns = { readonly [name: string]: Column } | ReadonlyMap<string, Column>;
export type Column = Float64Array | readonly (string | null | undefined)[];
/** One object for each row. A missing key, null and NaN are missing values. */
export type Records = readonly { readonly [name: string]: unknown }[];
/** The whole text of a table: CSV, or the `format` of the options. */
export type TableText = string | ArrayBuffer | Uint8Array;
/** Text of a table in chunks. They may end anywhere, even inside a character. */
export type TableStream = ByteStream | AsyncIterable<Uint8Array | string> | { readonly body: ByteStream | null };
/** A ReadableStream of bytes. */
export interface ByteStream {
  getReader(...options: any[]): any;
}
/** A Blob or a File. Unlike a stream, it can be read twice. */
export interface TableBlob {
  readonly size: number;
  stream(): ByteStream;
}

/** Data that are there at once. The result is, too. */
export type Data = Columns | Records | TableText;
/** Data that come in time. The result is a promise. */
export type LaterData = TableBlob | TableStream;

// ---- options

/** How a table is written. All but `format` is for CSV. */
export interface Reading {
  /** `csv`, `jsonl` for JSON of any layout, `json` for what may be one object. Default: `csv`; records need none. */
  format?: 'csv' | 'jsonl' | 'json';
  /** Default: a comma. */
  delimiter?: string;
  /** The mark before the decimals of a number. Default: `.` */
  decimal?: '.' | ',';
  /** The character between groups of three digits. Default: none. */
  thousands?: '.' | ',' | ' ' | "'" | '_' | null;
  /** Texts that mean a missing value, besides those that always do. */
  na?: string[];
  /** The names of the columns, where the data have no header. */
  header?: string[];
  /** Lines at the beginning that are passed over. */
  skip?: number;
  /** Lines that begin with this character are passed over. */
  comment?: string | null;
}

/** What to sum and to fit. docs/formats.md describes each key of a plan. */
export interface Plan extends Reading {
  /** The column to predict. Default: the schema's target. */
  target?: string;
  /** Terms of the model, as `bmi`, `age*bmi`, `bmi^2`, `ln(tg)`, `rcs(age, 30, 50, 70)`. Default: all columns but the target. */
  features?: string[];
  /** The model as a formula of R, instead of target, features and intercept: `y ~ bmi + C(site)*age`. */
  formula?: string;
  /** Columns to sum. Default: those of features and target. */
  columns?: string[];
  /** Terms to sum beyond the columns. */
  terms?: string[];
  /** Columns that are categories, besides those of the schema. */
  categories?: string[];
  /** Takes a column of words that a feature names as a category. Default: true, but for shared statistics. */
  findCategories?: boolean;
  /** The level with which the others of a category are compared. Default: the schema's first, else the first. */
  reference?: Record<string, string>;
  /** The levels that a category keeps: every other level is `other`. */
  other?: Record<string, string[]>;
  /** Restricted cubic splines: the number of knots of a column, from 3 to 7, which are chosen from the data, or the places of the knots. */
  knots?: Record<string, number | string[]>;
  /** Default: true. */
  intercept?: boolean;
  /** What to do with columns that depend exactly on those before them. Default: `error`. */
  collinear?: 'error' | 'drop';
  /** What to do with features that are collinear but for rounding. Default: `note`. */
  nearCollinear?: 'note' | 'error';
  /** The column with the weights of the rows. */
  weights?: string;
  /** The column that says for how many equal rows a row stands. */
  counts?: string;
  /** The column that divides the rows into groups, for `summarizeGroups`. */
  by?: string;
  /** What to do with rows that lack a value. Default: `error`. */
  missing?: 'error' | 'drop';
  /** Counts each column's values. Without it a model knows no ranges, and warns of no extrapolation. Default: true. */
  distribution?: boolean;
  /** Makes statistics that can be shared: values are rounded so that they single out no few rows. */
  share?: boolean;
  /** With `share`: the decimals of these columns. */
  decimals?: Record<string, number>;
  /** How values are rounded, as an earlier pass over the data chose it. */
  shared?: object;
  /** schema.json, as text or as its content. */
  schema?: string | object;
  /** Units of columns, where there is no schema. */
  units?: Record<string, string>;
  /** Grids of columns, where there is no schema. */
  grids?: Record<string, object>;
}

/** The interval around a prediction. */
export interface IntervalOptions {
  /** Its probability, above 0 and below 1. Default: 0.95. */
  level?: number;
  /** For one new outcome, or for the mean of all outcomes at these values. Default: `prediction`. */
  interval?: 'prediction' | 'confidence';
}

/** How to predict a table, and what to write. */
export interface TableOptions extends Reading, IntervalOptions {
  /** Writes the input's columns before a prediction. Default: false. */
  withInput?: boolean;
  /** Writes only the predicted value. Default: the interval, warnings and, with `continue`, the status too. */
  only?: 'predicted';
  /** The format of the predictions. Default: that of the data. */
  to?: 'csv' | 'jsonl';
  /** With `continue`, a record that cannot be predicted is written without a prediction. Default: `stop`, an error. */
  onError?: 'stop' | 'continue';
}

// ---- what is made of data

/** An instance of the core module. It is for one thread at a time, as everything in JavaScript. */
export class Samefit {
  private constructor();
  /** The compiled core module, a `WebAssembly.Module`. Send it to a worker, which loads it: `load(module)`. */
  readonly module: object;
  /** The functions and resources of the contract, for what this package has no method for. */
  readonly component: import('./component.js').Interfaces;
  /** Version of the core module. */
  readonly version: string;
  /** The file formats that it reads and writes: format names by file name. */
  readonly formats: Record<string, string>;
  /** Its limits. */
  readonly limits: Record<string, number>;

  /** Sums a table and fits a model to it. `notes` of the model has what was left out. */
  fit(data: Data, options: Plan): Model;
  fit(data: LaterData, options: Plan): Promise<Model>;

  /** Sums a table exactly. With `share`, or with a number of knots, data are read twice: then a stream is a TypeError, and a Blob is not. */
  summarize(data: Data, options?: Plan): Statistics;
  summarize(data: LaterData, options?: Plan): Promise<Statistics>;

  /** Sums each group of rows, which the column `by` tells apart. Groups are in their order: numbers by value, then words. */
  summarizeGroups(data: Data, options: Plan & { by: string }): Map<string, Statistics>;
  summarizeGroups(data: LaterData, options: Plan & { by: string }): Promise<Map<string, Statistics>>;

  /** Describes every column: numbers, texts, missing values, quantiles. With a `schema`, values are compared with it. */
  profile(data: Records | TableText, options?: Reading & { schema?: string | object }): Profile;
  profile(data: LaterData, options?: Reading & { schema?: string | object }): Promise<Profile>;

  /** Guesses how a table is written, from its first 65,536 bytes. What the options say is not guessed. */
  preview(data: TableText, options?: Reading): Preview;
  preview(data: LaterData, options?: Reading): Promise<Preview>;

  /** Reads statistics.json. */
  statistics(document: string | object): Statistics;
  /** Reads model.json. */
  model(document: string | object): Model;
  /** Makes the form of schema.json or model.json. */
  form(document: string | object): Form;

  /** Returns the columns that data for a plan need; null if any column may count. */
  neededColumns(options: Plan): string[] | null;
  /** Returns levels in their order, each once: numbers by value, then words. */
  orderLevels(levels: string[]): string[];
}

/** What holds memory of WebAssembly. */
export interface Owned extends Disposable {
  /** Frees the memory now. Later calls of methods are TypeErrors. */
  free(): void;
  /** The resource of the contract. */
  readonly raw: import('./component.js').Resource;
}

/** Exact row count, sums and sums of products. Equal statistics have equal text, whatever the order and history of their rows. */
export class Statistics implements Owned {
  private constructor();
  /** What the user should know: columns left out, rows dropped, values rounded. */
  readonly notes: Note[];
  /** What the data were summed by, with the keys of a plan. */
  readonly plan: object;
  /** Adds the rows of others, which have the same columns. After an error, nothing has changed. Returns these statistics. */
  merge(other: Statistics): this;
  /** Removes the rows of others. An error if no data can have the rest. After an error, nothing has changed. Returns these statistics. */
  subtract(other: Statistics): this;
  copy(): Statistics;
  /** Whether both have the same text. */
  equals(other: Statistics): boolean;
  /** The canonical text: statistics.json. */
  toString(): string;
  /** The content of statistics.json. */
  toJSON(): StatisticsDocument;
  /** Solves the normal equations exactly. Default: by the plan of the data. */
  fit(options?: Plan): Model;
  /** Compares two models, one of which has all features of the other, by the F test. */
  compare(options: Plan, other: Plan): Comparison;
  /** Tests linear restrictions of a model by the F test, all of them together: `bmi = 2*ltg, age = 0`. */
  test(options: Plan, restrictions: string): Test;
  /** Returns the part of an audit line that follows from the statistics. `name`: of the table, for its notes. */
  audit(name: string): object;
  free(): void;
  readonly raw: import('./component.js').Resource;
  [Symbol.dispose](): void;
}

/** A model. It depends on its statistics and plan alone, so equal models have equal text. */
export class Model implements Owned {
  private constructor();
  /** What the user should know: columns that were left out of the data, features that nearly depend on others. */
  readonly notes: Note[];
  /** The columns that a prediction needs, in the order of `predictNumbers`. */
  readonly columns: readonly string[];
  /** The column that is predicted, and the schema's description of it. */
  readonly target: Target;
  /** Predicts one record: `{ bmi: 25, site: 'north' }`, or an attributes object. */
  predict(record: object, options?: IntervalOptions): Prediction;
  /**
   * Predicts rows of numbers, the fastest way. A row that cannot be predicted is an error for all.
   *
   * @param values The columns of `columns` one after another, each `rows` long.
   * @returns The predictions, then the lower and then the upper ends of their intervals, each `rows` long.
   */
  predictNumbers(values: Float64Array, rows?: number, options?: IntervalOptions): Float64Array;
  /** Predicts rows. A row that cannot be predicted stops no other. Columns that the model does not use are ignored. */
  predictColumns(columns: Columns, options?: IntervalOptions): Predictions;
  /** Predicts a table, and writes one of the same format. */
  predictTable(data: Records | TableText, options?: TableOptions): PredictedTable;
  predictTable(data: LaterData, options?: TableOptions): Promise<PredictedTable>;
  /** Returns a TransformStream from the bytes of a table to those of its predictions. */
  predictStream(options?: TableOptions): { readonly readable: any; readonly writable: any };
  /** Explains one prediction: what each feature adds, and how like the training data the record is. */
  explain(record: object, options?: { level?: number }): Explanation;
  /** Predicts a record with each of these values in one column: numbers, or levels of a category. */
  curve(record: object, column: string, values: Iterable<number | string>, options?: IntervalOptions): Curve;
  /** What a summary of a regression says. `level`: of the confidence intervals. */
  summary(options?: { level?: number }): Summary;
  /** The form of what the model needs. */
  form(): Form;
  /** Judges the model by records that it has not seen. `threshold`: of the root mean squared residual, in units of the target. */
  qc(data: Data, options: Reading & { threshold: number; missing?: 'error' | 'drop' }): Report;
  qc(data: LaterData, options: Reading & { threshold: number; missing?: 'error' | 'drop' }): Promise<Report>;
  /** Compares predictions with the outcomes of a table. */
  residuals(data: Records | TableText, options?: Reading & { missing?: 'error' | 'drop' }): Residuals;
  residuals(data: LaterData, options?: Reading & { missing?: 'error' | 'drop' }): Promise<Residuals>;
  /** Returns where two models differ first, with both values; null if they are equal. Entries that quality control adds do not count. */
  difference(other: Model | string): string | null;
  /** Returns the plan that sums data for this model, with the keys of a plan. */
  plan(): object;
  /** The text of model.json. */
  toString(): string;
  /** The content of model.json. */
  toJSON(): ModelDocument;
  free(): void;
  readonly raw: import('./component.js').Resource;
  [Symbol.dispose](): void;
}

/** Turns what a person types into the columns of a model: units, entry formulas, problems. */
export class Form implements Owned {
  private constructor();
  /** The fields to draw, in order, and the columns that the model needs: Form in docs/formats.md. */
  fields(): { title: string | null; target: Target; columns: string[]; fields: FormField[] };
  /**
   * Evaluates what was typed: texts by field. Comma or dot is the decimal sign, and a unit may stand after the number. A wrong entry is one of
   * `problems`.
   */
  evaluate(entries: Record<string, string | null | { value: string; unit?: string | null }>): Entries;
  /** Converts a value of a field from a unit to another. */
  convert(field: string, value: string | number, from: string, to: string): string;
  free(): void;
  readonly raw: import('./component.js').Resource;
  [Symbol.dispose](): void;
}

// ---- documents

/** A prediction, with the ends of its interval, in units of the target. They are infinite without residual degrees of freedom. */
export interface Prediction {
  prediction: number;
  lower: number;
  upper: number;
  warnings: Warning[];
}
/** A value outside the training data's range, or the schema's. */
export interface Warning {
  code: 'below-training-range' | 'above-training-range' | 'below-plausible' | 'above-plausible' | 'unlike-combination';
  column: string;
  found: string;
  expected: string;
  text: string;
}
/** A prediction for each value of a curve. */
export interface Curve {
  prediction: Float64Array;
  lower: Float64Array;
  upper: Float64Array;
}
/** Predictions of rows: NaN for a row without one. */
export interface Predictions extends Curve {
  /** Of each row: 0 fine, 1 out of range (predicted, with warnings), 2 missing (a value is missing), 3 error. */
  status: Uint8Array;
  /** Why rows have no prediction: the first 100. */
  problems: Note[];
}
export interface PredictedTable {
  bytes: Uint8Array;
  /** The number of records of each status. */
  counts: { fine: number; 'out of range': number; missing: number; error: number };
}
export interface Target {
  column: string;
  name?: string;
  title?: string;
  unit?: string;
  decimals?: number;
  description?: string;
}
/** statistics.json. Moments are exact decimals. */
export interface StatisticsDocument {
  format: string;
  columns: { name: string; unit?: string; grid?: object }[];
  terms: unknown[];
  rows: string;
  moments: string[][];
  dropped: string;
  [key: string]: unknown;
}
export interface Fit {
  rows: number;
  residual_df: number;
  rss: number;
  tss: number;
  residual_sd: number | null;
  r_squared: number | null;
  r_squared_kind: 'centred' | 'uncentred';
  adjusted_r_squared: number | null;
  f: number | null;
  f_p: number | null;
}
/** model.json. What is not defined is null. */
export interface ModelDocument {
  format: string;
  target: Target;
  intercept: number;
  has_intercept: boolean;
  coefficients: { name: string; coefficient: number; remainder: number; std_error: number | null; t: number | null; p: number | null; tolerance: number | null }[];
  fit: Fit;
  columns: { name: string; mean: number | null; sd: number | null; min: number | null; max: number | null; [key: string]: unknown }[];
  statistics_sha256: string;
  [key: string]: unknown;
}
/** A summary. What is not defined is null. docs/names.md has the definitions, beside those of R and statsmodels. */
export interface Summary extends Fit {
  target: Target;
  level: number;
  /** The intercept first. */
  coefficients: {
    name: string;
    coefficient: number;
    std_error: number | null;
    t: number | null;
    p: number | null;
    lower: number | null;
    upper: number | null;
    tolerance: number | null;
    vif: number | null;
  }[];
  f_df: [number, number] | null;
  log_likelihood: number | null;
  aic: number | null;
  bic: number | null;
  /** Of the coefficients, in their order. */
  covariance: number[][] | null;
  collinearity: { condition_indices: number[]; variance_proportions: number[][] } | null;
  near_collinear: { column: string; others: string[]; tolerance: number; relation: string | null; within: number | null }[];
}
export interface FTest {
  target: string;
  rows: number;
  sum_of_squares: number;
  f: number | null;
  f_df: [number, number];
  f_p: number | null;
}
export interface FittedModel {
  features: string[];
  intercept: boolean;
  residual_df: number;
  rss: number;
}
export interface Comparison extends FTest {
  smaller: FittedModel;
  larger: FittedModel;
  /** The terms that only the larger model has. */
  added: string[];
}
export interface Test extends FTest {
  restrictions: string[];
  restricted: { residual_df: number; rss: number };
  model: FittedModel;
}
export interface Explanation {
  target: Target;
  prediction: number;
  interval: { level: number; lower: number; upper: number } | null;
  /** The place of the prediction among the outcomes of the training data. */
  outcomes: { min: number; max: number; range_is_exact: boolean; below: { share: number; low: number; high: number } } | null;
  /** The prediction to which the contributions are added. */
  start: { value: number; at: 'mean' | 'zero' };
  contributions: {
    name: string;
    columns: string[];
    levels?: Record<string, string>;
    value: number | null;
    mean: number | null;
    coefficient: number | null;
    contribution: number;
  }[];
  likeness: { leverage: number; threshold: number; unlike: boolean; rule: string; source: string; distance_squared: number | null; p: number | null };
  warnings: (Warning & { limits: object })[];
}
/** report.json, and the accepted model. */
export interface Report {
  format: string;
  accepted: boolean;
  rmse: number;
  threshold: number;
  rows: number;
  target: string;
  mean_residual: number;
  model_residual_sd: number | null;
  text: string;
  /** The model with its `rmse`; null if it was refused. */
  model: Model | null;
}
export interface Residuals {
  format: string;
  target: string;
  rows: number;
  dropped: number;
  residual: { mean: number; sd: number; rmse: number; min: number; max: number } | null;
  coverage: { level: number; below: number; inside: number; above: number; share: number } | null;
  histogram: object;
  predicted_observed: object;
  predicted_residual: object;
}
export interface Preview {
  format: string;
  /** Options that differ from the defaults, given or guessed, for the functions that read this table. */
  plan: Reading;
  columns: { name: string; kind: 'number' | 'date' | 'text' | 'mixed' | 'empty' }[];
  /** At most 8 rows, and 60 characters of a cell. */
  rows: string[][];
  remarks: { code: string; row: number | null; column: string | null; found: string | null; text: string }[];
  /** The error to which reading these bytes leads. */
  error: Note | null;
}
export interface Profile {
  format: string;
  rows: number;
  notes: Note[];
  /** Columns of the schema that the table does not have. */
  missing_columns: string[];
  columns: {
    name: string;
    title: string | null;
    unit: string | null;
    kind: 'number' | 'category' | 'text' | 'mixed' | 'empty';
    numbers: number;
    missing: number;
    text: number;
    first_text: string | null;
    mean: number | null;
    sd: number | null;
    min: number | null;
    max: number | null;
    quantiles: { share: number; value: number; error: number }[];
    outside: { below: number; above: number; other: number } | null;
    distribution: unknown;
  }[];
}
export interface FormField {
  name: string;
  title: string;
  /** Whether the model needs the field; if not, it is an input of formulas. */
  column: boolean;
  kind: 'number' | 'category';
  categories: { value: string; title: string }[] | null;
  /** The field's own unit first. */
  units: { unit: string | null; label: string | null; to_base: string; decimals: number | null; plausible: { min?: string; max?: string } | null; code: object | null }[];
  other_codes: object[] | null;
  description: string | null;
  entry: { formula: string; inputs: string[]; round: number | null; text: string } | null;
  training: { min: number; max: number; range_is_exact: boolean; mean: number } | null;
}
export interface Entries {
  /** What `predict` and `explain` take; null while a problem blocks. */
  attributes: Record<string, string> | null;
  fields: {
    name: string;
    value: string | null;
    unit: string | null;
    how: 'typed' | 'converted' | 'computed' | null;
    typed: { value: string | null; unit: string | null; text: string } | null;
    computed: { value: string; text: string } | null;
  }[];
  problems: {
    name: string;
    code: string;
    blocks: boolean;
    found: string | null;
    expected: string | null;
    limits: object | null;
    other_limits: object[];
    suggestion: { value: string; unit: string } | null;
    text: string;
  }[];
}
