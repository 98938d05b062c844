import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { featureContents, type FeatureContents } from '../../src/operators/preflight/feature-contents.js';
import { npyBytes } from '../../src/operators/synthetic/npz-file.js';
import { paletteFor } from '../../src/pipeline/cli/output.js';
import { surveyCohort } from '../../src/pipeline/cli/survey.js';
import { surveyLines } from '../../src/pipeline/cli/survey-text.js';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { findSources } from '../../src/pipeline/sources/find-sources.js';

const root = mkdtempSync(join(tmpdir(), 'haf-contents-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const patients = Array.from({ length: 40 }, (_, i) => `P${String(i).padStart(3, '0')}`);
/** The instances of the patients with faulty bags: three rows of two numbers each. */
const rowsOf: Readonly<Record<string, readonly number[]>> = {
  P003: [0, 0, 0, 0, 0, 0],
  P004: [7, 7, 7, 7, 7, 7],
  P005: [1, 2, 1, 2, 1, 2],
  P006: [1, 2, Number.NaN, 2, 5, 6],
};
mkdirSync(join(root, 'wsi'));
for (const [i, id] of patients.entries()) {
  const data = Float32Array.from(rowsOf[id] ?? [i + 100, 1, 2, i + 100, 3, 4]);
  writeFileSync(join(root, 'wsi', `${id}.npy`), npyBytes({ shape: [3, 2], data }));
}
writeFileSync(
  join(root, 'clini.csv'),
  ['PATIENT,DEAD', ...patients.map((id, i) => `${id},${i % 2}`), ''].join('\n'),
);
const { config } = loadConfig({
  text: `name: test
methods: [mil-WSI]
data:
  layout: own
  patients: { id: PATIENT }
  outcome: { file: clini.csv, event: { column: DEAD, positive: ['1'], negative: ['0'] } }
  modalities: { WSI: { kind: bag, files: 'wsi/*.npy', width: 2 } }
`,
});

/** Reads `most` files, then stops. */
async function contents(most: number): Promise<FeatureContents> {
  const { bags } = await findSources(config, root, { hashCache: null });
  let left = most;
  return featureContents(config, bags, ['WSI'], {
    ...{ known: new Set(patients), limits: config.embed.limits },
    goOn: () => left > 0 && (left -= 0.5) >= 0,
  });
}

it('reports of each file what a run would list of it', async () => {
  const survey = await surveyCohort(config, root);
  expect(survey.contents?.read).toEqual([{ modality: 'WSI', read: 40, files: 40 }]);
  const said = survey.contents?.problems.map(({ file, severity, reason }) => [file, severity, reason]);
  expect(said?.sort()).toEqual([
    ['wsi/P003.npy', 'warning', expect.stringMatching(/^all 3 rows hold zeros only/)],
    ['wsi/P004.npy', 'warning', 'all 3 rows are the same'],
    ['wsi/P005.npy', 'warning', 'all 3 rows are the same'],
    ['wsi/P006.npy', 'failure', expect.stringMatching(/^1 value is NaN or infinite/)],
  ]);
  const text = surveyLines(survey, paletteFor({}, {}, [])).join('\n');
  expect(text).toContain('WSI: the content of all 40 feature files was read');
  expect(text).toMatch(/warning {2}wsi\/P003\.npy, .*patient P003: all 3 rows hold zeros only/);
});

it('takes a sample that is spread over the files, and says so', async () => {
  const { read, problems } = await contents(5);
  expect(read).toEqual([{ modality: 'WSI', read: 5, files: 40 }]);
  // Files 0, 32, 16, 8 and 24 of 40 were read. None of the faulty files (3 to 6) is among them.
  expect(problems).toEqual([]);
  const survey = { ...(await surveyCohort(config, root)), contents: { read, problems } };
  expect(surveyLines(survey, paletteFor({}, {}, [])).join('\n')).toContain(
    'WSI: the content of 5 of 40 feature files was read, spread evenly; --read-all reads all',
  );
});

it('names the first files of a fault, and counts the others', async () => {
  const found = await surveyCohort(config, root);
  const zeros = found.contents?.problems.find(({ reason }) => reason.includes('zeros only'));
  if (zeros === undefined || found.contents === null) throw new Error('no problem was found');
  const problems = patients.map((id) => ({ ...zeros, file: `wsi/${id}.npy`, patient: id }));
  const lines = surveyLines({ ...found, contents: { ...found.contents, problems } }, paletteFor({}, {}, []));
  expect(lines.filter((line) => line.includes('hold zeros only'))).toHaveLength(5);
  expect(lines).toContain('  warning  and 35 more files of this kind; --json lists them');
});
