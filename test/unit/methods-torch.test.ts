import { binaryCriterion } from '../../src/operators/criteria/binary.js';
import { judged, logitsOf, outputs } from '../support/judged.js';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import { rng } from '../../src/pipeline/core/rng.js';
import { bilinearHead } from '../../src/operators/heads/bilinear.js';
import type { HeadModule } from '../../src/operators/heads/head.js';
import { mdlmHead } from '../../src/operators/heads/mdlm.js';
import { poolHead } from '../../src/operators/heads/pool.js';
import { ps3Head } from '../../src/operators/heads/ps3.js';
import { mfmfOf } from '../../src/operators/mfmf/mfmf-net.js';
import { MfmfTraining, type MfmfBags } from '../../src/operators/mfmf/mfmf-training.js';
import { fillDropout } from '../../src/operators/tensor/dropout.js';
import {
  initialParameters,
  layoutOf,
  linearSpecs,
  namedParameters,
  partOf,
  type ParameterLayout,
} from '../../src/operators/tensor/parameters.js';
import { bagsInMemory, tablesOf } from '../support/small-inputs.js';
import { pythonWith, runPython } from '../support/python-with.js';
import { fastBackends, useBackend } from '../support/numeric-backends.js';
import { resolvedConfig, type Changes } from '../support/resolved-config.js';

const python = pythonWith('torch');
const script = join(import.meta.dirname, '..', 'support', 'methods-torch.py');

interface Answer {
  readonly logits: readonly number[];
  readonly loss: number;
  readonly gradients: Readonly<Record<string, readonly number[]>>;
}

/** The results of our code for one case, and the input from which PyTorch computes the same. */
interface Asked {
  readonly layout: ParameterLayout;
  readonly ours: {
    readonly logits: readonly number[];
    readonly loss: number;
    readonly gradient: Float32Array;
  };
  readonly question: object;
}

const patients = 9;
const labels = Array.from({ length: patients }, (_, i): 0 | 1 => (i % 3 === 0 ? 1 : 0));
const everyone = labels.map((_, i) => i);
const modalities: readonly ModalityId[] = ['WSI', 'Clin', 'Blood', 'ICD'];

const numbersOf = (layout: ParameterLayout, values: Float32Array): object =>
  Object.fromEntries(
    Object.entries(namedParameters(layout, values)).map(([name, { shape, data }]) => [
      name,
      { shape, data: Array.from(data) },
    ]),
  );

/**
 * The frozen layer of `mdlm.combine: frozenConcat`. It reads the two outputs for WSI and the vectors of three tables,
 * which have 4, 5 and 6 numbers.
 */
const frozenLayer = layoutOf(linearSpecs('frozen', 2 + 4 + 5 + 6, 2));

/**
 * Parameters with noise, so that none is exactly one or zero. A parameter of one or zero would hide a wrong product or
 * sum.
 */
const parametersOf = (layout: ParameterLayout): Float32Array => {
  const noise = rng(6, 'noise');
  return initialParameters(layout, rng(4, 'init')).map((value) => value + 0.3 * noise.normal());
};

async function askHead(
  network: string,
  module: HeadModule,
  options: { readonly how?: string; readonly aligned?: boolean; readonly config?: Changes } = {},
): Promise<Asked> {
  const config = resolvedConfig({
    ...options.config,
    fusion: { projection: 5, ...options.config?.fusion },
  });
  const frozen = network === 'mdlm_frozen';
  const tables = tablesOf(modalities, patients, (m) => (options.aligned ? 5 : 3 + m));
  // The slides are given as one vector for each patient, like a table. But their kind is `bag`.
  const inputs = tables.map((input) =>
    input.modality === 'WSI' ? { ...input, kind: 'bag' as const } : input,
  );
  const head = module.create({
    ...{ inputs, randomDrop: false, criterion: binaryCriterion, config },
    // 5: the input gets a trained projection of this width. null: it gets none. A method with a frozen map (`frozen`)
    // reads the columns of tables directly, so only WSI gets a projection, as in stage3/method-head.ts.
    projected: inputs.map(({ modality }) => (options.aligned || (frozen && modality !== 'WSI') ? null : 5)),
    rng: (purpose) => rng(5, purpose),
  });
  const parameters = parametersOf(head.layout);
  const { loss, gradient } = await head.step(
    parameters,
    { inputs, patients: everyone, targets: labels },
    false,
  );
  const logits = logitsOf(await head.outputs(parameters, { inputs, patients: everyone }));
  const masks = fillDropout(new Float32Array(patients * 64), 0.25, rng(5, 'dropout'));
  return {
    layout: head.layout,
    ours: { logits, loss, gradient },
    question: {
      ...{ network, how: options.how, modalities, labels, weights: numbersOf(head.layout, parameters) },
      patients: everyone.map((i) =>
        Object.fromEntries(
          inputs
            .filter(({ observed }) => observed[i] === 1)
            .map(({ modality, width, values }) => [
              modality,
              [...values.subarray(i * width, (i + 1) * width)],
            ]),
        ),
      ),
      ...(frozen && {
        widths: inputs.map(({ width }) => width),
        frozen: numbersOf(frozenLayer, initialParameters(frozenLayer, rng(5, 'frozen'))),
      }),
      ...(network === 'ps3' && {
        dropout: everyone.map((i) => [...masks.subarray(64 * i, 64 * (i + 1))]),
      }),
    },
  };
}

