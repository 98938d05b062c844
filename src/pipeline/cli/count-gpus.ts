import { spawnSync } from 'node:child_process';

/** NVIDIA GPUs this process may use: those that CUDA_VISIBLE_DEVICES names, else those the driver lists; 0 without one. */
export function countGpus(environment: NodeJS.ProcessEnv = process.env): number {
  const visible = environment.CUDA_VISIBLE_DEVICES;
  if (visible !== undefined) return visible.split(',').filter((id) => id.trim() !== '' && id !== '-1').length;
  const { status, stdout } = spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8', timeout: 5000 });
  return status === 0 ? stdout.split('\n').filter((line) => line.startsWith('GPU ')).length : 0;
}
