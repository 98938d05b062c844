import { describe, expect, it } from 'vitest';
import { scoringModel } from '../../src/operators/bundle/scoring-model.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { stage3 } from '../../src/operators/stage3/stage3.js';
import { readSafetensors } from '../../src/operators/tensor/safetensors.js';
import { loadConfig, type LoadedConfig } from '../../src/pipeline/config/load.js';
import type { Streams } from '../../src/pipeline/core/streams.js';
import type { StageCode } from '../../src/pipeline/stage.js';
import { CheckpointMemory, checkpointOptions, keptIn, storedFiles } from '../support/checkpoints.js';
import { frozenEmbeddings } from '../support/frozen-embeddings.js';
import { testJob } from '../support/jobs.js';
import { miniConfig } from '../support/mini-cohort.js';
import { runStage, type StageRun } from '../support/run-stage.js';
import { scoredFold } from '../support/scored-fold.js';
import { JobCheckpoints } from '../../src/workers/job-checkpoints.js';

const inputs = frozenEmbeddings(60);
const train = { epochs: 5, batch: 8, lr: 0.01, patience: 4, plateauPatience: 1 };
const jobOf = (ensemble: number, method = 'drop'): StageRun => ({
  config: { ...miniConfig, fusion: { ...miniConfig.fusion, dropout: 0.3, ensemble }, train },
  ...{ unit: { fold: 0, method }, inputs },
});
const weightsOf = async (ensemble: number) =>
  readSafetensors(
    (await runStage(stage3, jobOf(ensemble))).output.files['weights.safetensors'] as Uint8Array,
  );

describe('an ensemble', () => {
  it('has the network of the row alone as its first member, and others of other seeds', async () => {
    const [alone, three] = [await weightsOf(1), await weightsOf(3)];
    const names = Object.keys(alone);
    expect(Object.keys(three)).toEqual([0, 1, 2].flatMap((k) => names.map((name) => `member-${k}.${name}`)));
    for (const name of names) {
      expect(three[`member-0.${name}`]).toEqual(alone[name]);
      expect(three[`member-1.${name}`]).not.toEqual(alone[name]);
      expect(three[`member-2.${name}`]).not.toEqual(three[`member-1.${name}`]);
    }
  });

  it('keeps what each network learned', async () => {
    const { output } = await runStage(stage3, jobOf(3));
    const histories = ['history.json', 'history-member-1.json', 'history-member-2.json'];
    expect(Object.keys(output.files)).toEqual(expect.arrayContaining(histories));
    expect(output.files['history.json']).toEqual(
      (await runStage(stage3, jobOf(1))).output.files['history.json'],
    );
  });

  it('gives the mean of what its networks give, each set up by itself', async () => {
    const { parts, data, model } = await scoredFold('haf', { fusion: { ensemble: 3 } }, 2);
    const patients = data.patients.flatMap((_, at) => (model.sees(at) ? [at] : []));
    const together = await model.outputs(patients);
    const alone = await Promise.all(
      [0, 1, 2].map(async (k) => {
        const arrays = Object.fromEntries(
          Object.entries(parts.arrays).map(([name, array]) => [name.replace(`member-${k}.`, ''), array]),
        );
        const config = { ...parts.config, fusion: { ...parts.config.fusion, ensemble: 1 } };
        return (await scoringModel({ ...parts, arrays, config }, data)).outputs(patients);
      }),
    );
    expect(alone[0]).not.toEqual(alone[1]);
    together.forEach((row, i) =>
      row.forEach((output, c) => {
        const [a = NaN, b = NaN, d = NaN] = alone.map((rows) => rows[i]?.[c]);
        expect(output).toBeCloseTo((a + b + d) / 3, 12);
      }),
    );
  });

  it('is refused in joint training, where it says what to do', () => {
    const asked = { fusion: { ensemble: 2 } };
    const load = (experiment: object): LoadedConfig =>
      loadConfig({ text: JSON.stringify({ name: 'test', ...experiment }), set: [] });
    expect(() => load({ ...asked, schedule: 'joint' })).toThrow('trains one network');
    expect(load(asked).config.fusion.ensemble).toBe(2);
  });
});

