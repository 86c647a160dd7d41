// The declarations: an example under `tsc --strict`, and every method of the package has one.
import { deepStrictEqual as equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as samefit from 'samefit';

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

test('tsc --strict accepts the example', { timeout: 300_000 }, () => {
  for (const options of [[], ['--module', 'esnext', '--moduleResolution', 'bundler']]) {
    const { stdout, status } = spawnSync(process.execPath, [place('../node_modules/typescript/bin/tsc'), '-p', place('types'), ...options], { encoding: 'utf8' });
    equal([stdout, status], ['', 0]);
  }
});

test('what is exported is declared', () => {
  const text = readFileSync(place('../src/index.d.ts'), 'utf8');
  // for the modules of the package among themselves
  const inside = ['constructor', 'planFor', 'sum'];
  for (const [name, exported] of Object.entries(samefit)) {
    const [, body] = text.match(new RegExp(`^export (?:class|function) ${name}\\b(.*?)^(?:}|export)`, 'ms')) ?? [];
    equal(typeof body, 'string', name);
    const methods = Object.getOwnPropertyNames(exported.prototype ?? {}).filter((method) => !inside.includes(method));
    equal(methods.filter((method) => name !== 'SamefitError' && !new RegExp(`^  (readonly )?${method}[(:?]`, 'm').test(body)), [], name);
  }
});
