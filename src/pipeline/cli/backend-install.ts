import { installBackend } from '../../backend-setup/install.js';
import { defaultVersion } from '../../backend-setup/wheel-choice.js';
import { HafError } from '../core/errors.js';
import { selfTestText } from './backend-test.js';
import type { BackendInstallOptions } from './options.js';
import { printData, printJson, say } from './output.js';

/** `backend install`: builds a native TensorFlow, tests it and keeps it. */
export async function backendInstall(options: BackendInstallOptions): Promise<void> {
  const { from, tensorflow: version, gpu = false, sha256 } = options;
  if (version !== undefined && from !== 'pypi')
    throw new HafError(
      'HAF_USAGE',
      `--tensorflow chooses among the wheels on PyPI, not what ${from} holds.`,
      'Leave it out, or take --from pypi.',
    );
  if (sha256 !== undefined && (from === 'pypi' || from === 'npm' || !/^[0-9a-f]{64}$/i.test(sha256)))
    throw new HafError(
      'HAF_USAGE',
      '--sha256 takes the 64 hexadecimal digits of the file or address that --from names.',
      'Correct it, or leave it out.',
    );
  const hash = sha256 === undefined ? {} : { sha256 };
  const installed = await installBackend({ from, version: version ?? defaultVersion, gpu, ...hash }, say);
  const { name, folder, report } = installed;
  if (options.json) return printJson(installed);
  if (report === null) {
    say(`${name} is installed already; to build it again, remove its folder first`);
    return printData(folder);
  }
  say(selfTestText(report));
  say(`${name} is installed; "haf-pipeline backend ls" shows what would be used`);
  printData(folder);
}
