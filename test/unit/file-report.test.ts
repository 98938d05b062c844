import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { twinFiles } from '../../src/operators/preflight/twin-files.js';
import { countedUses, fileReport, filesCsv, type FileUse } from '../../src/pipeline/sources/file-report.js';
import { findSources } from '../../src/pipeline/sources/find-sources.js';
import { resolvedConfig } from '../support/resolved-config.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'haf-report-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (name: string): void => {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), name);
};

const config = resolvedConfig({ modalities: ['WSI', 'Cell'], cohort: { require: [] } });

async function report(known: readonly string[]): Promise<readonly FileUse[]> {
  const files = await findSources(config, root, { hashCache: null });
  return fileReport(config, root, files, new Set(known), files.unreadable);
}

describe('the report of every file', () => {
  it('says of each file who uses it, or why nobody does, and its counts add up', async () => {
    for (const name of [
      ...['targets.csv', 'tma_cell_density.csv', 'blood.csv', 'synthetic.json', '.hidden'],
      ...['wsi/HE_001.h5', 'wsi/HE_002.h5', 'wsi/HE_009.h5', 'wsi/HE_003.H5', 'wsi/notes.txt'],
      ...['wsi/HE_005.H5', 'WSI/HE_006.h5'],
    ])
      write(name);
    // Bash makes this name because Node cannot: the byte 0xe4 (Latin-1 for an umlaut) is not valid UTF-8.
    execFileSync('bash', ['-c', "mkdir $'wsi/Pr\\xe4' && printf x > $'wsi/Pr\\xe4/HE_007.h5'"], {
      cwd: root,
    });
    symlinkSync('.', join(root, 'wsi/self'));
    symlinkSync('gone.h5', join(root, 'wsi/HE_004.h5'));
    const all = await report(['001', '002']);
    const said = new Map(all.map(({ file, use, patient, reason }) => [file, [use, patient, reason]]));
    expect(said.get('targets.csv')).toEqual(['outcome', null, null]);
    expect(said.get('tma_cell_density.csv')).toEqual(['table', null, null]);
    expect(said.get('wsi/HE_001.h5')).toEqual(['features', '001', null]);
    expect(said.get('wsi/HE_009.h5')).toEqual([null, '009', 'its patient is not in the outcome table']);
    expect(said.get('wsi/HE_004.h5')).toEqual([null, null, 'It cannot be read (ENOENT).']);
    for (const name of ['wsi/HE_003.H5', 'wsi/HE_005.H5', 'WSI/HE_006.h5'])
      expect(said.get(name)?.[2]).toBe('it differs from "wsi/**/*.h5" in upper and lower case only');
    expect(said.get('wsi/Pr\ufffd/')?.[2]).toMatch(/name of the folder is not valid UTF-8/);
    for (const name of ['blood.csv', '.hidden', 'wsi/notes.txt'])
      expect(said.get(name)?.[2]).toBe('no pattern or table of the experiment names it');
    expect(said.get('wsi/self/HE_001.h5')?.[2]).toBe('another path to wsi/HE_001.h5, which is used once');
    const counts = countedUses(all);
    expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBe(all.length);
    expect(new Set(all.map(({ file }) => file)).size).toBe(all.length);
    expect(counts).toContainEqual(['WSI features', 2]);
    expect(filesCsv(all).split('\n')).toHaveLength(all.length + 2);
  });
});

describe('files of one name', () => {
  const bag = (patient: string, name: string) => ({
    ...{ modality: 'WSI', kind: 'features' as const, unit: { modality: 'WSI', patient, file: name } },
    sources: [{ role: 'features', name, path: name, sha256: name }],
  });
  const pair = (id: string) => [bag(id, `h5_files/HE_${id}.h5`), bag(id, `pt_files/HE_${id}.pt`)];

  it('are a refusal when they are all there is, and a warning beside others', () => {
    const all = twinFiles('WSI', 'data.modalities.WSI.files', [...pair('001'), ...pair('002')]);
    expect(all.warnings).toEqual([]);
    expect(all.refusals.map(({ what }) => what)).toEqual([
      'WSI: 4 files are 2 images several times by their names, such as h5_files/HE_001.h5 and pt_files/HE_001.pt. None of them is used.',
    ]);
    const some = twinFiles('WSI', 'data.modalities.WSI.files', [
      ...pair('001'),
      bag('003', 'h5_files/HE_003.h5'),
    ]);
    expect(some.refusals).toEqual([]);
    expect(some.warnings).toMatchObject([
      { file: 'h5_files/HE_001.h5', fix: expect.stringContaining('data.modalities.WSI.files') as string },
    ]);
  });

  it('may hold arrays of their own, or be of two patients', () => {
    const fine = [
      bag('001', 'a/cores.npz'),
      bag('001', 'b/cores.npz'),
      bag('1', 'a/x.h5'),
      bag('2', 'b/x.h5'),
    ];
    expect(twinFiles('WSI', 'key', fine)).toEqual({ warnings: [], refusals: [] });
  });
});
