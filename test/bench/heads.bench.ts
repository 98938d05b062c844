/**
 * CPU time of one optimisation step, with Adam, of the network of each method of the paper. The sizes are those of the
 * real cohort. HAF_BACKEND chooses the backend.
 *
 *     npx vitest run --config test/bench/vitest.config.mjs test/bench/heads.bench.ts
 */
import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { judged, outputs } from '../support/judged.js';
import { expect, it } from 'vitest';
import type { HeadModule } from '../../src/operators/heads/head.js';
import { HeadTraining } from '../../src/operators/heads/head-training.js';
import { methodOf } from '../../src/operators/methods/registry.js';
import { paperMethodIds } from '../../src/operators/paper/paper-results.js';
import { mfmfOf } from '../../src/operators/mfmf/mfmf-net.js';
import { MfmfTraining } from '../../src/operators/mfmf/mfmf-training.js';
import type { ModalityInput } from '../../src/operators/embeddings/modality-inputs.js';
import { Adam } from '../../src/operators/tensor/adam.js';
import { loadBackend } from '../../src/operators/tensor/backend.js';
import { initialParameters } from '../../src/operators/tensor/parameters.js';
import type { Trainable } from '../../src/operators/tensor/train-loop.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { resolvedConfig } from '../support/resolved-config.js';
import { bagsInMemory } from '../support/small-inputs.js';

const config = resolvedConfig();
const widths = { TMA: 64, Clin: 7, Path: 37, Blood: 16, ICD: 40, Cell: 4 } as const;
const patients = Array.from({ length: 64 }, (_, i) => i);
const labels = patients.map((i): 0 | 1 => (i % 4 === 0 ? 1 : 0));

const inputsOf = (width: number | null): readonly ModalityInput[] =>
  (Object.keys(widths) as (keyof typeof widths)[]).map((modality, m) => {
    const stream = rng(1, modality);
    const columns = width ?? widths[modality];
    return {
      ...{ modality, kind: modality === 'TMA' ? ('bag' as const) : ('table' as const) },
      width: columns,
      values: Float32Array.from({ length: patients.length * columns }, () => stream.normal()),
      observed: Uint8Array.from(patients, (i) => ((i + m) % 9 === 0 ? 0 : 1)),
    };
  });

/** CPU milliseconds of a step. Other work on the machine disturbs CPU time less than wall time. */
async function cpuMs(model: Trainable, repeats = 30): Promise<number> {
  const adam = new Adam<Float32Array>(model.parameters, config.train);
  const step = async (): Promise<void> => adam.step((await model.step(patients)).gradient, 1e-4);
  for (let i = 0; i < 8; i++) await step();
  const times: number[] = [];
  for (let i = 0; i < repeats; i++) {
    const before = process.cpuUsage();
    await step();
    const { user, system } = process.cpuUsage(before);
    times.push((user + system) / 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1] ?? NaN;
}

it('one step of each row', async () => {
  const { name } = await loadBackend();
  const lines: string[] = [];
  const say = (row: string, ms: number, size: number): void =>
    void lines.push(
      `${row.padEnd(20)}${ms.toFixed(2).padStart(9)} ms${String(size).padStart(11)} parameters`,
    );
  for (const method of paperMethodIds.map(methodOf)) {
    if (method.kind !== 'fusion' || ('attached' in method && method.attached)) continue;
    const module: HeadModule = await method.head();
    const inputs = inputsOf(method.embedding === 'projected' ? null : config.align.width);
    const projected = inputs.map(() => (method.embedding === 'projected' ? config.fusion.projection : null));
    const streams = (purpose: string): ReturnType<typeof rng> => rng(1, purpose);
    const head = module.create({
      inputs,
      projected,
      randomDrop: method.randomDrop,
      criterion: binaryCriterion,
      config,
      rng: streams,
    });
    const parameters = initialParameters(head.layout, rng(1, 'init'));
    say(
      method.id,
      await cpuMs(new HeadTraining(head, parameters, inputs, judged(labels), [])),
      parameters.length,
    );
  }
  const tables = inputsOf(null).filter(({ modality }) => modality !== 'TMA');
  for (const rows of [16, 1000]) {
    const net = mfmfOf({
      ...{ width: config.align.width, heads: 4, tables, output: outputs(1), frozen: null },
      ...{ sequence: ['TMA'], bags: { TMA: 256 } },
    });
    const { source } = bagsInMemory(256, new Array<number>(patients.length).fill(rows));
    const parameters = initialParameters(net.layout, rng(1, 'init'));
    const model = new MfmfTraining(net, parameters, {
      ...{ tables, judged: judged(labels), maxInstances: null, validation: [] },
      bags: { TMA: { source, subsample: rng(1, 'subsample') } },
    });
    say(`mfmf, bags of ${rows}`, await cpuMs(model, rows > 100 ? 4 : 30), parameters.length);
  }
  console.log([`backend ${name}, 64 patients, six modalities`, ...lines].join('\n'));
  expect(lines.length).toBeGreaterThan(10);
});
