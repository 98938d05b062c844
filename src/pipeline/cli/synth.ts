import type { SynthOptions } from './options.js';
import { printData, say } from './output.js';

/** `synth DIR`: writes a synthetic cohort with all seven modalities (src/operators/synthetic). */
export async function synth(directory: string, options: SynthOptions): Promise<void> {
  const { makeCohort } = await import('../../operators/synthetic/make-cohort.js');
  await makeCohort({ out: directory, ...options });
  printData(directory);
  const next = options.slides
    ? `haf-pipeline tile ${directory}/slides -o tiles --set tissue.preset=bwh_biopsy --set tile.size=128 --set tile.step=128`
    : `haf-pipeline inspect ${directory}`;
  say(`${options.patients} synthetic patients, instances of ${options.width} numbers. Next: ${next}`);
}
