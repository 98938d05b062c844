import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { prepareRun } from '../../src/pipeline/runs/prepare.js';
import { fiftyModalities } from '../support/own-cohorts.js';

it('plans fifty modalities and ten folds within two seconds, checks of the data included', async () => {
  const { file, folder } = await fiftyModalities();
  const before = process.cpuUsage();
  const { config, dataRoot } = loadConfig({ file, set: ['cv.folds=10'] });
  const places = { runs: join(folder, 'runs'), store: join(folder, '.haf') };
  const { plan } = await prepareRun(config, dataRoot, places);
  const { user, system } = process.cpuUsage(before);
  expect(config.modalities).toHaveLength(50);
  const jobs = (stage: string): number => plan.filter(({ node }) => node.stage === stage).length;
  expect({
    tables: jobs('tables'),
    bags: jobs('bags'),
    preprocess: jobs('preprocess'),
    stage1: jobs('stage1'),
  }).toEqual({
    ...{ tables: 40, bags: 10, preprocess: 400, stage1: 100 },
  });
  // CPU time: other work on the machine does not count.
  expect((user + system) / 1e6).toBeLessThan(2);
});
