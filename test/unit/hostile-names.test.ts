import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import pc from 'picocolors';
import { errorText } from '../../src/pipeline/cli/errors.js';
import { printData, say } from '../../src/pipeline/cli/output.js';
import { placeFile } from '../../src/pipeline/cli/place-file.js';
import { problemLines } from '../../src/pipeline/cli/problem-lines.js';
import { logLine } from '../../src/pipeline/cli/render/log-line.js';
import { warningText } from '../../src/pipeline/cli/survey-text.js';
import { textTable } from '../../src/pipeline/cli/text-table.js';
import { csvText, writtenText } from '../../src/pipeline/core/csv.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { fittingName } from '../../src/pipeline/core/file-name.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { visible, visibleIn } from '../../src/pipeline/core/visible.js';
import { predictionsCsv } from '../../src/pipeline/runs/run-predictions.js';
import { RunDirectory } from '../../src/pipeline/runs/run-directory.js';

/**
 * Control sequences of a terminal: clear the screen, colours, window title, one-byte CSI, and right-to-left override.
 */
const hostile = 'HE_\u001b[2J\u001b[31m\u001b]0;x\u0007\u009b5m\u202e\r001.svs';
const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;
const colors = pc.createColors(true);
const plain = pc.createColors(false);

describe('control characters in names and ids', () => {
  const problem: Problem = {
    ...{ severity: 'failure', stage: 'embed', patient: hostile, file: hostile, place: hostile },
    ...{ reason: `"${hostile}" is wrong`, fix: `Rename ${hostile}.` },
  };

  it('are written out, and nothing else is changed', () => {
    expect(visible(hostile)).toBe('HE_\\x1b[2J\\x1b[31m\\x1b]0;x\\x07\\x9b5m\\u202e\\x0d001.svs');
    expect(visible('Präparat 日本 😀\ta\nb')).toBe('Präparat 日本 😀\ta\nb');
    expect(visibleIn({ a: ['\u001b', 1, null], b: { c: '\u0007' } })).toEqual({
      a: ['\\x1b', 1, null],
      b: { c: '\\x07' },
    });
  });

  it.each([
    ['errors', errorText(new HafError('HAF_USAGE', `no ${hostile}`, `see ${hostile}`), plain)],
    ['problems', problemLines([problem, { ...problem, severity: 'warning' }], 'p.csv').join('\n')],
    ['warnings', warningText(problem)],
    [
      'log lines',
      logLine(JSON.stringify({ level: 30, time: 0, msg: hostile, file: hostile, of: { hostile } }), plain),
    ],
  ])('do not reach %s', (_, text) => {
    expect(text).toContain('HE_');
    expect(text).not.toMatch(obeyed);
  });

  it('do not reach the terminal from anything printed, while colours do', () => {
    const written: string[] = [];
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0),
    );
    printData(`${colors.red('red')} ${hostile}`);
    say(`${colors.red('red')} ${hostile}`);
    spies.forEach((spy) => spy.mockRestore());
    for (const text of written) {
      expect(text).toContain('\u001b[31mred\u001b[39m');
      expect(text).not.toMatch(/\u001b(?!\[[\d;]*m)|[\u0007\u009b\u202e\r]/);
    }
    expect(written).toHaveLength(2);
    expect(textTable(['file'], [[hostile.replaceAll('\u001b[31m', '')]])).not.toMatch(obeyed);
  });
});

describe('texts that a spreadsheet would compute', () => {
  const formulas = ['=1+1', '+1-800', '-2+3', '@SUM(A1)', "=cmd|' /C calc'!A0"];

  it('get an apostrophe in tables, and lose it where we read them again', () => {
    const cells = csvText(
      ['id'],
      formulas.map((text) => [text]),
    )
      .split('\n')
      .slice(1, -1);
    expect(cells.map((cell) => /^"?'/.test(cell))).toEqual(formulas.map(() => true));
    for (const text of [...formulas, "'quoted", 'plain', '-', '-5']) {
      const [, cell = ''] = /^id\n([^]*)\n$/.exec(csvText(['id'], [[text]])) ?? [];
      expect(writtenText(cell.replace(/^"([^]*)"$/, '$1').replaceAll('""', '"'))).toBe(text);
    }
    const prediction = { patient: '=P1', split: 'test', y: 1, logit: -0.5, p: 0.25, observed: true } as const;
    expect(predictionsCsv([prediction])).toContain("\n'=P1,test,1,-0.5,0.25,");
  });

  it('are never numbers, whoever wrote them', () => {
    expect(csvText(['a'], [[-1.5], ['-1.5'], ['+3'], ['-1e-9'], ['-'], [null], [true]])).toBe(
      'a\n-1.5\n-1.5\n+3\n-1e-9\n-\n\ntrue\n',
    );
  });
});

describe('long names', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'haf-long-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it.each([
    ['as long as a name can be', `${'L'.repeat(251)}.h5x`],
    ['longer by an ending of ours', `${'L'.repeat(251)}.geojson`],
    ['of letters of several bytes', `${'ä'.repeat(126)}.geojson`],
    ['of emoji', `${'😀'.repeat(80)}.jpg`],
  ])('are files in the run directory and beside it: %s', async (_, name) => {
    const run = new RunDirectory(folder, 'run');
    run.write(`tiles/contours/${name}`, 'x');
    run.write(`tiles/contours/other-${name}`, 'y');
    await placeFile(join(folder, 'out', name), (path) => writeFileSync(path, 'z'));
    const made = readdirSync(join(folder, 'run/tiles/contours'));
    expect(made).toHaveLength(2);
    for (const file of made) expect(Buffer.byteLength(file)).toBeLessThanOrEqual(255);
    const [out = ''] = readdirSync(join(folder, 'out'));
    expect(readFileSync(join(folder, 'out', out), 'utf8')).toBe('z');
    expect(out).toBe(fittingName(basename(name)));
    expect(out.endsWith(name.slice(name.lastIndexOf('.')))).toBe(true);
  });

  it('that fit stay as they are', () => {
    for (const name of ['a.h5', `${'L'.repeat(252)}.h5`]) expect(fittingName(name)).toBe(name);
  });
});
