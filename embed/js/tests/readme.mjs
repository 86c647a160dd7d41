// Runs every block of the README, and compares what it prints with the comments.
import { deepStrictEqual as equal, ok } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const place = (path) => fileURLToPath(new URL(path, import.meta.url));

test('the blocks of the README print what they say', { timeout: 60_000 }, () => {
  const text = readFileSync(place('../README.md'), 'utf8').replace(/<!-- not run.*?-->\n```js\n.*?```/gs, '');
  const program = [...text.matchAll(/^```js\n(.*?)^```/gms)].map(([, block]) => block).join('\n');
  const expected = [...program.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(([, printed]) => printed);
  ok(expected.length > 15);
  const folder = mkdtempSync(join(tmpdir(), 'samefit-readme-'));
  try {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(place('..'), join(folder, 'node_modules/samefit'));
    copyFileSync(place('../../../data/diabetes_raw.csv'), join(folder, 'diabetes_raw.csv'));
    writeFileSync(join(folder, 'program.mjs'), program);
    const printed = execFileSync(process.execPath, ['program.mjs'], { cwd: folder, encoding: 'utf8' });
    equal(printed.trimEnd().split('\n'), expected);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
