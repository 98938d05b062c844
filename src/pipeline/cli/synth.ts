import type { SynthOptions } from './options.js';
import { printData, say } from './output.js';

/** `synth DIR`: writes a synthetic cohort. Files and columns are named as in HANCOCK or, with `--own`, differently. */
export async function synth(directory: string, options: SynthOptions): Promise<void> {
  await (options.own ? synthOwn(directory, options) : synthHancock(directory, options));
}

async function synthHancock(directory: string, { width = 64, ...options }: SynthOptions): Promise<void> {
  const { makeCohort } = await import('../../operators/synthetic/make-cohort.js');
  await makeCohort({ ...options, out: directory, width });
  printData(directory);
  const next = options.slides
    ? `haf-pipeline tile ${directory}/slides -o tiles --set tissue.preset=bwh_biopsy --set tile.size=128 --set tile.step=128`
    : `haf-pipeline inspect ${directory}`;
  say(`${options.patients} synthetic patients, instances of ${width} numbers. Next: ${next}`);
}

async function synthOwn(directory: string, { patients, seed, width = 32 }: SynthOptions): Promise<void> {
  const { makeOwnCohort } = await import('../../operators/synthetic/own/make-own-cohort.js');
  const { slides } = await makeOwnCohort({ out: directory, patients, seed, width });
  printData(directory);
  say(
    `${patients} synthetic patients, ${slides} slides, instances of ${width} numbers. ` +
      `Next: haf-pipeline init my-study --from ${directory}`,
  );
}
