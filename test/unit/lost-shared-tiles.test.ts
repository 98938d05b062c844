import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/pipeline/config/load.js';
import { HafError } from '../../src/pipeline/core/errors.js';
import { buildGraph } from '../../src/pipeline/graph.js';
import { upstreamOf } from '../../src/pipeline/graph-jobs.js';
import { makePlan } from '../../src/pipeline/plan.js';
import type { JobOutcome } from '../../src/pipeline/run-graph.js';
import { attemptRun } from '../../src/pipeline/runs/attempts.js';
import type { ExecuteResult } from '../../src/pipeline/runs/execute.js';
import { type LostFile, withoutLost } from '../../src/pipeline/runs/lost-files.js';
import type { PreparedRun } from '../../src/pipeline/runs/prepare.js';
import { findSources, type DataFiles } from '../../src/pipeline/sources/find-sources.js';
import { FileStore } from '../../src/pipeline/store/file-store.js';

/** Three modalities over the same slides. `encoders` are the declarations of their encoders. */
const load = (encoders: readonly string[], embed = '{}') =>
  loadConfig({
    text: `
name: demo
methods: [haf]
data:
  layout: own
  outcome: { file: y.csv, event: { column: y, positive: ['1'], negative: ['0'] } }
  modalities:
${['A', 'B', 'C'].map((name, i) => `    ${name}: { kind: bag, slides: 'slides/*.svs'${encoders[i] ?? ''} }`).join('\n')}
embed: ${embed}
`,
  }).config;
const own = [6, 12, 24].map((width) => `, encoder: { onnx: a.onnx }, width: ${width}`);
const shared = '{ encoder: { onnx: a.onnx } }';

describe('a slide whose tile job fails', () => {
  let root: string;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'haf-lost-tiles-'));
    for (const name of ['y.csv', 'slides/1.svs', 'slides/2.svs', 'a.onnx']) {
      mkdirSync(dirname(join(root, name)), { recursive: true });
      writeFileSync(join(root, name), name);
    }
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** Attempts a run in which each `tile` job of slides/1.svs fails, and the jobs that need it are skipped. */
  async function attempted(config: ReturnType<typeof load>) {
    const found = await findSources(config, root, { hashCache: join(root, '.hashes.json') });
    const store = new FileStore(join(root, 'store'));
    const [losses, notes]: [(readonly LostFile[])[], string[]] = [[], []];
    const { prepared, result } = await attemptRun({
      prepare: async (lost) => {
        losses.push(lost);
        const files: DataFiles = withoutLost(found, lost);
        const plan = await makePlan(buildGraph(config, files), config, store);
        return { files, plan } as unknown as PreparedRun;
      },
      execute: ({ plan }) => {
        const unmade = new Set<string>();
        const outcomes = plan.map((job): JobOutcome => {
          const { key, stage, unit } = job.node;
          const fails = stage === 'tile' && unit.file === 'slides/1.svs';
          if (!fails && !upstreamOf(job.node).some((one) => unmade.has(one)))
            return { state: 'done', job, manifest: {} as never };
          unmade.add(key);
          if (!fails) return { state: 'skipped', job };
          const error = new HafError('HAF_JOB_QUARANTINED', `${key}: It ended three workers.`, 'Look at it.');
          return { state: 'failed', job, error };
        });
        const state = unmade.size === 0 ? 'succeeded' : 'finished-with-failures';
        return Promise.resolve({ state, outcomes } as unknown as ExecuteResult);
      },
      onNote: (text) => notes.push(text),
    });
    return { files: prepared.files, result, losses, notes };
  }

  it('is left out of all modalities that share its tiles, by the next attempt', async () => {
    const { files, result, losses, notes } = await attempted(load(own));
    expect(losses).toHaveLength(2);
    expect(result.state).toBe('succeeded');
    expect(losses.at(-1)).toEqual([
      {
        embeds: ['A', 'B', 'C'].map((modality) => `embed/${modality}/slides/1.svs`),
        problem: {
          ...{ severity: 'failure', stage: 'tile', patient: '1', file: 'slides/1.svs', place: null },
          reason:
            'It ended three workers. The modalities A, B and C use the same tiles. The run leaves these images out of all of them.',
          fix: 'Look at it.',
        },
      },
    ]);
    expect(notes).toEqual(['Continuing without this file.']);
    expect(files.bags.map(({ unit: { modality, file } }) => `${modality ?? ''} ${file ?? ''}`)).toEqual([
      'A slides/2.svs',
      'B slides/2.svs',
      'C slides/2.svs',
    ]);
  });

  it('is a loss of each modality where each has tiles of its own', async () => {
    const width = ', width: 6';
    const { result, losses } = await attempted(load([width, width, width], shared));
    expect(losses).toHaveLength(2);
    expect(result.state).toBe('succeeded');
    expect(losses.at(-1)).toMatchObject(
      ['A', 'B', 'C'].map((modality) => ({
        embeds: [`embed/${modality}/slides/1.svs`],
        problem: { reason: 'It ended three workers.' },
      })),
    );
  });

  it('is a loss of those modalities alone that read these tiles', async () => {
    const { result, losses } = await attempted(load([', width: 6', ', width: 6', own[2] ?? ''], shared));
    expect(losses).toHaveLength(2);
    expect(result.state).toBe('succeeded');
    expect(losses.at(-1)?.map(({ embeds }) => embeds)).toEqual([
      ['embed/A/slides/1.svs', 'embed/C/slides/1.svs'],
      ['embed/B/slides/1.svs'],
    ]);
  });
});
