import { describe, expect, it } from 'vitest';
import { type DearrayOptions, readDearrayTable } from '../../src/operators/tables/dearray-table.js';
import { defaultMissing } from '../../src/pipeline/config/data-schema.js';
import { fault } from '../support/fault.js';
import { madeFile } from '../support/tiff-file.js';

const options: DearrayOptions = {
  ...{ name: 'cores.csv', missing: defaultMissing, id: ['patient_id'], unit: null, diameterMm: null },
  key: 'data.modalities.TMA.cores',
};
const read = (text: string, changes: Partial<DearrayOptions> = {}, name = 'cores.csv') =>
  readDearrayTable(madeFile(name, Buffer.from(text)), { ...options, name, ...changes });

describe('a dearray table', () => {
  it('is read from the measurements of QuPath, with the diameter of the experiment', async () => {
    const text = [
      'Image\tObject ID\tName\tMissing\tCase ID\tCentroid X µm\tCentroid Y µm\tNum Detections',
      'tma1.svs\tabc\tA-1\tFalse\t007\t512.5\t300\t12',
      'tma1.svs\tabd\tA-2\tTrue\t\t900\t300\t0',
    ].join('\n');
    expect(await read(text, { diameterMm: 1 })).toEqual([
      {
        ...{ table: 'cores.csv', line: 2, slide: 'tma1.svs', name: 'A-1', patient: '007', missing: false },
        ...{ x: 512.5, y: 300, at: 'um', width: 1000, height: 1000, size: 'um' },
      },
      {
        ...{ table: 'cores.csv', line: 3, slide: 'tma1.svs', name: 'A-2', patient: '', missing: true },
        ...{ x: 900, y: 300, at: 'um', width: 1000, height: 1000, size: 'um' },
      },
    ]);
  });

  it('is read from the TMA data of QuPath: corners and sides in pixels, and rows of cores without a place', async () => {
    const text = [
      'file:/slides/tma1.svs',
      'tma1.svs',
      '',
      'TMA grid width: 2',
      'TMA grid height: 1',
      'Core name\tX\tY\tWidth\tHeight\tPresent\tUnique ID',
      'A-1\t100\t200\t50\t60\ttrue\t007',
      'A-2\t\t\t\t',
    ].join('\n');
    expect(await read(text, {}, 'tma1.svs.qptma')).toMatchObject([
      { line: 7, name: 'A-1', x: 125, y: 230, at: 'px', width: 50, height: 60, size: 'px', patient: '007' },
      { line: 8, name: 'A-2', missing: true },
    ]);
  });

  it('has units of its header, of the experiment, or of both apart', async () => {
    const own = 'core,x_px,y_px,diameter_um,patient_id\nA,1,2,600,P1\n';
    expect(await read(own)).toMatchObject([{ x: 1, at: 'px', width: 600, size: 'um', patient: 'P1' }]);
    const bare = 'core;x;y;diameter;patient_id\nA;1;2;300;P1\n';
    expect(await read(bare, { unit: 'px' })).toMatchObject([{ x: 1, at: 'px', width: 300, size: 'px' }]);
  });

  it.each<readonly [string, string, Partial<DearrayOptions>, RegExp]>([
    [
      'says no unit',
      'core,x,y,diameter_px,patient_id\nA,1,2,3,P\n',
      {},
      /column "x" does not say its unit.*"x_px" or "x_um"/,
    ],
    [
      'contradicts the experiment',
      'core,x_um,y_um,diameter_um,patient_id\nA,1,2,3,P\n',
      { unit: 'px' },
      /says um, and .*unit says px/,
    ],
    ['mixes units', 'core,x_um,y_px,diameter_um,patient_id\nA,1,2,3,P\n', {}, /x and y have different units/],
    ['has no diameter', 'core,x_um,y_um,patient_id\nA,1,2,P\n', {}, /no column "diameter_px".*diameterMm/],
    ['has no patients', 'core,x_um,y_um,diameter_um\nA,1,2,3\n', {}, /no column of patients: "Case ID"/],
    [
      'has two columns for one',
      'core,x_um,x_px,y_um,diameter_um,patient_id\nA,1,1,2,3,P\n',
      {},
      /"x_um" and "x_px" may both be the x/,
    ],
    [
      'names a core twice',
      'core,x_um,y_um,diameter_um,patient_id\nA,1,2,3,P\nA,9,9,3,Q\n',
      {},
      /cores.csv:3: core "A" is listed twice, in line 2/,
    ],
    [
      'has words for numbers',
      'core,x_um,y_um,diameter_um,patient_id\nA,left,2,3,P\n',
      {},
      /cores.csv:2 x_um: "left" is no place/,
    ],
    [
      'has a diameter of 0',
      'core,x_um,y_um,diameter_um,patient_id\nA,1,2,0,P\n',
      {},
      /"0" is no length above zero/,
    ],
    [
      'has another word for missing',
      'core,x_um,y_um,diameter_um,patient_id,Missing\nA,1,2,3,P,perhaps\n',
      {},
      /"perhaps" is neither true nor false/,
    ],
  ])('that %s is refused with its place', async (_, text, changes, message) => {
    const refusal = await fault(read(text, changes));
    expect(refusal.code).toBe('HAF_TABLE_INVALID');
    expect(refusal.what).toMatch(message);
  });

  it('refuses other files that end as TMA data', async () => {
    expect((await fault(read('hello\n', {}, 'a.qptma'))).what).toMatch(/no TMA data of QuPath/);
  });
});
