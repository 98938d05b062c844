import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Builds `dist` once before any test, because the command-line tests and the training processes run the built code.
 * Puts all temporary folders of the tests, and of the processes they start, into one folder that is removed at the end.
 */
export function setup(): () => Promise<void> {
  const root = join(import.meta.dirname, '../..');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const build = spawnSync(process.execPath, [tsc, '-b', 'tsconfig.build.json', 'src/page'], {
    cwd: root,
    encoding: 'utf8',
  });
  if (build.status !== 0) throw new Error(`The build failed:\n${build.stdout}${build.stderr}`);

  // The test processes inherit this environment variable, so they create their temporary files in this folder.
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'haf-tests-'));
  const temporary = process.env.TMPDIR;
  // Removes asynchronously, because this process must still answer the test processes, which wait for it at their end.
  return () => rm(temporary, { recursive: true, force: true, maxRetries: 5 });
}
