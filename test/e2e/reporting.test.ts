import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { expect, it } from 'vitest';
import { runSummarySchema } from '../../src/pipeline/runs/materialise.js';
import { cli } from '../support/cli.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

/** The item numbers of TRIPOD+AI 2024: 27 items, or 52 if the parts of items are counted. */
const tripodNumbers = (
  '1 2 3a 3b 3c 4 5a 5b 6a 6b 6c 7 8a 8b 8c 9a 9b 9c 10 11 12a 12b 12c 12d 12e 12f 12g 13 14 15 16 17 ' +
  '18a 18b 18c 18d 18e 18f 19 20a 20b 20c 21 22 23a 23b 24 25 26 27a 27b 27c'
).split(' ');
const remarkNumbers = Array.from({ length: 20 }, (_, i) => String(i + 1));

type Node = Record<string, unknown> & { '@id': string; '@type': string };
/** All ids that the value of a property refers to in an RO-Crate, at any depth of the value. */
const referred = (value: unknown): readonly string[] =>
  Array.isArray(value)
    ? value.flatMap(referred)
    : value !== null && typeof value === 'object'
      ? [...('@id' in value ? [String(value['@id'])] : []), ...Object.values(value).flatMap(referred)]
      : [];

it('a run fills its checklists and is described as an RO-Crate', async () => {
  const folder = await workFolder({ methods: ['ridge', 'blood'], train: { epochs: 2, patience: 1 } });
  const up = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
  expect(up.code, up.stderr).toBe(0);
  const run = runFolder(folder);
  const summary = runSummarySchema.parse(JSON.parse(readFileSync(join(run, 'summary.json'), 'utf8')));

  const listed = await cli(['checklist', 'latest'], folder);
  expect(listed.code, listed.stderr).toBe(0);
  const itemsOf = (file: string) =>
    parse<Record<'item' | 'from_the_run' | 'to_be_filled_in', string>>(
      readFileSync(join(run, file), 'utf8'),
      {
        columns: true,
      },
    );
  for (const [name, numbers] of [
    ['tripod-ai', tripodNumbers],
    ['remark', remarkNumbers],
  ] as const) {
    const items = itemsOf(`${name}.csv`);
    expect(items.map(({ item }) => item)).toEqual(numbers);
    // Every item is answered, marked as a gap, or both; the gaps are counted and marked in the page.
    expect(items.filter((one) => one.from_the_run === '' && one.to_be_filled_in === '')).toEqual([]);
    const gaps = items.filter((one) => one.to_be_filled_in !== '').length;
    expect(listed.stdout).toContain(`${name}.md: ${gaps} gaps in ${numbers.length} items`);
    const page = readFileSync(join(run, `${name}.md`), 'utf8');
    expect(page.split('**To be filled in by the authors:**')).toHaveLength(gaps + 1);
    for (const number of numbers) expect(page.split(`\n| ${number} | `)).toHaveLength(2);
  }
  const answers = new Map(itemsOf('tripod-ai.csv').map(({ item, from_the_run }) => [item, from_the_run]));
  const { patients, positive } = summary.cohort;
  expect(answers.get('10')).toContain(
    `${patients} patients: ${positive} ${summary.outcome.positive}, ${patients - positive} ${summary.outcome.negative}.`,
  );
  for (const { title, auc, pooledAuc, brier, calibrated } of summary.rows) {
    const [low = 0, high = 0] = pooledAuc.ci95 ?? [];
    expect(answers.get('23a')).toContain(
      `${title}: AUC ${auc.mean?.toFixed(3)} ± ${auc.std?.toFixed(3)} over 2 folds; pooled ${pooledAuc.value?.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`,
    );
    expect(answers.get('23a')).toContain(
      `Brier ${brier.mean?.toFixed(3)} before and ${calibrated?.brier.mean?.toFixed(3)} after`,
    );
  }
  expect(answers.get('11')).toMatch(/Blood is missing for \d+ of \d+ patients/);

  // A second run of the command writes the same bytes. It keeps a file that the authors have edited.
  expect((await cli(['checklist', 'latest'], folder)).code).toBe(0);
  appendFileSync(join(run, 'remark.md'), 'Filled in.\n');
  const refused = await cli(['checklist', 'latest'], folder);
  expect(refused.code).toBe(64);
  expect(refused.stderr).toContain('remark.md: the file exists and has other content');

  const made = await cli(['ro-crate', 'latest', '--licence', 'CC-BY-4.0'], folder);
  expect(made.code, made.stderr).toBe(0);
  expect(made.stderr).toContain('2 gaps for the authors: authors (--author)');
  const text = readFileSync(join(run, 'ro-crate-metadata.json'), 'utf8');
  expect(text).not.toContain(folder);
  const crate = JSON.parse(text) as { '@context': unknown[]; '@graph': Node[] };
  expect(crate['@context'][0]).toBe('https://w3id.org/ro/crate/1.1/context');
  const nodes = new Map(crate['@graph'].map((node) => [node['@id'], node]));
  expect(nodes.size).toBe(crate['@graph'].length);
  expect(nodes.get('ro-crate-metadata.json')).toMatchObject({
    conformsTo: { '@id': 'https://w3id.org/ro/crate/1.1' },
    about: { '@id': './' },
  });
  expect(nodes.get('./')).toMatchObject({
    '@type': 'Dataset',
    license: { '@id': 'https://spdx.org/licenses/CC-BY-4.0' },
  });
  const files = crate['@graph'].filter((node) => node['@type'] === 'File');
  expect(referred(nodes.get('./')?.['hasPart'])).toEqual(files.map((node) => node['@id']));
  expect(files.map((node) => node['@id'])).toContain('tripod-ai.md');
  for (const node of files) {
    const path = join(run, decodeURIComponent(node['@id']));
    expect(existsSync(path), path).toBe(true);
    expect(node['contentSize']).toBe(String(statSync(path).size));
    expect(node['sha256']).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
    expect(node['encodingFormat']).not.toBe('application/octet-stream');
    expect(node['description']).not.toBe('File of the run');
  }
  const dangling = crate['@graph']
    .flatMap(({ '@id': _, ...properties }) => Object.values(properties).flatMap(referred))
    .filter((id) => !nodes.has(id));
  expect([...new Set(dangling)]).toEqual(['https://w3id.org/ro/crate/1.1']);
}, 240_000);
