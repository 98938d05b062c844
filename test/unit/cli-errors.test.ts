import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { errorText, runCommand } from '../../src/pipeline/cli/errors.js';
import { paletteFor } from '../../src/pipeline/cli/output.js';
import { errorCodes, HafError } from '../../src/pipeline/core/errors.js';

const plain = paletteFor({ isTTY: false }, {}, []);

describe('an error on the terminal', () => {
  it('shows the code, what is wrong with its details, and what to do', () => {
    const error = new HafError('HAF_TABLE_INVALID', 'Two problems:\na.csv:1 x\na.csv:2 y', 'Correct them.');
    expect(errorText(error, plain).split('\n')).toEqual([
      'HAF_TABLE_INVALID Two problems:',
      '  a.csv:1 x',
      '  a.csv:2 y',
      'fix: Correct them.',
    ]);
  });

  it('has a red code where colours are wanted', () => {
    const text = errorText(new HafError('HAF_USAGE', 'No.', 'Yes.'), paletteFor({ isTTY: true }, {}, []));
    expect(text).toMatch(/^\u001b\[31mHAF_USAGE\u001b\[39m No\./);
  });

  it('shows the stack of a bug, and of nothing else', () => {
    expect(errorText(HafError.from(new TypeError('oops')), plain)).toContain('cli-errors.test.ts');
    const known = new HafError('HAF_USAGE', 'No.', 'Yes.', { context: { stack: 'at somewhere' } });
    expect(errorText(known, plain)).not.toContain('somewhere');
  });
});

describe('running a command', () => {
  beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));
  afterEach(() => {
    vi.restoreAllMocks();
    process.exitCode = undefined;
  });

  it('takes the exit code from the action or from its error', async () => {
    await runCommand(() => undefined);
    expect(process.exitCode).toBe(0);
    await runCommand(() => Promise.resolve(2));
    expect(process.exitCode).toBe(2);
    await runCommand(() => Promise.reject(new HafError('HAF_DATA_MISSING', 'No data.', 'Get some.')));
    expect(process.exitCode).toBe(65);
    await runCommand(() => {
      throw new Error('a bug');
    });
    expect(process.exitCode).toBe(1);
  });
});

describe('colours', () => {
  const coloured = (isTTY: boolean, environment: NodeJS.ProcessEnv, argv: readonly string[] = []): boolean =>
    paletteFor({ isTTY }, environment, argv).isColorSupported;

  it('follow the terminal, NO_COLOR, FORCE_COLOR, TERM and --no-color', () => {
    expect(coloured(true, {})).toBe(true);
    expect(coloured(false, {})).toBe(false);
    expect(coloured(true, { NO_COLOR: '1' })).toBe(false);
    expect(coloured(true, { TERM: 'dumb' })).toBe(false);
    expect(coloured(false, { FORCE_COLOR: '1' })).toBe(true);
    expect(coloured(false, { FORCE_COLOR: '0' })).toBe(false);
    expect(coloured(true, { FORCE_COLOR: '1' }, ['--no-color'])).toBe(false);
  });
});

describe('docs/errors.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/errors.md'), 'utf8');

  it('has a section with the right exit code for every error code, and no other', () => {
    const sections = [...page.matchAll(/^## (HAF_\w+)\n\nExit code (\d+)/gm)].map(([, code, exit]) => [
      code,
      exit,
    ]);
    const expected = errorCodes.map((code) => [code, String(new HafError(code, '', '').exitCode)]);
    expect(sections).toEqual(expected);
  });
});
