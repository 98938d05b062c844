import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parse, stringify } from 'yaml';
import { fileReport } from '../../src/pipeline/sources/file-report.js';
import { findSources } from '../../src/pipeline/sources/find-sources.js';
import { givenBags } from '../../src/pipeline/sources/given-files.js';
import { type CaseFolder, type Expectations, findingsOf, joined, warned } from './case-folder.js';

const script = (at: CaseFolder, name: string): void =>
  void execFileSync('bash', [at.path(name)], { cwd: at.folder, stdio: 'pipe' });

/**
 * Changes the experiment to `layout: own`, so that patient ids must match exactly and not only in their digits.
 * @param patient - pattern of the file names
 */
const withExactIds = (at: CaseFolder, patient: string): void =>
  at.edit('experiment.yaml', (text) => {
    const written = parse(text) as { data: { modalities: Record<string, object> } };
    return stringify({
      ...written,
      methods: ['mil-WSI', 'table-Cell'],
      data: {
        ...written.data,
        layout: 'own',
        outcome: {
          file: 'targets.csv',
          event: { column: 'survival_status', positive: ['deceased'], negative: ['living'] },
          time: { column: 'days_to_last_information', unit: 'days' },
        },
        modalities: {
          WSI: {
            kind: 'bag',
            files: 'wsi/**/*.h5',
            patient: { pattern: patient },
            ...written.data.modalities['WSI'],
          },
          Cell: { kind: 'table', file: 'tma_cell_density.csv', others: 'numeric' },
        },
      },
    });
  });

const patientsOf = async (at: CaseFolder): Promise<ReadonlyMap<string, number>> => {
  const files = await findSources(at.config(), at.path('data'), { hashCache: null });
  const counts = new Map<string, number>();
  for (const { unit } of files.bags)
    counts.set(unit.patient ?? '', (counts.get(unit.patient ?? '') ?? 0) + 1);
  return counts;
};

const leftOut = async (at: CaseFolder): Promise<ReadonlyMap<string, string>> => {
  const files = await findSources(at.config(), at.path('data'), { hashCache: null });
  const report = await fileReport(at.config(), at.path('data'), files, new Set(), files.unreadable);
  return new Map(report.map(({ file, reason }) => [file, reason ?? '']));
};

/**
 * Cases of files that would be joined to a patient by accident, files that are missed, and files whose content differs
 * from their name.
 */
