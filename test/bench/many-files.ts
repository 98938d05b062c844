import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const [rows, width] = [16, 8];

/** A feature file in numpy's format: 16 instances of 8 float32 values. */
function npyFile(next: () => number): Uint8Array {
  const dictionary = `{'descr': '<f4', 'fortran_order': False, 'shape': (${rows}, ${width}), }`;
  const header = `${dictionary.padEnd(117)}\n`;
  const file = Buffer.alloc(10 + header.length + 4 * rows * width);
  file.write('\x93NUMPY\x01\x00', 'latin1');
  file.writeUInt16LE(header.length, 8);
  file.write(header, 10, 'latin1');
  for (let i = 0; i < rows * width; i++) file.writeFloatLE(next() - 0.5, 10 + header.length + 4 * i);
  return file;
}

/**
 * A cohort with one small feature file for each patient, and an experiment that reads every file and trains very
 * little. Returns the path of the experiment.
 */
export function writeManyFiles(folder: string, patients: number): string {
  mkdirSync(join(folder, 'features'), { recursive: true });
  let state = 1;
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  const clinical = ['PATIENT,DEAD,AGE'];
  for (let i = 0; i < patients; i++) {
    const id = `P${String(i).padStart(6, '0')}`;
    writeFileSync(join(folder, 'features', `${id}.npy`), npyFile(next));
    clinical.push(`${id},${i % 3 === 0 ? 1 : 0},${(40 + 40 * next()).toFixed(1)}`);
  }
  writeFileSync(join(folder, 'clini.csv'), `${clinical.join('\n')}\n`);
  const experiment = join(folder, 'experiment.yaml');
  writeFileSync(
    experiment,
    `name: many
methods: [table-Clin]
data:
  root: .
  layout: own
  patients: { id: PATIENT }
  outcome: { file: clini.csv, event: { column: DEAD, positive: ['1'], negative: ['0'] } }
  modalities:
    Clin: { kind: table, file: clini.csv, columns: { AGE: numeric }, others: ignore }
    WSI: { kind: bag, files: 'features/*.npy', width: ${width} }
cv: { folds: 2 }
train: { epochs: 1, batch: 512 }
`,
  );
  return experiment;
}
