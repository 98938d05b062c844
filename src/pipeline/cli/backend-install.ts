import { installBackend } from '../../backend-setup/install.js';
import { installOnnxRuntime } from '../../backend-setup/install-onnx.js';
import { defaultVersion } from '../../backend-setup/wheel-choice.js';
import { HafError } from '../core/errors.js';
import { onnxTestText, selfTestText } from './backend-test.js';
import type { BackendInstallOptions } from './options.js';
import { printData, printJson, say } from './output.js';

/** `backend install`: builds a native TensorFlow, or fetches an onnxruntime with CUDA, tests it and keeps it. */
export async function backendInstall(options: BackendInstallOptions): Promise<void> {
  if (options.onnx === true) return installOnnx(options);
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

/** `backend install --onnx --gpu`: fetches an onnxruntime with CUDA, tests it and keeps it. */
async function installOnnx(options: BackendInstallOptions): Promise<void> {
  const { from, tensorflow, gpu = false, sha256 } = options;
  if (!gpu)
    throw new HafError(
      'HAF_USAGE',
      '--onnx without --gpu installs nothing: the onnxruntime for the CPU comes with haf-pipeline.',
      'Add --gpu for NVIDIA GPUs.',
    );
  const other = {
    '--from': from !== 'pypi',
    '--tensorflow': tensorflow !== undefined,
    '--sha256': sha256 !== undefined,
  };
  const [unused] = Object.entries(other).flatMap(([name, given]) => (given ? [name] : []));
  if (unused !== undefined)
    throw new HafError(
      'HAF_USAGE',
      `${unused} applies only to TensorFlow. --onnx installs one tested release, whose hashes are known.`,
      `Leave ${unused} out. PIP_INDEX_URL and the registry of npm name mirrors.`,
    );
  const installed = await installOnnxRuntime(say);
  const { name, folder, report } = installed;
  if (options.json) return printJson(installed);
  if (report === null) say(`${name} is installed already; to install it again, remove its folder first`);
  else {
    say(onnxTestText(report));
    say(`${name} is installed; image encoders use it on machines with an NVIDIA GPU`);
  }
  printData(folder);
}
