import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { firstMissing, pageFolder, pageSteps, runStep } from '../support/page-steps.js';
import { workFolder } from '../support/small-cohort.js';
import { cli } from '../support/cli.js';
import { tourFolder } from '../support/tour-folder.js';

const root = resolve(import.meta.dirname, '../..');
const stepsOf = (page: string): ReturnType<typeof pageSteps> =>
  pageSteps(readFileSync(join(root, 'docs', page), 'utf8'));

describe('what the pages show', () => {
  it('docs/scripting.md', async () => {
    const changes = { methods: ['blood'], modalities: ['Blood'], data: { root: 'data' } };
    const folder = pageFolder(await workFolder(changes));
    const [run, ...others] = stepsOf('scripting.md');
    expect(others).toHaveLength(2);
    if (run) expect(await runStep(run, folder)).toBeNull();
    const bundled = await cli(['bundle', 'latest', '--method', 'blood', '-o', 'model.haf'], folder);
    expect(bundled.stderr).toContain('model.haf');
    for (const step of others) expect(await runStep(step, folder)).toBeNull();
  }, 240_000);
});

/**
 * These documentation pages run one after another in one folder. The first page, the quickstart, makes the run that
 * later pages call "latest". Pages that make runs of their own (images, other cohorts) change "latest", so they come
 * last.
 */
const tour = [
  ...['quickstart.md', 'report.md', 'replay-explain.md', 'methods-compare.md', 'reproduce.md'],
  ...['troubleshooting.md', 'missing-modalities.md', 'one-patient.md', 'reporting.md', 'stores.md'],
  ...['observability.md', 'page.md', 'predict.md', 'intended-use.md', 'validate.md', '../README.md'],
  ...['../deploy/README.md', 'backends.md', 'security.md', 'slides.md', 'encoders.md', 'own-cohort.md'],
  ...['time-to-event.md', 'features.md'],
];
const alone = ['scripting.md'];

describe('what the pages of the tour show', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await tourFolder();
  });

  it('are all pages with commands that are run', () => {
    const names = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'));
    const withSteps = [...names, '../README.md', '../deploy/README.md'].filter(
      (name) => stepsOf(name).length > 0,
    );
    expect([...tour, ...alone].sort()).toEqual(withSteps.sort());
  });

  it.each(tour)('docs/%s', { timeout: 300_000 }, async (page) => {
    for (const step of stepsOf(page)) expect(await runStep(step, folder)).toBeNull();
  });
});

describe('the blocks of a page', () => {
  const page = [
    'Text.\n\n```sh\nnot run\n```\n',
    '```yaml file=a.yaml\nname: a\n```\n',
    '```sh run exit=3 with="--x 1"\necho "one 12"; cat a.yaml; exit 3\n```\n',
    '```text\none ...\nname: a\n```\n',
    '```text\nof nothing\n```\n',
  ].join('\n');

  it('are run in a folder and compared with what the page shows', async () => {
    const steps = pageSteps(page);
    expect(steps.map(({ language, exit, more, shows }) => [language, exit, more, shows])).toEqual([
      ['file', 0, '', []],
      ['sh', 3, '--x 1', ['one ...', 'name: a']],
    ]);
    const folder = pageFolder();
    for (const step of steps) expect(await runStep(step, folder)).toBeNull();
    const [, shell] = steps;
    if (!shell) throw new Error('no step');
    expect(await runStep({ ...shell, exit: 0 }, folder)).toContain('ended with 3');
    expect(await runStep({ ...shell, shows: ['name: a', 'one ...'] }, folder)).toContain('no line "one ..."');
  });

  it('show lines in their order, with any text for three dots', () => {
    expect(firstMissing(['a ... c', 'd'], ['a b c\nd\n'])).toBeNull();
    expect(firstMissing(['a ... c', 'd'], ['a b c\n', 'd\n'])).toBeNull();
    expect(firstMissing(['d', 'a ... c'], ['a b c\nd\n'])).toBe('a ... c');
    expect(firstMissing(['a ... c'], ['a b\nc\n'])).toBe('a ... c');
    expect(firstMissing(['1.5'], ['125\n'])).toBe('1.5');
  });
});
