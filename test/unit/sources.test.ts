import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';
import { findSources } from '../../src/pipeline/sources/find-sources.js';
import { testConfig } from '../support/jobs.js';
import { resolvedConfig } from '../support/resolved-config.js';

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

  it('names the outcome by role, tables and features by modality, sorted and hashed', async () => {
    const files = await findSources(testConfig(), root, { hashCache: cache });
    expect(files.outcome.map(({ role, name }) => [role, name])).toEqual([['outcome', 'targets.csv']]);
    expect(
      files.tables.map(({ modality, sources }) => [modality, sources.map(({ role, name }) => [role, name])]),
    ).toEqual([
      ['Clin', [['table', 'clinical.csv']]],
      ['Blood', [['table', 'blood.csv']]],
    ]);
    expect(files.bags.map(({ modality, sources }) => [modality, sources[0]?.name])).toEqual([
      ['TMA', 'tma/CD3.npz'],
      ['TMA', 'tma/HE.npz'],
    ]);
    expect(files.outcome[0]?.sha256).toBe(sha256('targets.csv'));
  });

  it('sees a changed file although its hash was remembered', async () => {
    await findSources(testConfig(), root, { hashCache: cache });
    writeFileSync(join(root, 'blood.csv'), 'other, longer content');
    const files = await findSources(testConfig(), root, { hashCache: cache });
    expect(files.tables[1]?.sources[0]?.sha256).toBe(sha256('other, longer content'));
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
      data: { modalities: { Clin: { file: 'klinik.csv' }, Blood: { file: ['blood.csv', 'blut.csv'] } } },
    });
    await expect(findSources(config, root, { hashCache: cache })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
      what: expect.stringMatching(
        /Clin table klinik\.csv; Blood table blut\.csv\. .*clinical\.csv/s,
      ) as string,
    });
  });

  it('needs every table: one that cannot be read is an error, not a file less', async () => {
    rmSync(join(root, 'blood.csv'));
    mkdirSync(join(root, 'blood.csv'));
    await expect(findSources(testConfig(), root, { hashCache: cache })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
      what: expect.stringContaining('blood.csv: It cannot be read (EISDIR)') as string,
    });
  });

  it('refuses a bag modality whose glob matches nothing', async () => {
    const config = testConfig({ data: { modalities: { TMA: { files: 'cores/*.npz' } } } });
    await expect(findSources(config, root, { hashCache: cache })).rejects.toMatchObject({
      code: 'HAF_MODALITY_EMPTY',
      what: expect.stringContaining('cores/*.npz') as string,
    });
  });

  it('hashes every file of a table that is made of several', async () => {
    writeFileSync(join(root, 'more.csv'), 'more');
    const config = testConfig({ data: { modalities: { Blood: { file: ['more.csv', 'blood.csv'] } } } });
    const { tables } = await findSources(config, root, { hashCache: cache });
    expect(tables[1]?.sources.map(({ name, sha256: hash }) => [name, hash])).toEqual([
      ['more.csv', sha256('more')],
      ['blood.csv', sha256('blood.csv')],
    ]);
  });

  it('takes no other name for the outcome of an own cohort', async () => {
    const other = mkdtempSync(join(tmpdir(), 'haf-data-'));
    for (const name of ['targets.csv', 'clinical.csv']) writeFileSync(join(other, name), name);
    const config = resolvedConfig({
      data: {
        layout: 'own',
        outcome: { file: 'target.csv', event: { column: 'dead', positive: [1], negative: [0] } },
        modalities: { Clin: { kind: 'table', file: 'clinical.csv' } },
      },
    });
    await expect(findSources(config, other, { hashCache: cache })).rejects.toMatchObject({
      code: 'HAF_DATA_MISSING',
      what: expect.stringContaining('outcome table target.csv') as string,
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
    expect(files.outcome).toMatchObject([{ role: 'outcome', name: 'target.csv' }]);
  });
});
