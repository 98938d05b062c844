// What `npm start` and `npm test` do before their own work; plain JavaScript, because nothing is built yet.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);

/**
 * Runs a command with our terminal and resolves to its exit code. Ctrl-C reaches the command by itself, as it
 * shares the terminal; we only stay until it has ended. SIGTERM is passed on.
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

/** Runs a step that everything after it needs; ends the process with its exit code when it fails. */
async function step(title, command, args) {
  console.error(title);
  const code = await run(command, args);
  if (code !== 0) process.exit(code);
}

/** Path of a program that a dependency brings. */
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
