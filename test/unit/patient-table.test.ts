import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { Unit } from '../../src/pipeline/stage.js';
import { findBags } from '../../src/pipeline/sources/bag-files.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

/** A cohort with `layout: own` and one bag modality. */
const own = (bag: object, patients: object = { id: 'PATIENT' }): Changes => ({
  modalities: ['WSI'],
  data: {
    layout: 'own',
    patients,
    outcome: { file: 'clini.csv', event: { column: 'DEAD', positive: [1], negative: [0] } },
    modalities: { WSI: { kind: 'bag', files: 'feats/**/*.{h5,npz}', ...bag } },
  },
});
const byTable = (more: object = {}): object => ({
  patient: { table: 'slides.csv', file: 'FILENAME', ...more },
});

describe('whose files are', () => {
  let root: string;
  const write = (name: string, text = name): void => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const unitsOf = async (changes: Changes): Promise<readonly Unit[]> =>
    (await findBags(resolvedConfig(changes), root, 'WSI')).map(({ unit }) => unit);
  const patientsOf = async (
    changes: Changes,
  ): Promise<readonly (readonly [string | undefined, string | undefined])[]> =>
    (await unitsOf(changes)).map(({ file, patient }) => [file, patient]);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-own-'));
  });

  describe('by a table of files', () => {
    it('joins by path, by name, or by name without ending', async () => {
      for (const name of ['a.h5', 'b.h5', 'deep/c.h5']) write(`feats/${name}`);
      write('slides.csv', 'PATIENT,FILENAME\np1,a\np2,b.h5\np1,feats/deep/c.h5\n');
      expect(await patientsOf(own(byTable()))).toEqual([
        ['feats/a.h5', 'p1'],
        ['feats/b.h5', 'p2'],
        ['feats/deep/c.h5', 'p1'],
      ]);
      // The slide table names the patient of each file. So the unit has no rule for file names.
      expect((await unitsOf(own(byTable())))[0]).toEqual({
        modality: 'WSI',
        file: 'feats/a.h5',
        patient: 'p1',
      });
    });

    it('joins features to slides by name, and refuses two slides of one name under two patients', async () => {
      for (const name of ['a.h5', 'b.1.h5']) write(`feats/${name}`);
      write('slides.csv', 'PATIENT,FILENAME\np1,a.svs\np2,b.1.ndpi\n');
      expect(await patientsOf(own(byTable()))).toEqual([
        ['feats/a.h5', 'p1'],
        ['feats/b.1.h5', 'p2'],
      ]);
      write('slides.csv', 'PATIENT,FILENAME\np1,a.svs\np2,a.h5\np2,b.1\n');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_TABLE_INVALID',
        what: expect.stringContaining(
          'a.h5 is of patient p1 in line 2 and of patient p2 in line 3',
        ) as string,
      });
    });

    it('refuses a row that fits files of two folders, and takes rows with paths', async () => {
      for (const name of ['north/1.h5', 'south/1.h5']) write(`feats/${name}`);
      write('slides.csv', 'PATIENT,FILENAME\np1,1.h5\n');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_TABLE_INVALID',
        what: 'slides.csv: line 2 (patient p1) fits two files, feats/north/1.h5 and feats/south/1.h5.',
      });
      write('slides.csv', 'PATIENT,FILENAME\np1,feats/north/1.h5\np2,feats/south/1\n');
      expect(await patientsOf(own(byTable()))).toEqual([
        ['feats/north/1.h5', 'p1'],
        ['feats/south/1.h5', 'p2'],
      ]);
    });

    it('needs the table', async () => {
      write('feats/a.h5');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_DATA_MISSING',
        what: `WSI: there is no file slides.csv in ${root}.`,
        fix: 'Put it there, or correct data.modalities.WSI.patient.table.',
      });
    });

    it('tells of rows whose file is not there', async () => {
      write('feats/a.h5');
      write('feats/b.h5');
      write('slides.csv', 'PATIENT,FILENAME\np1,a\np2,b\np3,c\n');
      const told: Problem[] = [];
      await findBags(resolvedConfig(own(byTable())), root, 'WSI', (problem) => told.push(problem));
      expect(told).toMatchObject([
        { severity: 'warning', patient: 'p3', file: 'slides.csv', place: 'line 4, FILENAME' },
      ]);
    });

    it('reads names and ids as Unicode composes them', async () => {
      write('feats/Mu\u0308ller_1.h5');
      write('slides.csv', 'PATIENT,FILENAME\nMu\u0308ller,M\u00fcller_1\n');
      expect((await unitsOf(own(byTable())))[0]?.patient).toBe('M\u00fcller');
    });

    it('keeps ids as text and takes its own id column', async () => {
      for (const name of ['a.h5', 'b.h5']) write(`feats/${name}`);
      write('slides.csv', 'CASE;FILENAME\n007;a\n7;b\n');
      expect(await patientsOf(own(byTable({ id: 'CASE' })))).toEqual([
        ['feats/a.h5', '007'],
        ['feats/b.h5', '7'],
      ]);
    });

    it('refuses files in no row, with examples and the closest name', async () => {
      for (const name of ['slide_1.h5', 'slide_2.h5', 'slide_3.h5']) write(`feats/${name}`);
      write('slides.csv', 'PATIENT,FILENAME\np1,slide_1\np2,slide-2\np3,slide_3\n');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_JOIN_REFUSED',
        what: 'WSI: 1 of 3 files are in no row of slides.csv, such as feats/slide_2.h5; the closest name without a file is "slide-2".',
        fix: expect.stringContaining('allowUnmatched') as string,
      });
      const patients = { id: 'PATIENT', allowUnmatched: true };
      expect(await patientsOf(own(byTable(), patients))).toEqual([
        ['feats/slide_1.h5', 'p1'],
        ['feats/slide_2.h5', undefined],
        ['feats/slide_3.h5', 'p3'],
      ]);
    });

    it('refuses a table most of whose rows name a file that is not there; a few may', async () => {
      write('feats/a.h5');
      write('slides.csv', 'PATIENT,FILENAME\np1,a\np2,b\np3,c\n');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_JOIN_REFUSED',
        what: 'WSI: 2 of 3 rows of slides.csv name a file that does not exist, such as "b" in line 3, "c" in line 4.',
      });
      write('feats/b.h5');
      expect(await unitsOf(own(byTable()))).toHaveLength(2);
    });

    it('refuses a file under two patients, with both lines; twice the same is no fault', async () => {
      write('feats/a.h5');
      write('slides.csv', 'PATIENT,FILENAME\np1,a\np1,a\np2,a\n');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_TABLE_INVALID',
        what: 'slides.csv: file "a" is of patient p1 in line 2 and of patient p2 in line 4.',
      });
    });

    it('refuses a file that two rows call in two ways and give to two patients', async () => {
      write('feats/a.h5');
      write('slides.csv', 'PATIENT,FILENAME\np1,a\np2,a.h5\n');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_TABLE_INVALID',
        what: expect.stringMatching(/feats\/a\.h5.*p1.*line 2.*p2.*line 3/) as string,
      });
    });

    it('names the column that is absent, and the closest one', async () => {
      write('feats/a.h5');
      write('slides.csv', 'PATIENT,FILENAMES\np1,a\n');
      await expect(unitsOf(own(byTable()))).rejects.toMatchObject({
        code: 'HAF_TABLE_INVALID',
        what: expect.stringContaining(
          'slides.csv:1: no column "FILENAME" (data.modalities.WSI.patient.file); did you mean "FILENAMES"?',
        ) as string,
      });
    });
  });

  describe('by a pattern', () => {
    const pattern = (text: string): object => ({ patient: { pattern: text } });

    it('gives each of sixty patients the own slides, whatever numbers the names end in', async () => {
      const names = Array.from({ length: 60 }, (_, p) =>
        [1, 2, 3].map((s) => `P${String(p + 1).padStart(3, '0')}_S${s}`),
      );
      for (const name of names.flat()) write(`feats/${name}.h5`);
      const units = await unitsOf(own(pattern('^(?<patient>P\\d+)_S\\d+$')));
      expect(new Set(units.map(({ patient }) => patient)).size).toBe(60);
      for (const { file = '', patient = '' } of units)
        expect(file).toMatch(new RegExp(`^feats/${patient}_S`));
    });

    it('refuses files that do not match, with examples', async () => {
      for (const name of ['P1_S1.h5', 'other.h5', 'more.h5']) write(`feats/${name}`);
      const rule = pattern('^(?<patient>P\\d+)_S\\d+$');
      await expect(unitsOf(own(rule))).rejects.toMatchObject({
        code: 'HAF_JOIN_REFUSED',
        what: 'WSI: 2 of 3 files do not match data.modalities.WSI.patient.pattern, such as feats/more.h5, feats/other.h5.',
      });
      const patients = { id: 'PATIENT', allowUnmatched: true };
      expect((await patientsOf(own(rule, patients))).map(([, patient]) => patient)).toEqual([
        'P1',
        undefined,
        undefined,
      ]);
    });

    it('leaves files that may hold several patients to the names of their arrays', async () => {
      write('feats/all.npz');
      expect(await unitsOf(own(pattern('^(?<patient>P\\d+)$')))).toEqual([
        { modality: 'WSI', file: 'feats/all.npz', names: { pattern: '^(?<patient>P\\d+)$' } },
      ]);
    });
  });

  it('are told of when a glob misses them by differs', async () => {
    for (const name of ['a.h5', 'b.H5', 'c.H5']) write(`feats/${name}`);
    const told: Problem[] = [];
    await findBags(resolvedConfig(own({ files: 'feats/*.h5' })), root, 'WSI', (problem) =>
      told.push(problem),
    );
    expect(told).toMatchObject([
      {
        ...{ severity: 'warning', file: 'feats/b.H5', place: 'WSI' },
        reason: '2 files are not read: they differ from "feats/*.h5" in upper and lower case only.',
      },
    ]);
  });

  it('is the whole name of a file where nothing else is said', async () => {
    for (const name of ['P001_S1.h5', 'P001_S2.h5']) write(`feats/${name}`);
    expect((await patientsOf(own({}))).map(([, patient]) => patient)).toEqual(['P001_S1', 'P001_S2']);
  });

  it('groups images by patient or by file, as the bag says', async () => {
    for (const name of ['p1_a.png', 'p1_b.png', 'p2_a.png']) write(`cores/${name}`);
    const cores = { files: null, images: 'cores/*.png', patient: { pattern: '^(?<patient>p\\d)' } };
    const shared = { modality: 'WSI', tiling: 'grid' };
    expect(await unitsOf(own(cores))).toEqual([
      { ...shared, patient: 'p1' },
      { ...shared, patient: 'p2' },
    ]);
    expect(await unitsOf(own({ ...cores, group: 'file', tiling: 'tissue' }))).toEqual([
      { modality: 'WSI', tiling: 'tissue', file: 'cores/p1_a.png', patient: 'p1' },
      { modality: 'WSI', tiling: 'tissue', file: 'cores/p1_b.png', patient: 'p1' },
      { modality: 'WSI', tiling: 'tissue', file: 'cores/p2_a.png', patient: 'p2' },
    ]);
  });
});
