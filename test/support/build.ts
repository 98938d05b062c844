import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Builds `dist` once before any test: command-line tests and training processes run the built code. All temporary folders of
 * the tests, and of the processes they start, lie in one folder that is removed at the end.
 */
export function setup(): () => Promise<void> {
  const root = join(import.meta.dirname, '../..');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const build = spawnSync(process.execPath, [tsc, '-b', 'tsconfig.build.json', 'src/page'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (build.status !== 0) throw new Error(`The build failed:\n${build.stdout}${build.stderr}`);

  // Test processes inherit the environment.
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'haf-tests-'));
  const temporary = process.env.TMPDIR;
  // Asynchronous: the test processes wait for an answer of this one while they end.
  return () => rm(temporary, { recursive: true, force: true, maxRetries: 5 });
}
