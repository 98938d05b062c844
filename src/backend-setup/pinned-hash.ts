import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HafError, type ErrorCode } from '../pipeline/core/errors.js';

/** SHA-256 of the wheels that are downloaded if the user asks for no other version: TensorFlow, OpenSlide, onnxruntime and its CUDA. */
export const pinnedWheels: ReadonlyMap<string, string> = new Map([
  [
    'tensorflow_cpu-2.20.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    'cf756bbe2d256e942ab5d0ad2c858fb40017581494febdb4387c149b1afde780',
  ],
  [
    'tensorflow-2.20.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    '481499fd0f824583de8945be61d5e827898cdaa4f5ea1bc2cc28ca2ccff8229e',
  ],
  [
    'tensorflow-2.20.0-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_aarch64.whl',
    '3e9568c8efcb05c0266be223e3269c62ebf7ad3498f156438311735f6fa5ced5',
  ],
  [
    'openslide_bin-4.0.1.2-py3-none-manylinux_2_28_x86_64.whl',
    '8ac4aa3a2277ed5e218ca0019db65bdd6e853f865eb4edd3da00e2f4acf0c923',
  ],
  [
    'openslide_bin-4.0.1.2-py3-none-manylinux_2_28_aarch64.whl',
    '0dff14807e1b7ccfd476ca5b6945edf46908b76ec61777d35acb2a514e205c30',
  ],
  [
    'openslide_bin-4.0.1.2-py3-none-macosx_11_0_universal2.whl',
    '230cdb1e2cfa88b9f28ca8f51a7b47065b20a855ad3e7ba141cd663e5a713e8c',
  ],
  [
    'openslide_bin-4.0.1.2-py3-none-win_amd64.whl',
    '0c882f0693e4b43e187a51469bff8057de381e865765ac5508a7e1feba319116',
  ],
  [
    'onnxruntime_gpu-1.23.2-cp311-cp311-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl',
    'd76d1ac7a479ecc3ac54482eea4ba3b10d68e888a0f8b5f420f0bdf82c5eec59',
  ],
  [
    'nvidia_cublas_cu12-12.8.4.1-py3-none-manylinux_2_27_x86_64.whl',
    '8ac4e771d5a348c551b2a426eda6193c19aa630236b418086020df5ba9667142',
  ],
  [
    'nvidia_cuda_nvrtc_cu12-12.8.93-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    'a7756528852ef889772a84c6cd89d41dfa74667e24cca16bb31f8f061e3e9994',
  ],
  [
    'nvidia_cuda_runtime_cu12-12.8.90-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    'adade8dcbd0edf427b7204d480d6066d33902cab2a4707dcfc48a2d0fd44ab90',
  ],
  [
    'nvidia_cudnn_cu12-9.10.2.21-py3-none-manylinux_2_27_x86_64.whl',
    '949452be657fa16687d0930933f032835951ef0892b37d2d53824d1a84dc97a8',
  ],
  [
    'nvidia_cufft_cu12-11.3.3.83-py3-none-manylinux2014_x86_64.manylinux_2_17_x86_64.whl',
    '4d2dd21ec0b88cf61b62e6b43564355e5222e4a3fb394cac0db101f2dd0d4f74',
  ],
  [
    'nvidia_curand_cu12-10.3.9.90-py3-none-manylinux_2_27_x86_64.whl',
    'b32331d4f4df5d6eefa0554c565b626c7216f87a06a4f56fab27c3b68a830ec9',
  ],
  [
    'nvidia_nvjitlink_cu12-12.8.93-py3-none-manylinux2010_x86_64.manylinux_2_12_x86_64.whl',
    '81ff63371a7ebd6e6451970684f916be2eab07321b73c9d244dc2b4da7f73b88',
  ],
]);

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/**
 * Compares a downloaded file with the hash in this release of haf-pipeline, before anything is unpacked.
 *
 * @throws HafError with the code `code` if the hashes differ
 */
export async function requirePinned(
  path: string,
  sha256: string,
  code: ErrorCode = 'HAF_BACKEND_NOT_BUILT',
): Promise<void> {
  const found = await sha256Of(path);
  if (found === sha256) return;
  throw new HafError(
    code,
    `${basename(path)} is not the file that this release was tested with: its SHA-256 is ${found}, not ${sha256}. Nothing of it was used.`,
    'Check the registry that "npm config ls" or "pip config list" shows: a mirror may serve another file, or the download was damaged.',
  );
}

/**
 * Compares a downloaded wheel with the hash in this release of haf-pipeline, before anything is unpacked.
 *
 * @throws HafError HAF_BACKEND_NOT_BUILT if this release has no hash of the wheel, or if the hashes differ
 */
export async function requireKnown(path: string): Promise<void> {
  const sha256 = pinnedWheels.get(basename(path));
  if (sha256 !== undefined) return requirePinned(path, sha256);
  throw new HafError(
    'HAF_BACKEND_NOT_BUILT',
    `pip downloaded ${basename(path)}, which this release does not know. Nothing of it was used.`,
    'Check the index that "pip config list" shows: a mirror may offer another build.',
  );
}

/**
 * Checks an archive before anything is unpacked: against the hash that the user gives, else against the hash in this
 * release of haf-pipeline. If there is neither, the user is told that the file is unchecked, and told its hash.
 *
 * @param given SHA-256 from `--sha256`
 * @throws HafError with the code `code` if the hashes differ
 */
export async function checkArchive(
  path: string,
  given: string | null,
  tell: (step: string) => void,
  code: ErrorCode = 'HAF_BACKEND_NOT_BUILT',
): Promise<void> {
  const name = basename(path);
  if (given !== null) {
    const found = await sha256Of(path);
    if (found === given.toLowerCase()) return;
    throw new HafError(
      code,
      `${name} has the SHA-256 ${found}, not the ${given} of --sha256. Nothing of it was used.`,
      'Download the file again, or correct --sha256.',
    );
  }
  const pinned = pinnedWheels.get(name);
  if (pinned !== undefined) return requirePinned(path, pinned, code);
  tell(
    `warning: ${name} is not checked: this release has no hash of it. Its SHA-256 is ${await sha256Of(path)}`,
  );
}
