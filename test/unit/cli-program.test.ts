import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../src/pipeline/cli/program.js';

let [out, err] = ['', ''];
beforeEach(() => {
  [out, err] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

async function run(...args: readonly string[]): Promise<string | number | null | undefined> {
  await main(['node', 'haf-pipeline', ...args]);
  return process.exitCode;
}

/** Packages that are loaded together with a module, by static imports only. */
function packagesOf(file: string, seen = new Set<string>()): ReadonlySet<string> {
  const found = new Set<string>();
  if (seen.has(file)) return found;
  seen.add(file);
  const imports = readFileSync(file, 'utf8').matchAll(
    /^(?:import|export) (?!type )[^;]*?from '([^']+)';$/gms,
  );
  for (const [, path = ''] of imports) {
    if (!path.startsWith('.')) found.add(path);
    else
      for (const inner of packagesOf(resolve(dirname(file), path.replace(/\.js$/, '.ts')), seen))
        found.add(inner);
  }
  return found;
}

describe('the command line', () => {
  it('needs nothing but commander and colours until a command runs', () => {
    const packages = packagesOf(resolve(import.meta.dirname, '../../src/pipeline/cli/program.ts'));
    const foreign = [...packages].filter((name) => !name.startsWith('node:'));
    expect(foreign.sort()).toEqual(['commander', 'picocolors']);
  });

  it('prints help and version to stdout, examples first', async () => {
    expect(await run('up', '--help')).toBe(0);
    expect(out.indexOf('Examples:')).toBe(0);
    expect(out).toContain('--dry-run');
    expect(await run('--version')).toBe(0);
    expect(out).toMatch(/\d+\.\d+\.\d+\n$/);
    expect(err).toBe('');
  });

  it('ends wrong usage with 64 and a suggestion on stderr', async () => {
    expect(await run('inspekt')).toBe(64);
    expect(err).toContain('Did you mean inspect?');
    expect(await run('up', '--workers', 'many')).toBe(64);
    expect(err).toContain('expected a whole number of at least 0');
    expect(await run('worker', '--metrics', '0.0.0.0:70000')).toBe(64);
    expect(err).toContain('expected PORT or HOST:PORT');
    expect(await run('replay', 'stage9', '--run', 'x')).toBe(64);
    expect(await run('replay', 'stage1')).toBe(64);
    expect(await run()).toBe(64);
    expect(out).toBe('');
  });

  it.each([
    [['up', '--epochs', '3'], '--epochs is a key of the experiment: use --set train.epochs=3\n'],
    [['config', 'print', '--cv.folds=4'], '--cv.folds is a key of the experiment: use --set cv.folds=4\n'],
    [['plan', '--early-stopping'], null],
    [['up', '--seed', '5'], 'use --set seed=5 or --set cv.seed=5\n'],
    [['up', '--max-instances'], 'use --set bag.maxInstances=VALUE\n'],
    [['doctor', '--epochs', '3'], null],
  ])('says how a key is set when it is given as an option: %j', async (args, hint) => {
    expect(await run(...args)).toBe(64);
    expect(err).toContain('unknown option');
    if (hint === null) expect(err).not.toContain('--set');
    else expect(err).toContain(hint);
  });

  it('ends a bad experiment with 78, every problem on stderr', async () => {
    expect(await run('config', 'print', '-c', 'no-such.yaml')).toBe(78);
    expect(err).toContain('HAF_CONFIG_MISSING');
    expect(err).toContain('fix: ');
    const set = ['--set', 'seed=x', '--set', 'trian.epochs=1'];
    expect(await run('config', 'print', '-c', 'examples/quickstart.yaml', ...set)).toBe(78);
    expect(err).toContain('--set seed=x seed: expected a whole number, found "x"');
    expect(err).toContain('--set trian.epochs=1 trian: unknown key; did you mean "train"?');
    expect(out).toBe('');
  });

  it('prints the resolved experiment and the schema as data', async () => {
    expect(await run('config', 'print', '-c', 'examples/quickstart.yaml', '--set', 'seed=9')).toBe(0);
    expect(out).toContain('seed: 9 # Seed of every random stream');
    out = '';
    expect(await run('config', 'schema')).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ type: 'object', required: ['name'] });
    expect(err).toBe('');
  });
});
