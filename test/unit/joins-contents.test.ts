import { describe, expect, it } from 'vitest';
import { patientBags } from '../../src/operators/cohort/patient-bags.js';
import { saysOther, type Whose } from '../../src/operators/cohort/says-other.js';
import type { EmbeddedBags } from '../../src/operators/cohort/bag-piece.js';
import { namesSaid } from '../../src/operators/features/self-names.js';
import { writeFeatureFile } from '../../src/operators/features/feature-file.js';
import { npyBytes, npzBytes } from '../../src/operators/synthetic/npz-file.js';
import { writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { embedFile, scratchFile, scratchPath, type Embedded } from '../support/embed-file.js';

const width = 2;

/** The embedded file as the `bags` stage reads it. */
const asRead = (file: string, { index }: Embedded): EmbeddedBags => ({
  ...{ artifact: file, modality: 'WSI', name: file, file, fromImages: null },
  index,
});

const vector = (values: readonly number[]): Float32Array => Float32Array.from(values);
const npy = (name: string, values: readonly number[]): Promise<EmbeddedBags> =>
  embedFile(
    'WSI',
    scratchFile(name, npyBytes({ shape: [values.length / width, width], data: vector(values) })),
    width,
  ).then((embedded) => asRead(`wsi/${name}`, embedded));

describe('equal instances', () => {
  const values = [1, 2, 3, 4];

  it('are told of whatever format, names and attributes the two files have', async () => {
    const h5 = scratchPath('HE_002.h5');
    const bag = {
      patient: '002',
      source: 'primary',
      image: 'HE_002',
      start: 0,
      rows: 2,
      coords: null,
      mpp: null,
    };
    await writeFeatureFile(h5, { width, encoder: 'uni', bag, values: vector(values), coords: null });
    const copy = asRead('wsi/HE_002.h5', await embedFile('WSI', h5, width));
    const other = await npy('HE_003.npy', [1, 2, 3, 5]);
    const { problems } = patientBags('WSI', [await npy('HE_001.npy', values), copy, other], null);
    expect(problems).toMatchObject([
      {
        ...{ severity: 'warning', patient: '002', file: 'wsi/HE_002.h5' },
        reason: 'It holds the same 2 instances as wsi/HE_001.npy, which is of patient 001.',
      },
    ]);
  });

  it('are told of within a patient, and between the arrays of one file', async () => {
    const twice = await Promise.all(
      ['PrimaryTumor_HE_001.npy', 'PrimaryTumor_HE_001_a.npy'].map((name) => npy(name, values)),
    );
    expect(patientBags('WSI', twice, null).problems).toMatchObject([
      { reason: expect.stringContaining('of the same patient: they count twice') as string },
    ]);
    const arrays = new Map(
      ['001', '002'].map((key) => [key, { shape: [2, width], data: vector(values) }] as const),
    );
    for (const [name, bytes] of [
      ['cores.npz', npzBytes(arrays)],
      ['cores.safetensors', writeSafetensors(Object.fromEntries(arrays))],
    ] as const) {
      const file = asRead(name, await embedFile('TMA', scratchFile(name, bytes), width));
      expect(patientBags('TMA', [file], null).problems).toMatchObject([
        {
          patient: '002',
          reason: expect.stringContaining('"001" of the same file, which is of patient 001') as string,
        },
      ]);
    }
  });

  it('are not told of bags of zeros, or without rows, which say nothing', async () => {
    const zeros = await Promise.all(['HE_001.npy', 'HE_002.npy'].map((name) => npy(name, [0, 0])));
    expect(zeros[0]?.index.bags[0]?.digest).toBeUndefined();
    expect(patientBags('WSI', zeros, null).problems).toEqual([]);
  });
});

describe('what a file says of itself', () => {
  const hancock: Whose = {
    ...{ rule: 'hancock', idOf: (text) => text, known: new Set(['001', '002']) },
  };
  const own = (rule: Whose['rule'], ...known: readonly string[]): Whose => ({
    ...{ rule, idOf: (text) => text, known: new Set(known) },
  });
  const file = (name: string, patient: string, ...says: readonly string[]): EmbeddedBags => ({
    ...{ artifact: name, modality: 'WSI', name, file: name, fromImages: null },
    index: {
      ...{ dialect: 'h5', encoder: null, precision: 'float32', width, says: [...says] },
      bags: [{ patient, source: '', image: name, start: 0, rows: 1, coords: null, mpp: null }],
    },
  });
  const reasons = (files: readonly EmbeddedBags[], whose: Whose): readonly string[] =>
    saysOther(files, whose).map(({ reason }) => reason);

  it('is read from attributes of TRIDENT and of our own', async () => {
    const h5 = scratchPath('HE_001.h5');
    const bag = {
      patient: '002',
      source: 'primary',
      image: 'HE_002',
      start: 0,
      rows: 1,
      coords: null,
      mpp: null,
    };
    await writeFeatureFile(h5, { width, encoder: 'uni', bag, values: vector([1, 2]), coords: null });
    const embedded = await embedFile('WSI', h5, width);
    expect(embedded.index.says).toEqual(['HE_002']);
    expect(reasons([asRead('wsi/HE_001.h5', embedded)], hancock)).toEqual([
      'The file says inside that it is of "HE_002", which is patient 002; its name says patient 001.',
    ]);
  });

  it('takes texts alone, each once', () => {
    const texts: Record<string, readonly unknown[]> = {
      name: [' a ', 'a', null],
      slide_id: [7, ''],
      case_id: ['b'],
    };
    expect(namesSaid((name) => texts[name] ?? [])).toEqual(['a', 'b']);
  });

  it('is fine when it is the file, its slide or its patient', () => {
    const files = [
      file('wsi/HE_001.h5', '001', 'HE_001', 'D:\\scans\\HE_001.svs', '/data/001.ndpi', '1'),
      file('wsi/HE_002.h5', '002', 'anything', 'scan 17'),
    ];
    expect(reasons(files, hancock)).toEqual([]);
  });

  it('is told of where files were renamed the wrong way round, by any rule', () => {
    const swapped = [file('a/x.h5', 'p1', 'y.svs'), file('a/y.h5', 'p2', 'x')];
    for (const rule of [null, 'whole', { pattern: '^(?<patient>p\\d)' }] as const)
      expect(reasons(swapped, own(rule, 'p1', 'p2'))).toEqual([
        'The file says inside that it is of "y.svs", which is patient p2; its name says patient p1.',
        'The file says inside that it is of "x", which is patient p1; its name says patient p2.',
      ]);
    const pattern = { pattern: '^(?<patient>p\\d)' };
    expect(reasons([file('a/p1_S1.h5', 'p1', 'p7_S1')], own(pattern, 'p1'))).toHaveLength(1);
    expect(reasons([file('a/x.h5', 'p1', 'p2')], own(null, 'p1', 'p2'))).toHaveLength(1);
    expect(reasons([file('a/x.h5', 'p1', 'archive-9')], own(null, 'p1', 'p2'))).toEqual([]);
  });
});
