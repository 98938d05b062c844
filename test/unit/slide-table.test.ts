import { describe, expect, it } from 'vitest';
import type { HafError } from '../../src/pipeline/core/errors.js';
import { readSlideTable, rowsWithoutSlide } from '../../src/pipeline/sources/slide-table.js';
import { fault } from '../support/fault.js';

const header = 'file,mpp,keep_ids,exclude_ids\n';

describe('the slide table', () => {
  it('finds a slide by path, by file name and by stem, the more exact first', () => {
    const settings = readSlideTable('slides.csv', `${header}a/one.svs,0.25,,\none.svs,0.5,,\nthree,1,,\n`);
    expect(settings('a/one.svs')).toEqual({ mpp: 0.25 });
    expect(settings('b/one.svs')).toEqual({ mpp: 0.5 });
    expect(settings('b/three.tiff')).toEqual({ mpp: 1 });
    expect(settings('b/four.tiff')).toEqual({});
  });

  it('tells of rows that fit no slide', () => {
    const text = `${header}a/one.svs,0.25,,\n./a/two.svs,0.5,,\nthree,1,,\n`;
    expect(rowsWithoutSlide('slides.csv', text, ['a/one.svs', 'a/two.svs', 'b/three.tiff'])).toMatchObject([
      {
        ...{ severity: 'warning', file: 'slides.csv', place: 'line 3' },
        reason: 'No slide is called "./a/two.svs", so this row is not used.',
      },
    ]);
  });

  it('reads lists of contours and passes over empty cells and other columns', () => {
    const settings = readSlideTable(
      'slides.csv',
      'stain,file,keep_ids,exclude_ids\nHE,one.svs,0 2,\nHE,two.svs,,1;3\nHE,three.svs,,\n',
    );
    expect(settings('one.svs')).toEqual({ keepIds: [0, 2] });
    expect(settings('two.svs')).toEqual({ excludeIds: [1, 3] });
    expect(settings('three.svs')).toEqual({});
  });

  const faultOf = (text: string): Promise<HafError> =>
    fault(Promise.resolve().then(() => readSlideTable('slides.csv', text)));

  it('names all faults with their lines', async () => {
    const faults = await faultOf(
      `${header}one.svs,zero,,\n,0.5,,\ntwo.svs,-1,,\nthree.svs,,a,\nthree.svs,1,,\n`,
    );
    expect(faults).toMatchObject({ code: 'HAF_TABLE_INVALID', exitCode: 65 });
    for (const text of [
      'line 2: mpp "zero"',
      'line 3: no file',
      'line 4: mpp "-1"',
      'line 5: keep_ids "a"',
      'line 6: "three.svs" is listed twice',
    ])
      expect(faults.what).toContain(text);
  });

  it.each([
    ['without a file column', 'slide,mpp\none,1\n', 'found slide, mpp'],
    ['without a setting', 'file,stain\none,HE\n', 'found file, stain'],
    ['that is empty', '', 'found none'],
    ['that is no table', 'file,mpp\n"one,1\n', 'Quote'],
  ])('refuses one %s', async (_, text, what) => {
    expect((await faultOf(text)).what).toContain(what);
  });
});
