import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dicomSeries } from '../../src/operators/slides/dicom-series.js';
import { layOutParts } from '../../src/operators/slides/lay-out-parts.js';
import { type DicomFolders, slideParts } from '../../src/operators/slides/slide-parts.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import type { FoundBags } from '../../src/pipeline/sources/bag-files.js';
import { nameFiles } from '../../src/pipeline/sources/find-sources.js';
import { slidesIn } from '../../src/pipeline/sources/slides-in.js';
import { dicomImage } from '../support/dicom-slide.js';
import { resolvedConfig } from '../support/resolved-config.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'haf-parts-'));
  // A fake installation of OpenSlide. The tests only look for it and do not load it.
  const [version, library, from] = ['4.0.1', 'libopenslide.so.1', 'a test'];
  const { platform, arch } = process;
  put('openslide/openslide.json', JSON.stringify({ v: 1, version, library, from, platform, arch }));
  vi.stubEnv('HAF_OPENSLIDE_DIR', join(folder, 'openslide'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function put(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const slidedat = `\ufeff[GENERAL]\r\nSLIDE_ID = x\r\n[HIERARCHICAL]\r\nINDEXFILE = Index.dat\r\nHIER_COUNT = 1
[DATAFILE]\r\nFILE_COUNT = 2\r\nFILE_0 = Data0000.dat\r\nFILE_1 = Data0001.dat\r\n`;

function putMirax(): string {
  put('s/a/Slidedat.ini', slidedat);
  for (const name of ['Index.dat', 'Data0000.dat', 'Data0001.dat', 'notes.txt']) put(`s/a/${name}`, name);
  return put('s/a.mrxs', 'a thumbnail');
}

const series = { width: 64, height: 64, series: '1.2.5' };

describe('the files of a slide', () => {
  it('MIRAX: those that Slidedat.ini names', async () => {
    expect(await slideParts(putMirax())).toEqual({
      parts: ['a/Data0000.dat', 'a/Data0001.dat', 'a/Index.dat', 'a/Slidedat.ini'],
      missing: [],
    });
  });

  it('MIRAX: what is missing', async () => {
    const path = putMirax();
    rmSync(join(folder, 's/a/Data0001.dat'));
    expect((await slideParts(path)).missing).toEqual(['a/Data0001.dat']);
    rmSync(join(folder, 's/a'), { recursive: true });
    expect((await slideParts(path)).missing).toEqual(['a/Slidedat.ini']);
  });

  it('Hamamatsu VMS: its images, and none outside of its folder', async () => {
    const text = (first: string): string =>
      `[Virtual Microscope Specimen]\nNoJpegColumns=2\nImageFile=${first}\nImageFile(1,0)=b.jpg\nMapFile=m.jpg\nMacroImage=macro.jpg\nPhysicalWidth=1\n`;
    for (const name of ['a.jpg', 'b.jpg', 'm.jpg', 'macro.jpg']) put(name, name);
    expect(await slideParts(put('a.vms', text('a.jpg')))).toEqual({
      parts: ['a.jpg', 'b.jpg', 'm.jpg', 'macro.jpg'],
      missing: [],
    });
    expect((await slideParts(put('a.vms', text('..\\\\x.jpg')))).missing).toEqual(['..//x.jpg']);
  });

  it('DICOM: those of the same series in the folder, whatever their ending', async () => {
    put('d/a.dcm', dicomImage({ ...series, instance: '1.2.5.1' }));
    put('d/b', dicomImage({ ...series, instance: '1.2.5.2' }));
    put('d/c.dcm', dicomImage({ ...series, series: '1.2.6', instance: '1.2.6.1' }));
    put('d/notes.txt', 'x');
    expect(await slideParts(join(folder, 'd/a.dcm'))).toEqual({ parts: ['b'], missing: [] });
    expect(await slideParts(join(folder, 'd/c.dcm'))).toEqual({ parts: [], missing: [] });
  });

  it('DICOM: a file beside them that cannot be opened does not part them', async () => {
    put('d/a.dcm', dicomImage({ ...series, instance: '1.2.5.1' }));
    put('d/b.dcm', dicomImage({ ...series, instance: '1.2.5.2' }));
    symlinkSync(join(folder, 'gone.dcm'), join(folder, 'd/c.dcm'));
    expect(await slideParts(join(folder, 'd/a.dcm'))).toEqual({ parts: ['b.dcm'], missing: [] });
  });

  it('DICOM: a folder is read once for all slides that share what is known', async () => {
    put('d/a.dcm', dicomImage({ ...series, instance: '1.2.5.1' }));
    put('d/b.dcm', dicomImage({ ...series, instance: '1.2.5.2' }));
    const folders: DicomFolders = new Map();
    expect((await slideParts(join(folder, 'd/a.dcm'), folders)).parts).toEqual(['b.dcm']);
    put('d/c.dcm', dicomImage({ ...series, instance: '1.2.5.3' }));
    expect((await slideParts(join(folder, 'd/b.dcm'), folders)).parts).toEqual(['a.dcm']);
    expect((await slideParts(join(folder, 'd/b.dcm'))).parts).toEqual(['a.dcm', 'c.dcm']);
  });

  it('DICOM: a header that is cut, or goes round in itself, says no series', async () => {
    const whole = dicomImage({ ...series, instance: '1.2.5.1' });
    expect(await dicomSeries(put('whole.dcm', whole))).toBe('1.2.5');
    for (let length = 128; length < 400; length += 7)
      expect([null, '1.2.5']).toContain(await dicomSeries(put('cut.dcm', whole.subarray(0, length))));
    for (let at = 132; at < 400; at++) {
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(at) ^ 0xff, at);
      const found = await dicomSeries(put('flipped.dcm', flipped));
      expect(found === null || typeof found === 'string').toBe(true);
    }
  });
});

describe('slides among files', () => {
  it('parts are no slides of their own; an incomplete slide is left out and listed', async () => {
    putMirax();
    put('b/x.mrxs', 'a thumbnail');
    put('d/a.dcm', dicomImage({ ...series, instance: '1.2.5.1' }));
    put('d/b.dcm', dicomImage({ ...series, instance: '1.2.5.2' }));
    const problems: Problem[] = [];
    const names = ['b/x.mrxs', 'd/a.dcm', 'd/b.dcm', 's/a.mrxs'];
    const found = await slidesIn(
      folder,
      names,
      (problem) => problems.push(problem),
      () => '007',
    );
    expect(found.map(({ file, reader, parts }) => [file, reader, parts.length])).toEqual([
      ['d/a.dcm', 'openslide', 1],
      ['s/a.mrxs', 'openslide', 4],
    ]);
    expect(found[0]?.parts).toEqual(['d/b.dcm']);
    expect(problems).toMatchObject([
      {
        severity: 'failure',
        file: 'b/x.mrxs',
        patient: '007',
        reason: expect.stringContaining('x/Slidedat.ini is missing') as string,
      },
    ]);
  });

  it('without OpenSlide every file stays by itself, and is refused by name', async () => {
    vi.stubEnv('HAF_OPENSLIDE_DIR', join(folder, 'nothing'));
    putMirax();
    expect(await slidesIn(folder, ['s/a.mrxs'], () => undefined)).toEqual([
      { file: 's/a.mrxs', reader: null, parts: [] },
    ]);
  });
});

describe('the files of a slide in a run', () => {
  const named = async () => {
    const { parts } = await slideParts(join(folder, 's/a.mrxs'));
    const bag: FoundBags = {
      ...{ modality: 'WSI', kind: 'images', role: 'slide', names: ['s/a.mrxs'] },
      unit: { modality: 'WSI', file: 's/a.mrxs', tiling: 'tissue', reader: 'openslide' },
      parts: parts.map((part) => `s/${part}`),
    };
    const config = resolvedConfig({ embed: { encoder: { standIn: true } } });
    return nameFiles({ bags: [bag] }, config, folder, { hashCache: join(folder, 'hashes.json') });
  };

  it('are all hashed: an edit of one is another slide', async () => {
    putMirax();
    const [before] = (await named()).bags;
    expect(before?.sources.map(({ role, name }) => [role, name])).toEqual([
      ['slide', 's/a.mrxs'],
      ['part', 's/a/Data0000.dat'],
      ['part', 's/a/Data0001.dat'],
      ['part', 's/a/Index.dat'],
      ['part', 's/a/Slidedat.ini'],
    ]);
    put('s/a/Data0001.dat', 'other pixels');
    const [after] = (await named()).bags;
    const changed = after?.sources.filter(({ sha256 }, i) => sha256 !== before?.sources[i]?.sha256);
    expect(changed?.map(({ name }) => name)).toEqual(['s/a/Data0001.dat']);
  });
});

describe('a slide whose files lie in a store by content', () => {
  it('is laid out as it was, and gone afterwards', () => {
    putMirax();
    const moved = (name: string): string => {
      const to = join(folder, `blob-${name.replaceAll('/', '-')}`);
      renameSync(join(folder, name), to);
      return to;
    };
    const source = (role: string, name: string) => ({ role, name, path: moved(name), sha256: '0' });
    const slide = source('slide', 's/a.mrxs');
    const { path, remove } = layOutParts(slide, [slide, source('part', 's/a/Index.dat')]);
    expect(readFileSync(path, 'utf8')).toBe('a thumbnail');
    expect(readFileSync(join(dirname(path), 'a/Index.dat'), 'utf8')).toBe('Index.dat');
    remove();
    expect(() => readFileSync(path)).toThrow();
    expect(readFileSync(slide.path, 'utf8')).toBe('a thumbnail');
  });

  it('is opened where it lies when all of it lies there', () => {
    const path = putMirax();
    const slide = { role: 'slide', name: 's/a.mrxs', path, sha256: '0' };
    const part = { role: 'part', name: 's/a/Index.dat', path: join(folder, 's/a/Index.dat'), sha256: '0' };
    expect(layOutParts(slide, [slide, part]).path).toBe(path);
  });
});
