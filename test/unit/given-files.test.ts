import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadConfig } from '../../src/pipeline/config/load.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { findBags } from '../../src/pipeline/sources/bag-files.js';
import { givenBags, type GivenBags } from '../../src/pipeline/sources/given-files.js';
import { testConfig } from '../support/jobs.js';

describe('files named on a command line', () => {
  let root: string;
  const write = (...names: string[]): void => {
    for (const name of names) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), name);
    }
  };
  const given = (paths: readonly string[], modality: ModalityId = 'WSI'): Promise<GivenBags> =>
    givenBags(paths, modality, testConfig(), root);
  const namesOf = ({ bags }: GivenBags): readonly (readonly string[])[] => bags.map(({ names }) => names);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-given-'));
  });

  it('takes the images of a folder in the order of their paths, whoever names them first', async () => {
    write(
      'slides/b_2.svs',
      'slides/a_1.TIFF',
      'slides/deeper/c_3.ndpi',
      'slides/notes.txt',
      'slides/x_9.h5',
      'slides/y_4.czi',
    );
    const found = await given(['slides/b_2.svs', 'slides']);
    expect(namesOf(found)).toEqual([
      ['slides/a_1.TIFF'],
      ['slides/b_2.svs'],
      ['slides/deeper/c_3.ndpi'],
      ['slides/y_4.czi'],
    ]);
    expect(found.bags.every(({ kind, role }) => kind === 'images' && role === 'slide')).toBe(true);
  });

  it('takes the feature files of a folder without images, and tells both apart by their endings', async () => {
    write('pt_files/b_2.pt', 'pt_files/a_1.h5', 'a_3.svs');
    expect((await given(['pt_files'])).bags.map(({ kind, role }) => [kind, role])).toEqual([
      ['features', 'features'],
      ['features', 'features'],
    ]);
    expect((await given(['a_3.svs', 'pt_files/b_2.pt'])).bags.map(({ kind }) => kind)).toEqual([
      'images',
      'features',
    ]);
  });

  it('joins the cores of a patient', async () => {
    const core = (stain: string, patient: string): string =>
      `cores/TumorCenter_${stain}_block1_x1_y1_patient${patient}.png`;
    write(core('HE', '007'), core('CD3', '007'), core('HE', '008'));
    expect(namesOf(await given(['cores'], 'TMA'))).toEqual([
      [core('CD3', '007'), core('HE', '007')],
      [core('HE', '008')],
    ]);
  });

  it('takes the name of a file as its id where the rule of the experiment cannot say the patient', async () => {
    write('slides/TCGA-4A-AA01-DX1.svs', 'slides/TCGA-4A-AA02-DX1.svs', 'features/S-2012-A1.h5');
    const patientsOf = ({ bags }: GivenBags) => bags.map(({ unit }) => unit.patient);
    expect(patientsOf(await given(['slides']))).toEqual(['TCGA-4A-AA01-DX1', 'TCGA-4A-AA02-DX1']);

    // `slides.csv` assigns files to patients, but does not exist at first. So the name of a file is the patient id.
    const patient = { table: 'slides.csv', file: 'FILENAME' };
    const declared = { kind: 'bag', files: '*.h5', width: 8, patient } as const;
    const outcome = { file: 'c.csv', event: { column: 'S', positive: [1], negative: [0] } };
    const text = stringify({
      name: 'x',
      methods: ['mil-WSI'],
      data: { layout: 'own', outcome, modalities: { WSI: declared } },
    });
    const { config } = loadConfig({ text });
    const found = (): Promise<GivenBags> => givenBags(['features'], 'WSI', config, root);
    expect(patientsOf(await found())).toEqual(['S-2012-A1']);
    writeFileSync(join(root, 'slides.csv'), 'patient_id,FILENAME\nP7,S-2012-A1.h5\n');
    expect(patientsOf(await found())).toEqual(['P7']);
  });

  it('leaves out files with one id, naming them, and keeps the others', async () => {
    write('a/x_1.svs', 'b/x_1.svs', 'b/y_2.svs');
    const found = await given(['a', 'b']);
    expect(namesOf(found)).toEqual([['b/y_2.svs']]);
    expect(found.problems.map(({ file, severity }) => [file, severity])).toEqual([
      ['a/x_1.svs', 'failure'],
      ['b/x_1.svs', 'failure'],
    ]);
    expect(found.problems[0]?.reason).toContain('a/x_1.svs, b/x_1.svs');
  });

  it('does not pass over links that lead nowhere, but follows others', async () => {
    write('archive/a_1.svs', 'archive/deeper/b_2.svs');
    mkdirSync(join(root, 'slides'));
    symlinkSync(join(root, 'archive/a_1.svs'), join(root, 'slides/a_1.svs'));
    symlinkSync(join(root, 'archive/deeper'), join(root, 'slides/linked'));
    expect(namesOf(await given(['slides']))).toEqual([['slides/a_1.svs'], ['slides/linked/b_2.svs']]);
    symlinkSync(join(root, 'unmounted/c_3.svs'), join(root, 'slides/c_3.svs'));
    expect(namesOf(await given(['slides']))).toContainEqual(['slides/c_3.svs']);
    const config = testConfig({
      modalities: ['WSI'],
      data: { modalities: { WSI: { slides: 'slides/*.svs' } } },
    });
    const found = await findBags(config, root, 'WSI');
    expect(found.map(({ names }) => names)).toEqual([['slides/a_1.svs'], ['slides/c_3.svs']]);
  });

  it('names files outside of the folder by their whole path', async () => {
    write('x_1.svs');
    const found = await givenBags([join(root, 'x_1.svs')], 'WSI', testConfig(), join(root, 'elsewhere'));
    expect(namesOf(found)).toEqual([[join(root, 'x_1.svs')]]);
  });

  it('refuses paths that are not there, all of them, and folders without anything to read', async () => {
    write('empty/notes.txt');
    await expect(given(['a.svs', 'b.svs'])).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
      what: expect.stringMatching(/a\.svs, b\.svs/) as string,
    });
    await expect(given(['empty'])).rejects.toMatchObject({ code: 'HAF_DATA_MISSING' });
  });
});
