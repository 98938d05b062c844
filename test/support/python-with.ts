import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** HAF_PYTHON, every python3 on the PATH, and the system's python3, for which Debian installs its packages. */
const candidates = [
  ...(process.env.HAF_PYTHON === undefined ? [] : [process.env.HAF_PYTHON]),
  ...(process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'python3'))
    .filter((file) => existsSync(file)),
  '/usr/bin/python3',
];

/** Finds a python3 that can import these modules. If there is none, prints a note and returns null. */
export function pythonWith(...modules: readonly string[]): string | null {
  const code = modules.map((name) => `import ${name}`).join('\n');
  const found = candidates.find((program) => spawnSync(program, ['-c', code]).status === 0);
  if (found === undefined) console.warn(`SKIPPED: no python3 with ${modules.join(' and ')} on this machine`);
  return found ?? null;
}

/**
 * Runs a Python program and returns its output.
 * @throws Error with the program's error message
 */
export function runPython(python: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
