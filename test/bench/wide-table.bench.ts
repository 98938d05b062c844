/**
 * Time and memory of a wide table: 15,000 columns x 500 patients of numbers, a table of gene expression. Needs the built
 * code (`npm run build`).
 *
 * Run with: npx vitest run --config test/bench/vitest.config.mjs test/bench/wide-table.bench.ts
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const [patients, columns] = [500, 15_000];
const folder = mkdtempSync(join(tmpdir(), 'haf-wide-'));

interface Measured {
  readonly seconds: number;
  readonly rssMb: number;
  readonly columns: number;
  readonly faults: number;
}

/** Numbers as gene expression is written, words where `word` says so. */
function writeTable(path: string, word: (column: number) => boolean): void {
  const file = openSync(path, 'w');
  const names = Array.from({ length: columns }, (_, column) => `gene${column}`);
  writeSync(file, `PATIENT,${names.join(',')}\n`);
  let state = 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let row = 0; row < patients; row++) {
    const cells = names.map((_, column) =>
      word(column) ? `type ${Math.floor(next() * 4)}` : (next() * 4 - 2).toFixed(5),
    );
    writeSync(file, `P${String(row).padStart(4, '0')},${cells.join(',')}\n`);
  }
  closeSync(file);
}

const read = (path: string, others: string): Measured =>
  JSON.parse(
    execFileSync(process.execPath, [join(import.meta.dirname, 'wide-table-process.mjs'), path, others], {
      encoding: 'utf8',
    }),
  ) as Measured;

const numbers = join(folder, 'numbers.csv');
const mixed = join(folder, 'mixed.csv');
const words = join(folder, 'words.csv');

beforeAll(() => {
  writeTable(numbers, () => false);
  writeTable(mixed, (column) => column % 10 === 0);
  writeTable(words, () => true);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['numbers, others: numeric', numbers, 'numeric'],
  ['numbers, others: infer', numbers, 'infer'],
  ['a tenth are words, others: infer', mixed, 'infer'],
  ['words only, others: infer', words, 'infer'],
])('%s', (title, path, others) => {
  const { seconds, rssMb, columns: used, faults } = read(path, others);
  console.log(
    `${title.padEnd(36)}${(statSync(path).size / 1e6).toFixed(0).padStart(5)} MB` +
      `${seconds.toFixed(2).padStart(8)} s${rssMb.toFixed(0).padStart(6)} MB peak RSS`,
  );
  expect({ used, faults }).toEqual({ used: columns, faults: 0 });
  expect(rssMb).toBeLessThan(500);
});
