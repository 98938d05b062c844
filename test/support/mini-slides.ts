import { rng } from '../../src/pipeline/core/rng.js';
import type { ConfigInput } from '../../src/pipeline/config/schema.js';
import { cohortFile, type Cohort } from '../../src/operators/cohort/cohort-data.js';
import { featuresFiles } from '../../src/operators/features/bag-index.js';
import { miniConfig, type MiniCohort } from './mini-cohort.js';

const width = 10;

/** Settings of the mini cohort, for one with slides. */
export const slidesConfig: Partial<ConfigInput> = {
  ...miniConfig,
  modalities: ['WSI', 'TMA', 'Clin', 'Blood'],
  fusion: { ...miniConfig.fusion, projection: 16 },
};

/** The mini cohort with a bag of slide instances for most patients, of another length and with the outcome in it too. */
export function withSlides({
  inputs,
  ...mini
}: MiniCohort): MiniCohort & { readonly withoutWsi: readonly number[] } {
  const stream = rng(3, 'mini-slides');
  const before = inputs.base.cohort?.[0]?.files[cohortFile] as Cohort;
  const withoutWsi = before.patients.map((_, i) => i).filter((i) => i % 13 === 4);
  const rows: number[] = [];
  const patients = before.patients.map((patient, i): Cohort['patients'][number] => {
    if (withoutWsi.includes(i)) return patient;
    const [start, instances] = [rows.length / width, 4 + stream.int(9)];
    for (let k = 0; k < instances * width; k++) {
      const shifted = patient.y === 1 && k % width === 1 && Math.floor(k / width) % 3 === 0;
      rows.push(stream.normal() + (shifted ? 4 : 0));
    }
    const segments = [{ artifact: 'slides', start, rows: instances }];
    return { ...patient, bags: { WSI: segments, ...patient.bags } };
  });
  const cohort: Cohort = {
    ...before,
    modalities: ['WSI', ...before.modalities],
    widths: { ...before.widths, WSI: width },
    precisions: { ...before.precisions, WSI: 'float32' },
    patients,
  };
  const slides = { [featuresFiles.float32]: new Uint8Array(Float32Array.from(rows).buffer) };
  return {
    ...mini,
    withoutWsi,
    inputs: {
      ...inputs,
      base: { ...inputs.base, cohort: [{ id: 'cohort', files: { [cohortFile]: cohort } }] },
      embed: { embed: [...(inputs.embed.embed ?? []), { id: 'slides', files: slides }] },
    },
  };
}