/**
 * Checkpoints of a job that is told to pause when it offers its n-th checkpoint, counted over all networks.
 */
const pausedAt =
  (n: number, memory: CheckpointMemory) =>
  (streams: Streams): JobCheckpoints => {
    const controller = new AbortController();
    const checkpoints = new JobCheckpoints(
      testJob('job'),
      memory,
      streams,
      checkpointOptions({ pause: controller.signal }),
    );
    const offer = checkpoints.offer.bind(checkpoints);
    let offered = 0;
    checkpoints.offer = (at, snapshot) => {
      if (++offered === n) controller.abort();
      return offer(at, snapshot);
    };
    return checkpoints;
  };

const several: Record<string, readonly [StageCode, StageRun]> = {
  'an ensemble of three': [stage3, jobOf(3, 'drop')],
  'a signed alignment with candidates': [
    stage2,
    {
      config: { ...miniConfig, train, signed: { lambdaPD: [0.1, 1], tau: [0.1, 0.5] } },
      ...{ unit: { fold: 0, alignment: 'signed' }, inputs },
    },
  ],
};

describe.each(Object.entries(several))('%s', (_, [code, run]) => {
  it('paused in any of its networks and gone on with elsewhere, leaves the same bytes', async () => {
    const undisturbed = await runStage(code, run);
    const epochs = undisturbed.progress.length;
    expect(epochs).toBeGreaterThan(10);
    for (const n of [1, Math.floor(epochs / 2)]) {
      const memory = new CheckpointMemory();
      const paused: unknown = await runStage(code, { ...run, checkpoints: pausedAt(n, memory) }).catch(
        (error: unknown) => error,
      );
      expect(paused).toMatchObject({ code: 'HAF_INTERRUPTED' });
      const { output, progress } = await runStage(code, { ...run, checkpoints: keptIn(memory) });
      // The last epoch of a network has no checkpoint. So at the n-th checkpoint at least n epochs are done.
      expect(progress.length).toBeLessThanOrEqual(epochs - n);
      expect(progress).toEqual(undisturbed.progress.slice(-progress.length));
      expect(storedFiles(output), `after epoch ${n} of ${epochs}`).toEqual(storedFiles(undisturbed.output));
    }
  });
});

describe('the candidates of a signed alignment', () => {
  it('are trained apart, and the one whose probe ranks validation patients best is kept', async () => {
    const [code, run] = several['a signed alignment with candidates'] ?? expect.unreachable();
    const { output } = await runStage(code, run);
    const { tried, chosen } = output.files['candidates.json'] as {
      tried: { lambdaPD: number; tau: number; validation: number | null }[];
      chosen: number;
    };
    expect(tried.map(({ lambdaPD, tau }) => [lambdaPD, tau])).toEqual([
      [0.1, 0.1],
      [0.1, 0.5],
      [1, 0.1],
      [1, 0.5],
    ]);
    const scores = tried.map(({ validation }) => validation ?? -1);
    expect(scores[chosen]).toBe(Math.max(...scores));
    expect(chosen).toBe(scores.indexOf(Math.max(...scores)));
    // The first candidate has the random streams of a job with this candidate only. So its results equal those of such
    // a job.
    const alone = await runStage(code, {
      ...run,
      config: { ...run.config, signed: { lambdaPD: [0.1], tau: [0.1] } },
    });
    expect((alone.output.files['candidates.json'] as { tried: object[] }).tried[0]).toEqual(tried[0]);
    if (chosen === 0)
      expect(output.files['weights.safetensors']).toEqual(alone.output.files['weights.safetensors']);
  });
});
