/**
 * Time and memory of wide tables: 15,000 columns x 500 patients of numbers (gene expression) or of words, as CSV and as
 * Parquet, and 100,000 columns x 40 patients. Excel is not measured, because a sheet has at most 16,384 columns. Needs
 * the built code (`npm run build`).
 *
 * Run with: npx vitest run --config test/bench/vitest.config.mjs test/bench/wide-table.bench.ts
 */
import { execFileSync } from 'node:child_process';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const [patients, columns] = [500, 15_000];
const [fewPatients, manyColumns] = [40, 100_000];
const folder = mkdtempSync(join(tmpdir(), 'haf-wide-'));

interface Measured {
  readonly seconds: number;
  readonly rssMb: number;
  readonly columns: number;
  readonly faults: number;
}

/** Writes a table of numbers that look like gene expression. Columns for which `word` is true contain words. */
function writeTable(path: string, word: (column: number) => boolean, rows = patients, width = columns): void {
  const file = openSync(path, 'w');
  const names = Array.from({ length: width }, (_, column) => `gene${column}`);
  writeSync(file, `PATIENT,${names.join(',')}\n`);
  let state = 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (let row = 0; row < rows; row++) {
    const cells = names.map((_, column) =>
      word(column) ? `type ${Math.floor(next() * 4)}` : (next() * 4 - 2).toFixed(5),
    );
    writeSync(file, `P${String(row).padStart(4, '0')},${cells.join(',')}\n`);
  }
  closeSync(file);
}

function writeParquet(path: string, cell: (at: number) => string | number): void {
  const column = (name: string, of: (row: number) => string | number) => ({
    name,
    data: Array.from({ length: patients }, (_, row) => of(row)),
    type: typeof of(0) === 'string' ? ('STRING' as const) : ('DOUBLE' as const),
  });
  const columnData = [
    column('PATIENT', (row) => `P${String(row).padStart(4, '0')}`),
    ...Array.from({ length: columns }, (_, at) =>
      column(`gene${at}`, (row) => cell((at * 7919 + row * 104_729) % 10_007)),
    ),
  ];
  writeFileSync(path, new Uint8Array(parquetWriteBuffer({ columnData })));
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
const many = join(folder, 'many.csv');
const numbersParquet = join(folder, 'numbers.parquet');
const wordsParquet = join(folder, 'words.parquet');

beforeAll(() => {
  writeTable(numbers, () => false);
  writeTable(mixed, (column) => column % 10 === 0);
  writeTable(words, () => true);
  writeTable(many, () => false, fewPatients, manyColumns);
  writeParquet(numbersParquet, (at) => at / 2500 - 2);
  writeParquet(wordsParquet, (at) => `type ${at % 4}`);
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['numbers, others: numeric', numbers, 'numeric'],
  ['numbers, others: infer', numbers, 'infer'],
  ['a tenth are words, others: infer', mixed, 'infer'],
  ['words only, others: infer', words, 'infer'],
  ['Parquet, numbers, others: infer', numbersParquet, 'infer'],
  ['Parquet, words, others: infer', wordsParquet, 'infer'],
  ['100,000 columns, others: infer', many, 'infer', manyColumns],
] as const)('%s', (title, path, others, width = columns) => {
  const { seconds, rssMb, columns: used, faults } = read(path, others);
  console.log(
    `${title.padEnd(36)}${(statSync(path).size / 1e6).toFixed(0).padStart(5)} MB` +
      `${seconds.toFixed(2).padStart(8)} s${rssMb.toFixed(0).padStart(6)} MB peak RSS`,
  );
  expect({ used, faults }).toEqual({ used: width, faults: 0 });
  expect(rssMb).toBeLessThan(500);
});