export const joins: Expectations = {
  'ids-barcode': async (open) => {
    const at = open('ids-barcode');
    expect(findingsOf(await at.survey())).toMatch(/would both be of patient 001.*pattern/s);
    withExactIds(at, '^(?<patient>TCGA-..-....)');
    expect(joined(await at.survey())['WSI']).toEqual([12, 12]);
    expect([...(await patientsOf(at)).values()]).toEqual(Array.from({ length: 12 }, () => 1));
  },

  'ids-year-number': async (open) => {
    const at = open('ids-year-number');
    // With the id digits of HANCOCK's layout, two patients would become one. The program must refuse this.
    expect(findingsOf(await at.survey())).toMatch(/"2019-0001" and "2020-0001" would both be of patient 001/);
    withExactIds(at, '^(?<patient>.+)$');
    const found = await at.survey();
    expect(joined(found)).toEqual({ WSI: [24, 12], Cell: [12, 12] });
    expect(findingsOf(found)).toBe('');
    expect(new Set((await patientsOf(at)).values())).toEqual(new Set([1]));
    at.edit('data/targets.csv', (text) => text + text.replace(/^.*\n/, '').replaceAll('2019-', '2020-'));
    expect(joined(await at.survey())['WSI']).toEqual([24, 24]);
  },

  'ids-18-digits': async (open) => {
    const at = open('ids-18-digits');
    const found = await at.survey();
    expect(joined(found)).toEqual({ WSI: [24, 12], Cell: [12, 12] });
    expect(found.checks?.outcome.patients[0]?.id).toBe('202300000000000001');
    expect(new Set((await patientsOf(at)).values())).toEqual(new Set([1]));
  },

  'ids-decimal': async (open) => {
    for (const input of ['one-table', 'all', 'splits']) {
      const found = await open('ids-decimal', `input/${input}`).survey();
      expect(findingsOf(found)).toBe('');
      expect(joined(found)).toEqual({ WSI: [12, 12], Cell: [12, 12] });
    }
    const at = open('ids-decimal', 'input/splits');
    expect((await at.up('--set', 'methods=[cell_density]')).code).toBe(0);
    expect(at.ofRun('splits.json')).toMatch(/"012"/);
  },

  'glob-suffix-case': async (open) => {
    const at = open('glob-suffix-case');
    expect(warned(await at.survey())).toEqual([
      expect.stringMatching(/HE_001\.SVS .*6 files are not read: .* in upper and lower case only/) as string,
    ]);
    const reasons = await leftOut(at);
    for (const odd of [1, 3, 5, 7, 9, 11])
      expect(reasons.get(`slides/HE_0${String(odd).padStart(2, '0')}.SVS`)).toMatch(
        /upper and lower case only/,
      );
  },

  'glob-brackets': async (open) => {
    const found = await open('glob-brackets').survey();
    expect(joined(found)['WSI']).toEqual([12, 12]);
    expect(warned(found).join()).toMatch(/Brackets have a meaning in globs/);
  },

  'slide-table-no-match': async (open) => {
    const at = open('slide-table-no-match');
    expect(warned(await at.survey()).map((text) => /"(.*)"/.exec(text)?.[1])).toEqual([
      ...['D:\\scans\\2023\\HE_001.svs', '/data/old/HE_005.svs', 'HE_006.tiff'],
    ]);
    const files = await findSources(at.config(), at.path('data'), { hashCache: null });
    const known = files.bags.filter(({ unit }) => unit.mpp === 0.25).map(({ unit }) => unit.patient);
    expect(known).toEqual(['002', '003', '004', '007', '008', '009', '010', '011', '012']);
    const composed = open('slide-table-no-match', 'input-nfd');
    script(composed, 'names.sh');
    expect(warned(await composed.survey())).toEqual([]);
    const all = await findSources(composed.config(), composed.path('data'), { hashCache: null });
    expect(all.bags.map(({ unit }) => unit.mpp)).toEqual(all.bags.map(() => 0.25));
  },

  'link-loop': async (open) => {
    const at = open('link-loop');
    script(at, 'links.sh');
    const found = await at.survey();
    expect(joined(found)['WSI']).toEqual([12, 12]);
    expect(findingsOf(found)).toBe('');
    const { bags, problems } = await givenBags(['data/wsi'], 'WSI', at.config(), at.folder);
    expect([bags.length, problems]).toEqual([12, []]);
  },

  'name-not-utf8': async (open) => {
    const at = open('name-not-utf8');
    script(at, 'names.sh');
    const found = await at.survey();
    expect(joined(found)['WSI']).toEqual([10, 10]);
    expect(findingsOf(found).match(/not valid UTF-8.*convmv/g)).toHaveLength(2);
    const { code, stdout, stderr } = await at.up('--set', 'methods=[cell_density]');
    expect([code, stdout + stderr]).toEqual([2, expect.stringContaining('not valid UTF-8')]);
    expect(at.ofRun('problems.csv').match(/^failure,.*convmv/gm)).toHaveLength(2);
  },

  'same-features-two-patients': async (open) => {
    expect(warned(await open('same-features-two-patients').survey())).toEqual([
      'wsi/HE_002.h5 002 The file has the same content as wsi/HE_001.h5, which is of patient 001.',
    ]);
  },

  'file-of-another-slide': async (open) => {
    const at = open('file-of-another-slide');
    expect(
      (await at.inspected()).match(/wsi\/00[12]\.h5, .*says inside that it is of "00[12]"/g),
    ).toHaveLength(2);
    const { code } = await at.up('--set', 'methods=[cell_density]');
    expect(code).toBe(0);
    expect(
      at.ofRun('problems.csv').match(/^warning,.*says inside that it is of ""00[12]"".*$/gm),
    ).toHaveLength(2);
  },

  'reason-lost': async (open) => {
    const at = open('reason-lost');
    expect(findingsOf(await at.survey())).toMatch(
      /24 files are 12 images several times.*HE_001\.h5 and .*HE_001\.npy/,
    );
    const { code, stderr } = await at.up();
    expect([code, stderr]).toEqual([65, expect.stringMatching(/24 files are 12 images several times/)]);
  },

  'lfs-pointer': async (open) => {
    const at = open('lfs-pointer');
    const told = await at.inspected();
    for (const id of ['002.h5', '003.pt', '004.npy'])
      expect(told).toMatch(new RegExp(`${id}.*Git LFS.*git lfs pull`));
    expect(told).toMatch(/HE_005\.h5.*web page.*download it again/);
    expect(told).toMatch(/HE_006\.h5.*it is empty/);
    expect(told).not.toContain('same content');
    expect(await at.probe('slide_001.svs')).toMatchObject({
      ...{ readable: false, reason: expect.stringContaining('Git LFS pointer') as string },
      fix: expect.stringContaining('git lfs pull') as string,
    });
    expect(await at.probe('slide_002.svs')).toMatchObject({
      reason: expect.stringContaining('web page') as string,
    });
  },

  'h5-left-open': async (open) => {
    const at = open('h5-left-open');
    expect(await at.inspected()).toMatch(/HE_002\.h5.*marked as open for writing.*h5clear -s HE_002\.h5/);
    await expect(at.shapes('data/wsi/HE_002.h5')).rejects.toMatchObject({
      what: expect.stringContaining('marked as open for writing') as string,
      fix: expect.stringContaining('h5clear -s') as string,
    });
  },

  'same-size-same-mtime': async (open) => {
    const at = open('same-size-same-mtime');
    const hashCache = at.path('hashes.json');
    const named = async (): Promise<ReadonlyMap<string, string>> => {
      const { outcome, bags } = await findSources(at.config(), at.path('data'), { hashCache });
      return new Map(
        [...outcome, ...bags.flatMap(({ sources }) => sources)].map(({ name, sha256 }) => [name, sha256]),
      );
    };
    const before = await named();
    const sizes = ['targets.csv', 'wsi/HE_005.h5'].map((name) => statSync(at.path(join('data', name))));
    script(at, 'exchange.sh');
    const after = await named();
    for (const [i, name] of ['targets.csv', 'wsi/HE_005.h5'].entries()) {
      const { size, mtimeMs } = statSync(at.path(join('data', name)));
      expect([size, mtimeMs]).toEqual([sizes[i]?.size, sizes[i]?.mtimeMs]);
    }
    const changed = [...after].filter(([name, hash]) => before.get(name) !== hash).map(([name]) => name);
    expect(changed.sort()).toEqual(['targets.csv', 'wsi/HE_005.h5']);
  },

  'long-file-name': async (open) => {
    const at = open('long-file-name');
    script(at, 'names.sh');
    const { code, stdout } = await at.run(
      ...['tile', 'data/slides', '-o', 'tiles', '--no-broker'],
      ...['--set', 'tissue.preset=bwh_biopsy', '--set', 'tissue.minArea=0.05'],
    );
    expect(code, stdout).toBe(0);
    expect(readdirSync(at.path('tiles/patches'))).toHaveLength(12);
  },
};
