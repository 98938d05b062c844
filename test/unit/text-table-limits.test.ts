import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cellText } from '../../src/operators/tables/cell-text.js';
import { missingWords } from '../../src/operators/tables/missing.js';
import { readTextTable, type TextTable } from '../../src/operators/tables/text-table.js';
import { typedTable } from '../../src/operators/tables/typed-table.js';
import { WordPool } from '../../src/operators/tables/word-pool.js';
import { rng } from '../../src/pipeline/core/rng.js';

const folder = mkdtempSync(join(tmpdir(), 'haf-limits-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(content: string | Buffer): Promise<TextTable> {
  const path = join(folder, 'table.csv');
  writeFileSync(path, content);
  return readTextTable(path, { name: 'table.csv', id: ['PATIENT'], missing: ['NA'] });
}

describe('sizes that no table has', () => {
  it.each([
    ['one cell without an end', 'x'.repeat(1_200_000), 1, 'a cell of more than 1,000,000 bytes'],
    [
      'a long cell below a header',
      `PATIENT,A\np1,${'x'.repeat(1_200_000)}\np2,1\n`,
      2,
      'a cell of more than',
    ],
    ['a quoted cell', `PATIENT,A\np1,"${'x\n'.repeat(600_000)}"\np2,1\n`, 2, 'a cell of more than'],
    ['blanks before a word', `PATIENT,A\np1,${' '.repeat(1_200_000)}x\n`, 2, 'a cell of more than'],
    ['cells without a line end', 'a,'.repeat(1_000_001), 1, 'more than 1,000,000 cells'],
  ])('are a fault with the line: %s', async (_, content, line, problem) => {
    const { faults, patients } = await read(content);
    expect(patients).toEqual([]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ file: 'table.csv', line });
    expect(faults[0]?.problem).toContain(problem);
  });

  it('leave a long line of many columns alone', async () => {
    const names = Array.from({ length: 100_000 }, (_, at) => `gene with a long name ${at}`);
    const rows = ['p1', 'p2', 'p3'].map((id, row) => [id, ...names.map((_, at) => (at % 7) + row)].join(','));
    const text = await read(`PATIENT,${names.join(',')}\n${rows.join('\n')}\n`);
    expect(text.faults).toEqual([]);
    const { table } = typedTable(text, { columns: {}, others: 'numeric' });
    expect(table.columns).toHaveLength(100_000);
    expect([...table.cells.subarray(0, 8)]).toEqual([0, 1, 2, 3, 4, 5, 6, 0]);
  });
});

describe('the pool of words', () => {
  it('gives the text of every cell, whatever was asked before', () => {
    const random = rng(5, 'words');
    const letters = ['a', 'b', '"', '""', ' ', 'é', '€', '😀', '1', '-'];
    const cells = Array.from({ length: 20_000 }, () =>
      Array.from({ length: random.int(14) }, () => letters[random.int(letters.length)] ?? '').join(''),
    );
    const bytes = Buffer.from(cells.join(','));
    const pool = new WordPool(bytes);
    let start = 0;
    for (const cell of cells) {
      const end = start + Buffer.byteLength(cell);
      if (pool.text(start, end) !== cellText(bytes, start, end)) expect.fail(JSON.stringify(cell));
      start = end + 1;
    }
    expect(pool.text(3, 3)).toBe('');
  });

  it('knows which words are missing, asked once or twice', () => {
    const { text } = missingWords(['NA', 'not available']);
    for (const word of ['na', 'Na', 'NOT available', ''])
      expect([text(word), text(word)]).toEqual([true, true]);
    for (const word of ['no', 'nan', 'not available at all'])
      expect([text(word), text(word)]).toEqual([false, false]);
  });
});
