// Options into plans, the documents of the contract that say what to read, sum, fit and write.

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Returns the plan of options: the same keys with underscores, as `near_collinear` for `nearCollinear`. */
export function planOf(options = {}) {
  const plan = Object.fromEntries(Object.entries(options).map(([name, value]) => [snake(name), value]));
  if (typeof plan.schema === 'string') plan.schema = JSON.parse(plan.schema);
  return plan;
}

/** Returns level and kind of an interval as the contract's arguments. */
export function intervalOf({ level = 0.95, interval = 'prediction', ...others } = {}) {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`unknown option ${unknown}: expected level or interval`);
  if (interval !== 'prediction' && interval !== 'confidence') throw new TypeError("interval: expected 'prediction' or 'confidence'");
  return [level, interval === 'confidence'];
}

/** Returns a value as JSON. A number that JSON lacks becomes a text: NaN is a missing value, and infinity an error that names its cell. */
export const json = (value) => JSON.stringify(value, (key, one) => (typeof one === 'bigint' || (typeof one === 'number' && !Number.isFinite(one)) ? String(one) : one));
