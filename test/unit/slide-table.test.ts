import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HafError } from '../../src/pipeline/core/errors.js';
import { readSlideTable, type SlideTable } from '../../src/operators/tables/slide-table.js';
import { findBags } from '../../src/pipeline/sources/bag-files.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { fault } from '../support/fault.js';
import { resolvedConfig } from '../support/resolved-config.js';

const header = 'file,mpp,keep_ids,exclude_ids\n';
let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'haf-slide-table-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const read = (text: string | Buffer, files: readonly string[]): Promise<SlideTable> => {
  writeFileSync(join(root, 'slides.csv'), text);
  return readSlideTable(join(root, 'slides.csv'), { name: 'slides.csv', missing: ['', 'NA'] }, files);
};

describe('the slide table', () => {
  it('finds a slide by path, by file name and by stem, the more exact first', async () => {
    const files = ['a/one.svs', 'b/one.svs', 'b/three.tiff', 'b/four.tiff'];
    const { of, warnings } = await read(`${header}a/one.svs,0.25,,\none.svs,0.5,,\nthree,1,,\n`, files);
    expect(files.map(of)).toEqual([{ mpp: 0.25 }, { mpp: 0.5 }, { mpp: 1 }, {}]);
    expect(warnings).toEqual([]);
  });

  it('takes other spellings of a path where one slide alone is meant', async () => {
    const files = [
      'slides/1.svs',
      'slides/2.svs',
      'slides/3.svs',
      'slides/4.SVS',
      'slides/Präparat 5.svs'.normalize('NFD'),
    ];
    const table = await read(
      `${header}./slides/1.svs,0.1,,\nslides\\2.svs,0.2,,\n3.SVS,0.3,,\nslides/4.svs,0.4,,\n${'Präparat 5.svs'.normalize('NFC')},0.5,,\n`,
      files,
    );
    expect(files.map((file) => table.of(file).mpp)).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    expect(table.warnings).toEqual([]);
  });

  it('warns of each row that fits no slide, or that fits two', async () => {
    const { of, warnings } = await read(
      `${header}D:\\scans\\1.svs,0.25,,\n/data/old/1.svs,0.25,,\n1.tiff,0.25,,\n2.SVS,0.25,,\n`,
      ['a/1.svs', 'a/2.svs', 'b/2.svs'],
    );
    expect(of('a/2.svs')).toEqual({});
    expect(warnings.map(({ severity, place, reason }) => [severity, place, reason])).toEqual(
      ['D:\\scans\\1.svs', '/data/old/1.svs', '1.tiff', '2.SVS'].map((name, at) => [
        'warning',
        `line ${at + 2}`,
        `No slide is called "${name}", so this row is not used.`,
      ]),
    );
  });

  it('reads lists of contours, passes over other columns, and names rows without a file or without a setting', async () => {
    const files = ['one.svs', 'two.svs', 'three.svs'];
    const { of, warnings } = await read(
      'stain,file,keep_ids,exclude_ids\nHE,one.svs,0 2,\nHE,two.svs,,1;3\nHE,three.svs,,\nHE,,1,\n,,,\n',
      files,
    );
    expect(files.map(of)).toEqual([{ keepIds: [0, 2] }, { excludeIds: [1, 3] }, {}]);
    expect(warnings.map(({ severity, reason }) => [severity, reason])).toEqual([
      ['warning', '1 row without a file in column "file": line 5.'],
      ['info', '1 row with nothing in mpp, keep_ids and exclude_ids: line 4.'],
    ]);
  });

  it.each([
    ['semicolons and decimal commas', 'file;mpp\none.svs;0,25\n'],
    ['tabs in UTF-16', Buffer.from('\ufefffile\tmpp\none.svs\t0.25\n', 'utf16le')],
    ['an Excel directive', 'sep=;\nfile;mpp\none.svs;0,25\n'],
    ['mixed line ends and an empty tail', 'file,mpp\r\none.svs,0.25\n,\n,\r\n\x1a'],
  ])('is read as any table is: %s', async (_, text) => {
    const { of, warnings } = await read(text, ['one.svs']);
    expect(of('one.svs')).toEqual({ mpp: 0.25 });
    expect(warnings).toEqual([]);
  });

  const faultOf = (text: string): Promise<HafError> => fault(read(text, []));

  it('names all faults with their lines', async () => {
    const faults = await faultOf(`${header}one.svs,zero,,\ntwo.svs,-1,,\nthree.svs,,a,\n./three.svs,1,,\n`);
    expect(faults).toMatchObject({ code: 'HAF_TABLE_INVALID', exitCode: 65 });
    for (const text of [
      'slides.csv:2 mpp: "zero"',
      'slides.csv:3 mpp: "-1"',
      'slides.csv:4 keep_ids: "a"',
      'slides.csv:5 file: "./three.svs" is listed twice, in line 4 already',
    ])
      expect(faults.what).toContain(text);
  });

  it.each([
    ['without a file column', 'slide,mpp\none,1\n', 'no column "file"'],
    ['without a setting', 'file,stain\none,HE\n', 'found "file", "stain"'],
    ['that is empty', '', 'the file is empty'],
    ['that is no table', 'file,mpp\n"one,1\n', 'a quote (") is opened here and never closed'],
  ])('refuses one %s', async (_, text, what) => {
    expect((await faultOf(text)).what).toContain(what);
  });
});

describe('a table of files', () => {
  it('has each row without a file named', async () => {
    for (const [name, text] of [
      ['feats/a.h5', 'a'],
      ['feats/b.h5', 'b'],
      ['files.csv', 'PATIENT,FILENAME\np1,a.h5\np2,\np2,b.h5\np3,NA\n'],
    ] as const) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), text);
    }
    const said: Problem[] = [];
    const config = resolvedConfig({
      modalities: ['WSI'],
      data: {
        layout: 'own',
        patients: { id: 'PATIENT' },
        outcome: { file: 'clini.csv', event: { column: 'DEAD', positive: [1], negative: [0] } },
        modalities: {
          WSI: { kind: 'bag', files: 'feats/*.h5', patient: { table: 'files.csv', file: 'FILENAME' } },
        },
      },
    });
    await findBags(config, root, 'WSI', (problem) => said.push(problem));
    expect(said).toMatchObject([
      {
        ...{ severity: 'warning', file: 'files.csv', place: 'FILENAME' },
        reason: '2 rows without a file in column "FILENAME": line 3 (patient p2) and 5 (patient p3).',
      },
    ]);
  });
});
