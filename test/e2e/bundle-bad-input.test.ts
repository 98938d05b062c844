import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { predictedSchema, type Predicted } from '../../src/operators/bundle/predicted-data.js';
import { openSealedZip, sealZip } from '../../src/pipeline/core/sealed-zip.js';
import { cli } from '../support/cli.js';
import { workFolder } from '../support/small-cohort.js';

/**
 * A bundle that the first release with bundles made. Every later release must read it. It was trained on a synthetic
 * cohort (`synth --patients 40 --seed 11 --width 8`): HAF on TMA, Clin and Blood, two folds of two epochs.
 */
const fixture = join(import.meta.dirname, '../fixtures/bundle-v1.haf');
/** Patient, fold, logit and calibrated probability that the first release computed, on the backend onnx. */
const golden = [
  ['501', 0, 0.0279471, 0.5069863],
  ['501', 1, -0.2029767, 0.4494293],
  ['502', 0, 0.0186794, 0.5046697],
  ['502', 1, -0.1930339, 0.4518908],
  ['503', 0, 0.0189602, 0.5047399],
  ['503', 1, -0.1856987, 0.4537083],
] as const;
const modelOf = (folder: string): string => join(folder, 'model.haf');

describe('predict with a bundle of the first release', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await workFolder();
    rmSync(join(folder, 'data'), { recursive: true });
    const made = await cli(['synth', 'data', '--patients', '20', '--seed', '12', '--width', '8'], folder);
    expect(made.code, made.stderr).toBe(0);
    // The ids are changed, so none of these patients is a training patient.
    for (const file of ['clinical.csv', 'blood.csv', 'targets.csv']) renamed(folder, file);
    rmSync(join(folder, 'data/tma'), { recursive: true });
    cpSync(fixture, modelOf(folder));
  });

  const run = (...more: readonly string[]): ReturnType<typeof cli> =>
    cli(['predict', 'model.haf', '--data', 'data', '-o', 'out', '--no-broker', ...more], folder);
  const predicted = (): Predicted =>
    predictedSchema.parse(JSON.parse(readFileSync(join(folder, 'out/predictions.json'), 'utf8')));
  /** Changes a file of the data for one test. */
  async function with_(
    file: string,
    change: (text: string) => string,
    use: () => Promise<void>,
  ): Promise<void> {
    const path = join(folder, 'data', file);
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, change(before));
    try {
      await use();
    } finally {
      writeFileSync(path, before);
    }
  }

  it('predicts everybody, says what is missing, and flags nothing without cause', async () => {
    const { code, stderr } = await run();
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('predicted without TMA');
    const { patients } = predicted();
    expect(patients).toHaveLength(20);
    for (const { probabilities, modalities, expected } of patients) {
      expect(probabilities).toHaveLength(2);
      expect(probabilities?.every((p) => p > 0 && p < 1)).toBe(true);
      expect(modalities).not.toContain('TMA');
      expect(expected === null || (expected >= 0 && expected <= 1)).toBe(true);
    }
    // The outputs must be those of the release that made the bundle.
    for (const [patient, fold, logit, p] of golden) {
      const own = patients.find((one) => one.patient === patient);
      expect(own?.outputs[fold]?.[0]).toBeCloseTo(logit, 5);
      expect(own?.probabilities?.[fold]).toBeCloseTo(p, 5);
    }
  }, 60_000);

  it('refuses a table that lacks a column of the model, and names it with the closest', async () => {
    await with_(
      'clinical.csv',
      (text) => text.replace('age_at_initial_diagnosis', 'age_at_diagnosis'),
      async () => {
        const { code, stderr } = await run();
        expect(code).toBe(65);
        expect(stderr).toMatch(
          /HAF_BUNDLE_UNFIT.*"age_at_initial_diagnosis" \(the closest is "age_at_diagnosis"\)/,
        );
      },
    );
  }, 60_000);

  it('reads columns in any order, beside columns that the model does not know', async () => {
    expect((await run()).code).toBe(0);
    const before = predicted();
    const reordered = (text: string): string =>
      text
        .trim()
        .split('\n')
        .map((line) => [...line.split(',').reverse(), 'x'].join(','))
        .join('\n');
    await with_('clinical.csv', reordered, async () => {
      expect((await run()).code).toBe(0);
      expect(predicted()).toEqual(before);
    });
  }, 60_000);

  it('flags values of another unit and unknown categories', async () => {
    const inMonths = (text: string): string => {
      const [header = '', ...lines] = text.trim().split('\n');
      const at = header.split(',').indexOf('age_at_initial_diagnosis');
      const sex = header.split(',').indexOf('sex');
      const changed = lines.map((line) =>
        line
          .split(',')
          .map((cell, i) => (i === at ? String(Number(cell) * 12) : i === sex ? 'unclear' : cell))
          .join(','),
      );
      return [header, ...changed].join('\n');
    };
    await with_('clinical.csv', inMonths, async () => {
      expect((await run()).code).toBe(0);
      for (const { flags } of predicted().patients) {
        expect(flags.join()).toMatch(/Clin\.age_at_initial_diagnosis \d+ is outside of the training range/);
        expect(flags.join()).toMatch(/Clin\.sex "unclear" is not a value of the training/);
      }
    });
  }, 60_000);

  it('gives a patient without data the base rate, with a flag', async () => {
    writeFileSync(join(folder, 'ids.csv'), 'patient_id\n777\n501\n');
    expect((await run('--patients', 'ids.csv')).code).toBe(0);
    const [first, second] = predicted().patients;
    expect([first?.patient, first?.modalities]).toEqual(['501', ['Clin', 'Blood']]);
    expect([second?.patient, second?.modalities, second?.expected]).toEqual(['777', [], null]);
    expect(second?.flags.join()).toContain('the patient has none of the modalities of the model');
    // Eleven of forty patients died. For a patient without data, the model of a fold predicts the share of deceased
    // patients among its training patients.
    for (const p of second?.probabilities ?? []) expect(p).toBeGreaterThan(0.1);
    for (const p of second?.probabilities ?? []) expect(p).toBeLessThan(0.5);
  }, 60_000);

  it('refuses patients of the training until told', async () => {
    await with_(
      'clinical.csv',
      (text) => text.replaceAll(/^5/gm, '0'),
      async () => {
        const { code, stderr } = await run();
        expect(code).toBe(65);
        expect(stderr).toMatch(/HAF_BUNDLE_UNFIT.*20 of 38 patients were in the training/);
        expect((await run('--trained-patients')).code).toBe(0);
      },
    );
  }, 60_000);

  it('says that ids of two modalities have nothing in common', async () => {
    await with_(
      'blood.csv',
      (text) => text.replaceAll(/^5/gm, '9'),
      async () => {
        const { code, stderr } = await run();
        expect(code).toBe(0);
        expect(stderr).toMatch(/None of the 20 patients of Clin .* is in another modality/);
      },
    );
  }, 60_000);

  it('refuses features of another width, and other tiles', async () => {
    mkdirSync(join(folder, 'data/tma'), { recursive: true });
    const other = await cli(['synth', 'wide', '--patients', '20', '--seed', '12', '--width', '9'], folder);
    expect(other.code).toBe(0);
    cpSync(join(folder, 'wide/tma'), join(folder, 'data/tma'), { recursive: true });
    writeFileSync(
      join(folder, 'wide.yaml'),
      'name: wide\nmodalities: [TMA, Clin, Blood]\ndata: { modalities: { TMA: { width: 9 } } }\n',
    );
    const { code, stderr } = await run('-c', 'wide.yaml');
    rmSync(join(folder, 'data/tma'), { recursive: true });
    expect(code).toBe(65);
    expect(stderr).toMatch(/HAF_BUNDLE_UNFIT.*instances of 9 numbers, and the model was trained on 8/);
    writeFileSync(join(folder, 'tiles.yaml'), 'name: other\ntile: { size: 64 }\n');
    const tiles = await run('-c', 'tiles.yaml');
    expect(tiles.code).toBe(65);
    expect(tiles.stderr).toMatch(/HAF_BUNDLE_UNFIT.*"tile"/);
  }, 60_000);
});

