import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** HAF_PYTHON, every python3 of the PATH, and the system's, where Debian's packages live. */
const candidates = [
  ...(process.env.HAF_PYTHON === undefined ? [] : [process.env.HAF_PYTHON]),
  ...(process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'python3'))
    .filter((file) => existsSync(file)),
  '/usr/bin/python3',
];

/** A python3 that can import these modules; says so and gives null when there is none. */
export function pythonWith(...modules: readonly string[]): string | null {
  const code = modules.map((name) => `import ${name}`).join('\n');
  const found = candidates.find((program) => spawnSync(program, ['-c', code]).status === 0);
  if (found === undefined) console.warn(`SKIPPED: no python3 with ${modules.join(' and ')} on this machine`);
  return found ?? null;
}

/** What a program prints. @throws Error with what it complained of */
export function runPython(python: string, args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}
