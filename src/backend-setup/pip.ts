import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HafError } from '../pipeline/core/errors.js';
import type { Machine } from '../backends/machine.js';
import { lastLines, ProgramFailed, runProgram } from './run-program.js';
import { pythonVersions, wheelPlatforms } from './wheel-choice.js';

const candidates = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']] as const;

/** How pip is called on this machine. @throws HafError HAF_BACKEND_NOT_BUILT when there is none */
export async function findPip(): Promise<readonly string[]> {
  for (const [program, ...args] of candidates) {
    try {
      await runProgram(program, [...args, '--version']);
      return [program, ...args];
    } catch {
      // A Python without pip; another one may have it.
    }
  }
  throw new HafError(
    'HAF_BACKEND_NOT_BUILT',
    'This machine has no pip to download the wheel of TensorFlow with.',
    'Install it (Debian and Ubuntu: apt install python3-pip), or download the wheel elsewhere and name it with --from FILE.',
  );
}

/**
 * Downloads the wheels of requirements into a folder, without what they depend on, and gives their paths.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT with what pip said
 */
export async function downloadWheels(
  requirements: readonly string[],
  folder: string,
  machine: Machine,
): Promise<readonly string[]> {
  const platforms = wheelPlatforms(machine);
  const [program = 'pip', ...args] = await findPip();
  await mkdir(folder, { recursive: true });
  const fixed = ['download', '--quiet', '--no-deps', '--only-binary=:all:', '--implementation', 'cp'];
  const tags = platforms.flatMap((platform) => ['--platform', platform]);
  let failure: HafError | null = null;
  for (const python of pythonVersions) {
    const target = ['--python-version', python, '--dest', folder];
    try {
      await runProgram(program, [...args, ...fixed, ...tags, ...target, ...requirements]);
      const files = await readdir(folder);
      return files.filter((name) => name.endsWith('.whl')).map((name) => join(folder, name));
    } catch (error) {
      failure ??= pipFailure(requirements, error);
      // Only "there is no such wheel" may be otherwise for another Python.
      if (!(error instanceof ProgramFailed) || pipFault(error.output) !== 'unknown') break;
    }
  }
  throw failure ?? new Error('no Python was asked for');
}

export type PipFault = 'network' | 'space' | 'unknown' | 'other';

/** What pip complains of. `unknown`: the index has no such wheel for this machine. */
export function pipFault(output: string): PipFault {
  if (/No space left|Errno 28/.test(output)) return 'space';
  // Without a network pip warns of its retries, then says that no version exists.
  if (
    /Retrying \(|NewConnectionError|ConnectTimeout|ProxyError|SSLError|Could not fetch|40[137] /.test(output)
  )
    return 'network';
  return /No matching distribution|Could not find a version/.test(output) ? 'unknown' : 'other';
}

const fixes: Readonly<Record<PipFault, string>> = {
  network:
    'Check the network and the proxy, set PIP_INDEX_URL to a mirror, or download the wheel elsewhere and name it with --from FILE.',
  space:
    'Free some space, or set HAF_BACKENDS_DIR to a folder on another disk: it takes about 3 GB, with CUDA 10 GB.',
  unknown:
    'Choose another --tensorflow: "pip index versions tensorflow-cpu" lists them. They need a Linux with glibc, on x86-64 or Arm.',
  other: 'See what pip says; --from FILE takes a wheel that was downloaded by other means.',
};

function pipFailure(requirements: readonly string[], error: unknown): HafError {
  const output = error instanceof ProgramFailed ? error.output : String(error);
  const what = `pip could not download ${requirements.join(', ')}:\n${lastLines(output, 4)}`;
  return new HafError('HAF_BACKEND_NOT_BUILT', what, fixes[pipFault(output)], { cause: error });
}
