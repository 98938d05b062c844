import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { findSources } from '../../src/pipeline/sources/find-sources.js';
import { testConfig } from '../support/jobs.js';

describe('finding the files of an experiment', () => {
  let root: string;
  let cache: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-data-'));
    cache = join(mkdtempSync(join(tmpdir(), 'haf-cache-')), 'hashes.json');
    for (const name of ['targets.csv', 'clinical.csv', 'blood.csv']) writeFileSync(join(root, name), name);
    mkdirSync(join(root, 'tma'));
    for (const name of ['HE.npz', 'CD3.npz']) writeFileSync(join(root, 'tma', name), name);
  });

  it('names tables by role and features by modality, sorted and hashed', async () => {
    const files = await findSources(testConfig(), root, { hashCache: cache });
    expect(files.tables.map(({ role, name }) => [role, name])).toEqual([
      ['targets', 'targets.csv'],
      ['Clin', 'clinical.csv'],
      ['Blood', 'blood.csv'],
    ]);
    expect(files.bags.map(({ modality, sources }) => [modality, sources[0]?.name])).toEqual([
      ['TMA', 'tma/CD3.npz'],
      ['TMA', 'tma/HE.npz'],
    ]);
    expect(files.tables[0]?.sha256).toBe(sha256('targets.csv'));
  });

  it('sees a changed file although its hash was remembered', async () => {
    await findSources(testConfig(), root, { hashCache: cache });
    writeFileSync(join(root, 'blood.csv'), 'other, longer content');
    const files = await findSources(testConfig(), root, { hashCache: cache });
    expect(files.tables[2]?.sha256).toBe(sha256('other, longer content'));
  });

  it('refuses a missing folder with the option to check', async () => {
    await expect(
      findSources(testConfig(), join(root, 'nowhere'), { hashCache: cache }),
    ).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
      exitCode: 65,
      what: expect.stringContaining('nowhere') as string,
      fix: expect.stringContaining('--data') as string,
    });
  });

  it('names every missing table at once and what the folder holds', async () => {
    const config = testConfig({
      data: { tables: { Clin: 'klinik.csv', Blood: 'blut.csv' }, targets: 'targets.csv' },
    });
    await expect(findSources(config, root, { hashCache: cache })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
      what: expect.stringMatching(/klinik\.csv.*blut\.csv.*clinical\.csv/s) as string,
    });
  });

  it('needs every table: one that cannot be read is an error, not a file less', async () => {
    rmSync(join(root, 'blood.csv'));
    mkdirSync(join(root, 'blood.csv'));
    await expect(findSources(testConfig(), root, { hashCache: cache })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
      what: expect.stringContaining('blood.csv cannot be read (EISDIR)') as string,
    });
  });

  it('refuses a bag modality whose glob matches nothing', async () => {
    const config = testConfig({ data: { tma: { files: 'cores/*.npz' } } });
    await expect(findSources(config, root, { hashCache: cache })).rejects.toMatchObject({
      code: 'HAF_MODALITY_EMPTY',
      what: expect.stringContaining('cores/*.npz') as string,
    });
  });

  it('accepts target.csv, the name the paper uses', async () => {
    const other = mkdtempSync(join(tmpdir(), 'haf-data-'));
    for (const name of ['target.csv', 'clinical.csv', 'blood.csv']) writeFileSync(join(other, name), name);
    const files = await findSources(
      testConfig({ modalities: ['Clin', 'Blood'], methods: ['blood'], cohort: { require: [] } }),
      other,
      { hashCache: cache },
    );
    expect(files.tables[0]).toMatchObject({ role: 'targets', name: 'target.csv' });
  });
});