describe('a bundle that is not what it was', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await workFolder();
    cpSync(fixture, modelOf(folder));
  });
  const files = (): Record<string, Uint8Array> =>
    Object.fromEntries(openSealedZip(readFileSync(fixture), 'bundle-v1.haf'));
  const changed = (name: string, change: (value: Record<string, unknown>) => object): Uint8Array => {
    const all = files();
    const value = JSON.parse(new TextDecoder().decode(all[name])) as Record<string, unknown>;
    return sealZip({ ...all, [name]: new TextEncoder().encode(JSON.stringify(change(value))) });
  };

  it.each([
    ['cut off', () => readFileSync(fixture).subarray(0, -1), /cut off or was changed/],
    [
      'changed by one byte',
      () => {
        const bytes = Uint8Array.from(readFileSync(fixture));
        bytes[1000] = (bytes[1000] as number) ^ 1;
        return bytes;
      },
      /does not match its checksum/,
    ],
    [
      'of a later schema',
      () => changed('bundle.json', (about) => ({ ...about, schema: 99, new: 1 })),
      /later version/,
    ],
    [
      'without a fold',
      () => sealZip(Object.fromEntries(Object.entries(files()).filter(([name]) => name !== 'fold-1.json'))),
      /no file "fold-1\.json"/,
    ],
    [
      'with an experiment that cannot be',
      () => changed('bundle.json', (about) => ({ ...about, config: { name: 7 } })),
      /experiment that this version cannot read/,
    ],
    [
      'with weights of another shape',
      () => sealZip({ ...files(), 'fold-0.safetensors': new Uint8Array(20) }),
      /damaged "fold-0\.safetensors"/,
    ],
    ['that is a picture', () => new TextEncoder().encode('\u0089PNG not a bundle at all'), /is no bundle/],
  ] as const)(
    '%s is refused by verify and predict',
    async (_, make, says) => {
      writeFileSync(modelOf(folder), make());
      for (const args of [
        ['bundle', 'verify', 'model.haf'],
        ['predict', 'model.haf', '--data', 'data', '-o', 'out', '--no-broker'],
      ]) {
        const { code, stderr } = await cli(args, folder);
        expect(code, stderr).toBe(65);
        expect(stderr).toContain('HAF_BUNDLE_INVALID');
        expect(stderr).toMatch(says);
      }
    },
    60_000,
  );
});

/** Replaces the ids in a table by other ids. */
function renamed(folder: string, file: string): void {
  const path = join(folder, 'data', file);
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll(/^0(\d\d),/gm, '5$1,'));
}
