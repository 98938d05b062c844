import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { cli } from '../support/cli.js';
import { runFolder, workFolder } from '../support/small-cohort.js';

it('a stage that fails leaves the reasons of everybody it had left out', async () => {
  const folder = await workFolder({ methods: ['blood'], cohort: { label: 'landmark', landmarkYears: 60 } });
  const { code, stderr } = await cli(['up', '-c', 'experiment.yaml', '--no-broker'], folder);
  expect(code, stderr).toBe(65);
  expect(stderr).toContain('HAF_COHORT_INVALID');
  const problems = readFileSync(join(runFolder(folder), 'problems.csv'), 'utf8');
  const left = problems.split('\n').filter((line) => line.includes('the status at 60 years'));
  expect(left.length).toBeGreaterThan(5);
}, 120_000);
