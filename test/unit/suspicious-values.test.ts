import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readOutcome } from '../../src/operators/cohort/read-outcome.js';
import { readTextTable } from '../../src/operators/tables/text-table.js';
import type { TableDeclaration } from '../../src/operators/tables/typed-column.js';
import { typedTable } from '../../src/operators/tables/typed-table.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { resolvedConfig } from '../support/resolved-config.js';

const folder = mkdtempSync(join(tmpdir(), 'haf-suspicious-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(header: string, rows: readonly (readonly (string | number)[])[]): string {
  const path = join(folder, 'table.csv');
  writeFileSync(path, `${header}\n${rows.map((cells) => cells.join(',')).join('\n')}\n`);
  return path;
}

/** Warnings and faults for a table with one column `x` of these cells. */
async function saidOf(
  cells: readonly (string | number)[],
  declaration: TableDeclaration = { columns: {}, others: 'infer' },
  missing: readonly string[] = [],
): Promise<{ readonly warnings: readonly string[]; readonly faults: readonly string[] }> {
  // The table has a second column with noise, so that it is not empty if `x` is left out.
  const rows = cells.map((cell, at) => [`p${at}`, cell, ((at * 37) % 11) / 10]);
  const text = await readTextTable(written('PATIENT,x,noise', rows), {
    ...{ name: 'table.csv', id: ['PATIENT'], missing },
  });
  const { problems, faults } = typedTable(text, declaration);
  return {
    warnings: problems.filter(({ place }) => place === 'x').map(({ reason }) => reason),
    faults: faults.map(({ problem }) => problem),
  };
}

const scattered = [3.2, 1.5, 4.1, 2.2, 5.7, 1.1, 3.3, 2.9, 4.8, 2.5, 3.9, 1.8];
const code = (value: number, cells: number): string =>
  `Column "x" with the number ${value} in ${cells} cells: a code for "missing"? It is used as a value.`;

describe('codes for "missing"', () => {
  it.each([
    ['below values of at least zero', [...scattered, -9], [code(-9, 1)]],
    ['several', [...scattered, -99, -99, -9999], [code(-99, 2), code(-9999, 1)]],
    ['far below standardised values', [-1.2, 0.3, 1.8, -0.4, 2.2, -9], [code(-9, 1)]],
    ['far above all others', [...scattered, 999], [code(999, 1)]],
    ['above all others and repeated', [250, 410, 388, 120, 999, 999], [code(999, 2)]],
    ['beside two values', [0, 1, 1, 0, 0, -9], [code(-9, 1)]],
    ['as one of two values', [0, 0, -9, 0], [code(-9, 1)]],
    ['among words', ['a', 'b', 'c', 'a', -9, 999, -9], [code(-9, 2), code(999, 1)]],
  ])('are shown with column and count: %s', async (_, cells, expected) => {
    expect((await saidOf(cells)).warnings.filter((one) => one.includes('a code for'))).toEqual(expected);
  });

  it.each([
    ['values around zero', [-1, 1, -1, 1, 0.5, -0.5]],
    ['two values around zero', [-1, 1, -1, 1]],
    ['a large value once', [250, 410, 388, 120, 999]],
    ['a value that is in its place', [-8, -9, -10, -11, -7]],
    ['counts above it', [998, 999, 1000, 1004, 997]],
  ])('are not seen in %s', async (_, cells) => {
    expect((await saidOf(cells)).warnings.filter((one) => one.includes('a code for'))).toEqual([]);
  });

  it('are no suspicion once they are declared or listed', async () => {
    expect((await saidOf([...scattered, -9], undefined, ['-9'])).warnings).toEqual([]);
    const listed = await saidOf([0, 1, -9, 1, 0], {
      columns: { x: { nominal: [0, 1, -9] } },
      others: 'infer',
    });
    expect(listed.warnings).toEqual([]);
  });
});

describe('row numbers', () => {
  const count = 20;
  const index = Array.from({ length: count }, (_, at) => at);

  it.each([
    ['from 0', index],
    ['from 1', index.map((at) => at + 1)],
    ['as decimals', index.map((at) => `${at}.0`)],
  ])('are refused by name: %s', async (_, cells) => {
    for (const others of ['infer', 'numeric', 'nominal'] as const)
      expect((await saidOf(cells, { columns: {}, others })).faults).toEqual([
        expect.stringContaining('the column is a row number'),
      ]);
  });

  it.each([
    ['with gaps, where rows were left out', index.map((at) => at + Math.floor(at / 3)), 'in one direction'],
    ['falling', index.map((at) => 100 - at), 'in one direction'],
    ['with a missing cell', index.map((at) => (at === 4 ? '' : at)), 'in one direction'],
    ['after sorting by another column', index.map((at) => (at * 7) % count), 'each whole number'],
  ])('are warned of: %s', async (_, cells, words) => {
    const { warnings, faults } = await saidOf(cells);
    expect(faults).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(words)]);
  });

  it.each([
    ['measured values in order', index.map((at) => at + 0.5)],
    ['whole numbers with a tie', index.map((at) => Math.max(1, at))],
    ['whole numbers in no order', index.map((at) => ((at * 7) % count) * 3)],
  ])('are not seen in %s', async (_, cells) => {
    expect(await saidOf(cells)).toEqual({ warnings: [], faults: [] });
  });

  it('may be used when the column is declared', async () => {
    const cells = index.map((at) => at + Math.floor(at / 3));
    expect((await saidOf(cells, { columns: { x: 'numeric' }, others: 'infer' })).warnings).toEqual([]);
  });
});

describe('times of follow-up', () => {
  const problemsOf = async (
    times: readonly (string | number)[],
    unit = 'days',
  ): Promise<readonly Problem[]> => {
    const path = written(
      'PATIENT,DEAD,TIME',
      times.map((time, at) => [`p${at}`, at % 2, time]),
    );
    const { data } = resolvedConfig({
      data: {
        layout: 'own',
        patients: { id: 'PATIENT' },
        outcome: {
          file: 'table.csv',
          event: { column: 'DEAD', positive: ['1'], negative: ['0'] },
          time: { column: 'TIME', unit: unit as 'days' },
        },
        modalities: { Clin: { kind: 'table', file: 'table.csv' } },
      },
    });
    return (await readOutcome({ name: 'table.csv', path }, data)).problems;
  };

  it.each([
    [-3, 'days'],
    [99_999, 'days'],
    [-0.5, 'months'],
    [1700, 'months'],
    [150, 'years'],
  ])('that cannot be are named with patient, line and value: %d %s', async (time, unit) => {
    expect(await problemsOf([7, time, 9], unit)).toMatchObject([
      {
        ...{ severity: 'warning', patient: 'p1', file: 'table.csv', place: 'line 3, TIME' },
        reason: `A follow-up of ${time} ${unit} is impossible; the time counts as unknown.`,
      },
    ]);
  });

  it('that look like a code for "unknown" are a warning', async () => {
    expect(await problemsOf([700, 9999, 1200, 9999, 800])).toMatchObject([
      {
        severity: 'warning',
        place: 'TIME',
        reason: expect.stringContaining('The time 9999 is in 2 rows') as string,
      },
    ]);
    expect(await problemsOf([700, 1825, 1200, 1825, 1825])).toEqual([]);
  });
});