async function askMfmf(logits: 1 | 2, sequence: readonly ('WSI' | 'TMA')[]): Promise<Asked> {
  const all = tablesOf(['Clin', 'Blood'], patients, (m) => 3 + m);
  // The last two patients have no table.
  const tables = all.map((input) => ({
    ...input,
    observed: input.observed.map((is, i) => (i > 6 ? 0 : is)),
  }));
  const widths = { WSI: 6, TMA: 4 };
  const memory = {
    WSI: bagsInMemory(widths.WSI, [0, 7, 1, 3, 4, 0, 2, 5, 3]),
    TMA: bagsInMemory(widths.TMA, [3, 0, 5, 2, 0, 1, 4, 0, 6]),
  };
  const net = mfmfOf({
    ...{ width: 8, heads: 2, tables, sequence, output: outputs(logits), frozen: null },
    bags: Object.fromEntries(sequence.map((modality) => [modality, widths[modality]])),
  });
  const bags: Partial<Record<ModalityId, MfmfBags>> = Object.fromEntries(
    sequence.map((modality) => [modality, { source: memory[modality].source, subsample: rng(1, modality) }]),
  );
  const parameters = parametersOf(net.layout);
  const model = new MfmfTraining(net, parameters, {
    ...{ tables, bags, judged: judged(labels), maxInstances: null, validation: [] },
  });
  const { loss, gradient } = await model.step(everyone);
  return {
    layout: net.layout,
    ours: { logits: logitsOf(await model.outputs(everyone)), loss, gradient },
    question: {
      ...{ network: 'mfmf', heads: 2, sequence, labels, weights: numbersOf(net.layout, parameters) },
      patients: everyone.map((i) => ({
        tables: Object.fromEntries(
          tables
            .filter(({ observed }) => observed[i] === 1)
            .map(({ modality, width, values }) => [
              modality,
              [...values.subarray(i * width, (i + 1) * width)],
            ]),
        ),
        bags: Object.fromEntries(
          sequence.flatMap((modality) => {
            const rows = memory[modality].instancesOf(i);
            return rows.length === 0 ? [] : [[modality, rows]];
          }),
        ),
      })),
    },
  };
}

const two = { fusion: { logits: 2 as const } };
const cases: Readonly<Record<string, () => Promise<Asked>>> = {
  'mean pooling': () => askHead('pool', poolHead('mean'), { how: 'mean', aligned: true }),
  'sum pooling': () => askHead('pool', poolHead('sum'), { how: 'sum', aligned: true }),
  'max pooling': () => askHead('pool', poolHead('max'), { how: 'max', aligned: true }),
  PS3: () => askHead('ps3', ps3Head),
  'PS3 with two logits': () => askHead('ps3', ps3Head, { config: two }),
  MDLM: () => askHead('mdlm', mdlmHead),
  'MDLM with two logits': () => askHead('mdlm', mdlmHead, { config: two }),
  'MDLM by the mean': () => askHead('mdlm', mdlmHead, { how: 'mean', config: { mdlm: { combine: 'mean' } } }),
  'MDLM with a frozen layer': () =>
    askHead('mdlm_frozen', mdlmHead, { config: { ...two, mdlm: { combine: 'frozenConcat' } } }),
  'bilinear interaction': () => askHead('bilinear', bilinearHead),
  'bilinear interaction with two logits': () => askHead('bilinear', bilinearHead, { config: two }),
  MFMF: () => askMfmf(1, ['TMA', 'WSI']),
  'MFMF with two logits, slides first': () => askMfmf(2, ['WSI', 'TMA']),
  'MFMF on one kind of bags': () => askMfmf(1, ['TMA']),
};

describe.skipIf(python === null).each(fastBackends)(
  'comparison methods against PyTorch, on %s',
  (backend) => {
    const asked = new Map<string, Asked>();
    const answers = new Map<string, Answer>();

    beforeAll(async () => {
      await useBackend(backend);
      for (const [name, ask] of Object.entries(cases)) asked.set(name, await ask());
      const file = join(mkdtempSync(join(tmpdir(), 'haf-torch-')), 'cases.json');
      writeFileSync(file, JSON.stringify([...asked.values()].map(({ question }) => question)));
      const found = JSON.parse(runPython(python ?? '', [script, file])) as Answer[];
      [...asked.keys()].forEach((name, i) => answers.set(name, found[i] as Answer));
    });

    it.each(Object.keys(cases))('%s has its scores, loss and gradients', (name) => {
      const { layout, ours } = asked.get(name) as Asked;
      const { logits, loss, gradients } = answers.get(name) as Answer;
      const near = (actual: ArrayLike<number>, wanted: readonly number[], what: string): void => {
        expect(actual.length, what).toBe(wanted.length);
        const scale = Math.max(...wanted.map(Math.abs), 1e-3);
        wanted.forEach((value, i) =>
          expect(Math.abs((actual[i] as number) - value) / scale, `${what} ${i}`).toBeLessThan(2e-5),
        );
      };
      near(ours.logits, logits, 'logits');
      near([ours.loss], [loss], 'loss');
      expect(layout.entries.map((entry) => entry.name).sort()).toEqual(Object.keys(gradients).sort());
      for (const [array, wanted] of Object.entries(gradients)) {
        expect(Math.max(...wanted.map(Math.abs)), array).toBeGreaterThan(0);
        near(partOf(layout, ours.gradient, array), wanted, array);
      }
    });
  },
);
