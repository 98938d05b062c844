// Steps that `npm start` and `npm test` run first: install and compile. This file is plain JavaScript, because no
// TypeScript is compiled yet.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);

/**
 * Runs a command in this terminal and resolves to its exit code. The terminal sends Ctrl-C to the command as well,
 * so this process ignores Ctrl-C and waits until the command has ended. SIGTERM is passed on to the command.
 */
export function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit' });
    const stay = () => {};
    const passOn = () => child.kill('SIGTERM');
    process.on('SIGINT', stay).on('SIGTERM', passOn);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      process.off('SIGINT', stay).off('SIGTERM', passOn);
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1));
    });
  });
}

/** Runs a step that all later steps need. If the step fails, this process ends with its exit code. */
async function step(title, command, args) {
  console.error(title);
  const code = await run(command, args);
  if (code !== 0) process.exit(code);
}

/** Path of a program in an installed dependency. */
export const program = (...parts) => at('node_modules', ...parts);

/** Installs the locked dependencies when they are missing or older than the lock file, then compiles to dist/. */
export async function prepare() {
  const installed = at('node_modules', '.package-lock.json');
  if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(at('package-lock.json')).mtimeMs)
    await step('installing dependencies', 'npm', ['ci', '--no-fund', '--no-audit', '--loglevel=error']);
  await step('building', process.execPath, [
    program('typescript', 'bin', 'tsc'),
    '-b',
    'tsconfig.build.json',
    'src/page',
  ]);
}
