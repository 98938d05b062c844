import { rng } from '../../src/pipeline/core/rng.js';
import type { PatientBags } from '../../src/operators/cohort/cohort-data.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { bagsArtifact } from './invented-cohort.js';
import { miniConfig, type MiniCohort } from './mini-cohort.js';
import type { Changes } from './resolved-config.js';

const width = 10;

/** The settings of the mini cohort with slides. */
export const slidesConfig: Changes = {
  ...miniConfig,
  modalities: ['WSI', 'TMA', 'Clin', 'Blood'],
  fusion: { ...miniConfig.fusion, projection: 16 },
};

/**
 * Adds to the mini cohort a bag of slide instances for most patients. Like every modality of the mini cohort, these
 * instances reveal the outcome. Unlike those of TMA, they have 10 numbers and not 12.
 */
export function withSlides({
  inputs,
  ...mini
}: MiniCohort): MiniCohort & { readonly withoutWsi: readonly number[] } {
  const stream = rng(3, 'mini-slides');
  const withoutWsi = mini.members.map((_, i) => i).filter((i) => i % 13 === 4);
  const rows: number[] = [];
  const bags: PatientBags['patients'] = {};
  mini.members.forEach((patient, i) => {
    if (withoutWsi.includes(i)) return;
    const [start, instances] = [rows.length / width, 4 + stream.int(9)];
    for (let k = 0; k < instances * width; k++) {
      const shifted = patient.y === 1 && k % width === 1 && Math.floor(k / width) % 3 === 0;
      rows.push(stream.normal() + (shifted ? 4 : 0));
    }
    bags[patient.id] = [{ artifact: 'slides', start, rows: instances }];
  });
  const slides = { [featuresFiles.float32]: new Uint8Array(Float32Array.from(rows).buffer) };
  return {
    ...mini,
    withoutWsi,
    inputs: {
      ...inputs,
      embed: {
        bags: [bagsArtifact('WSI', width, bags), ...(inputs.embed.bags ?? [])],
        embed: [...(inputs.embed.embed ?? []), { id: 'slides', unit: { modality: 'WSI' }, files: slides }],
      },
    },
  };
}
