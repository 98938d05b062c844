import { spawnSync } from 'node:child_process';

/** Time that nvidia-smi may take. Without NVIDIA's persistence daemon it first loads the driver, which takes seconds for each GPU. */
const listTimeoutMs = 30_000;

/**
 * Ids of the NVIDIA GPUs that this process may use: those in CUDA_VISIBLE_DEVICES, otherwise those that the driver lists.
 */
export function visibleGpus(environment: NodeJS.ProcessEnv = process.env): readonly string[] {
  const visible = environment.CUDA_VISIBLE_DEVICES;
  if (visible !== undefined)
    return visible
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== '' && id !== '-1');
  const { status, stdout } = spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8', timeout: listTimeoutMs });
  return status === 0 ? [...stdout.matchAll(/^GPU (\d+):/gm)].map(([, id]) => id ?? '') : [];
}
