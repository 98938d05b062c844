import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const exec = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const here = (): string => mkdtempSync(join(tmpdir(), 'haf-package-'));

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** Packs the built package with `npm pack`. */
function pack(folder: string): Packed {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })) as Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  return packed;
}

const registry = spawnSync('npm', ['ping', '--fetch-retries=0', '--fetch-timeout=5000'], { cwd: root });
const reached = registry.status === 0;
if (!reached) console.error('the package is not installed in this test: npm does not reach its registry');

describe('the package', () => {
  it('holds what a user needs, and no sources, tests or maps', () => {
    const { size, files } = pack(here());
    expect(size).toBeLessThan(15e6);
    const paths = files.map(({ path }) => path);
    for (const needed of ['dist/bin/haf-pipeline.js', 'dist/src/api/index.d.ts', 'docs/errors.md', 'LICENSE'])
      expect(paths).toContain(needed);
    const known =
      /^(dist\/.*\.(js|d\.ts)|(docs|deploy|examples)\/.*|(README|CHANGELOG)\.md|LICENSE|package\.json)$/;
    expect(paths.filter((path) => !known.test(path))).toEqual([]);
    expect(paths.length).toBeGreaterThan(500);
  });

  it.skipIf(!reached)('runs where it is installed alone, and a typed script imports it', installed, 300_000);
});

const script = `import { openRun, version, type OpenRun } from 'haf-pipeline';
const run: OpenRun = openRun('latest');
const rows: number | undefined = run.summary?.rows.length;
console.log(version(), run.state, rows, run.predictions('blood').length);
// @ts-expect-error: there is no such option
openRun('latest', { folder: 'x' });
`;

async function installed(): Promise<void> {
  const [folder, work] = [here(), here()];
  try {
    await installAndUse(folder, work);
  } finally {
    // The installed package has many thousand files. Removing them at the end of all tests would block the process that
    // runs the tests.
    await rm(folder, { recursive: true, force: true });
  }
}

async function installAndUse(folder: string, work: string): Promise<void> {
  const { filename } = pack(folder);
  const prefix = join(folder, 'prefix');
  // Install scripts are not run: one of them would download a native TensorFlow, which the package does not need.
  const how = ['--global', '--prefix', prefix, '--ignore-scripts', '--no-audit', '--no-fund'];
  await exec('npm', ['install', ...how, join(folder, filename)], { cwd: folder });
  const run = async (...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, NO_COLOR: '1', HAF_BACKEND: 'onnx' };
    const { stdout } = await exec(join(prefix, 'bin', 'haf-pipeline'), args, { cwd: work, env });
    return stdout;
  };
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect((await run('--version')).trim()).toBe(version);

  const keys = ['methods=[mil-WSI,blood]', 'modalities=[WSI,Blood]', 'cv.folds=2', 'train.epochs=2'];
  const short = keys.flatMap((key) => ['--set', key]);
  const table = await run('quickstart', '--patients', '20', '--no-broker', ...short);
  expect(table).toMatch(/Blood .* ± /);
  expect(table).toMatch(/\d+ invented patients/);

  mkdirSync(join(work, 'node_modules'));
  const packageFolder = join(prefix, 'lib', 'node_modules', 'haf-pipeline');
  symlinkSync(packageFolder, join(work, 'node_modules', 'haf-pipeline'));
  writeFileSync(join(work, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(work, 'script.ts'), script);
  const options = ['--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  // On a type error the compiler exits with an error code, and this call throws with its output.
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  await exec(process.execPath, [compiler, ...options, ...types, 'script.ts'], { cwd: work });
  const { stdout } = await exec(process.execPath, ['script.js'], { cwd: work });
  expect(stdout.trim()).toBe(`${version} succeeded 2 2`);
}
