// Tests by name, one after another, and a line that counts them.
const tests = [];

export const test = (name, run) => tests.push({ name, run });

export function equal(found, expected, what = '') {
  const [a, b] = [found, expected].map((value) => (typeof value === 'string' ? value : JSON.stringify(value)));
  if (a !== b) throw new Error(`${what} found ${a?.slice(0, 400)}, expected ${b?.slice(0, 400)}`);
}

export function holds(condition, what) {
  if (!condition) throw new Error(what);
}

/** Runs those whose name holds `only`; returns how many failed. */
export async function run(only = '') {
  let passed = 0;
  const failed = [];
  for (const { name, run } of tests.filter((one) => one.name.includes(only))) {
    const begun = performance.now();
    try {
      await run();
      passed++;
      console.log(`ok   ${name} (${Math.round(performance.now() - begun)} ms)`);
    } catch (error) {
      failed.push(name);
      console.log(`FAIL ${name}\n     ${error.stack.split('\n').slice(0, 4).join('\n     ')}`);
    }
  }
  console.log(`${passed} passed, ${failed.length} failed`);
  return failed.length;
}
