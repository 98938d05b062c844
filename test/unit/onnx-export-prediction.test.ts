import { describe, expect, it } from 'vitest';
import { calibrated } from '../../src/operators/calibration/calibrated.js';
import type { CalibrationMap } from '../../src/operators/calibration/calibration-data.js';
import { predictionEdge } from '../../src/operators/onnx-export/prediction-edges.js';
import { encodedRowEdge } from '../../src/operators/onnx-export/table-edges.js';
import { encodedWidth, encodeRow } from '../../src/operators/preprocessing/encode-row.js';
import type { FittedColumn } from '../../src/operators/preprocessing/vectors-data.js';
import { survivalOf, type SurvivalModel } from '../../src/operators/survival/survival-model.js';
import { OnnxGraph } from '../../src/operators/tensor/onnx/graph-builder.js';
import { loadRuntime, type Runtime } from '../../src/operators/tensor/onnx/runtime.js';

const runtime = await loadRuntime().catch((error: unknown): Runtime | null => {
  console.warn(`SKIPPED: no onnxruntime-node (${String(error)})`);
  return null;
});

type Part = Parameters<typeof predictionEdge>[1];

/**
 * Runs the exported graph of a fold on these logits. If `seen` is 0, the patient has no modality that the model can
 * use.
 */
async function predicted(
  record: Part,
  logits: readonly number[],
  years: readonly number[] = [],
  seen = 1,
): Promise<number[]> {
  const { InferenceSession, Tensor } = runtime as Runtime;
  const graph = new OnnxGraph();
  const input = graph.input('logits', { dims: [1, logits.length] });
  const has = graph.add('Greater', [graph.input('seen', { dims: [1, 1] }), graph.scalar(0)]);
  graph.result('prediction', predictionEdge(graph, record, input, has, years), [
    1,
    Math.max(1, years.length),
  ]);
  const session = await InferenceSession.create(graph.toBytes(), { logSeverityLevel: 3 });
  const { prediction } = await session.run({
    logits: new Tensor('float32', Float32Array.from(logits), [1, logits.length]),
    seen: new Tensor('float32', Float32Array.of(seen), [1, 1]),
  });
  return [...(prediction?.data as Float32Array)];
}

describe.skipIf(runtime === null)('the prediction in an exported model', () => {
  const logits = [-40, -2.5, -1, -0.25, 0, 0.5, 0.75, 1, 3, 100];
  it.each<CalibrationMap>([
    { kind: 'none' },
    { kind: 'platt', slope: 0.7, intercept: -1.5 },
    { kind: 'platt', slope: -0.2, intercept: 0.5 },
    { kind: 'temperature', temperature: 2.5 },
    { kind: 'isotonic', knots: [{ logit: 0.25, p: 0.4 }] },
    {
      kind: 'isotonic',
      knots: [
        { logit: -1, p: 0.1 },
        { logit: 0.5, p: 0.4 },
        { logit: 0.75, p: 0.4 },
        { logit: 1, p: 0.9 },
      ],
    },
  ])('is calibrated: $kind', async (map) => {
    const record: Part = {
      ...{ outputs: 1, unseen: [0.5], survival: null },
      calibration: { map, threshold: 0.3 },
    };
    for (const logit of logits) {
      const [own] = await predicted(record, [logit]);
      expect(own).toBeCloseTo(calibrated(map, logit), 6);
    }
    // Without any modality the prediction is the base rate, with the logit `unseen`. It is not calibrated.
    expect((await predicted(record, [3], [], 0))[0]).toBeCloseTo(1 / (1 + Math.exp(-0.5)), 6);
    const two = { ...record, outputs: 2, unseen: [0, 0.5] };
    expect((await predicted(two, [0.25, 1]))[0]).toBeCloseTo(calibrated(map, 0.75), 6);
  });

  const years = [0.5, 1, 2, 3, 5, 20];
  it.each<[SurvivalModel, readonly number[]]>([
    [{ kind: 'hazards', innerEdges: [200, 730.5, 1000], lastEdge: 1800 }, [-2, 0.5, -1, 1.5]],
    [{ kind: 'hazards', innerEdges: [200, 730.5, 1000], lastEdge: 1800 }, [-200, 90, -1, 1.5]],
    [{ kind: 'hazards', innerEdges: [200, 730.5], lastEdge: 730.5 }, [-2, 0.5, -1]],
    [{ kind: 'proportional', times: [300, 500, 900], logHazard: [-3, -2, -0.5] }, [0.8]],
  ])('is survival at the horizons, model %#', async (survival, outputs) => {
    const unseen = outputs.map(() => 0.25);
    const record: Part = { ...{ outputs: outputs.length, unseen, survival }, calibration: null };
    const days = years.map((at) => at * 365.25);
    for (const [seen, from] of [
      [1, outputs],
      [0, unseen],
    ] as const) {
      const own = await predicted(record, outputs, years, seen);
      const wanted = [...survivalOf(survival, from, days)];
      own.forEach((value, h) => expect(value).toBeCloseTo(wanted[h] as number, 6));
      expect(own).toHaveLength(years.length);
    }
  });
});

describe.skipIf(runtime === null)('a table row in an exported model', () => {
  const columns: readonly FittedColumn[] = [
    { name: 'site', kind: 'nominal', categories: ['a', 'b', 'c'], fill: 1, known: [0, 1] },
    { name: 'ward', kind: 'nominal', categories: ['x', 'y'], fill: 0 },
    { name: 'age', kind: 'numeric', fill: 60, offset: 50, scale: 10, range: [40, 80] },
    // Two difficult cases in one column: the fill value 0 lies outside of the range of the column, and dates of eight
    // digits need float64, because float32 would round them.
    {
      name: 'date',
      kind: 'numeric',
      fill: 0,
      offset: 20_240_101,
      scale: 0.5,
      range: [20_240_000, 20_250_000],
    },
    { name: 'ill', kind: 'binary', fill: 0 },
    { name: 'sex', kind: 'binary', fill: 1, known: [1] },
    { name: 'grade', kind: 'ordinal', fill: 2, known: [0, 2, 3], offset: 1, scale: 2 },
  ];
  const rows: readonly (readonly number[])[] = [
    [0, 1, 55.5, 20_240_101.25, 1, 1, 3],
    [1, 0, 39, 20_239_999, 0, 0, 1],
    [2, 1, 81, 20_260_000, 1, 0, 0],
    [NaN, NaN, NaN, NaN, NaN, NaN, NaN],
    [7, 0, -1e12, 20_240_102, 1, 1, 2],
  ];

  it('becomes the vector of preprocessing', async () => {
    const { InferenceSession, Tensor } = runtime as Runtime;
    const graph = new OnnxGraph();
    const order = ['grade', 'date', 'unread', 'age', 'ward', 'site', 'sex', 'ill'];
    const input = graph.input('row', { type: 'float64', dims: [1, order.length] });
    const width = encodedWidth(columns);
    graph.result('vector', encodedRowEdge(graph, 'Clin', input, order, columns), [1, width]);
    const session = await InferenceSession.create(graph.toBytes(), { logSeverityLevel: 3 });
    for (const row of rows) {
      const cells = Float64Array.from(
        order,
        (name) => row[columns.findIndex((one) => one.name === name)] ?? 5,
      );
      const { vector } = await session.run({ row: new Tensor('float64', cells, [1, order.length]) });
      const wanted = new Float32Array(width);
      encodeRow(columns, (at) => row[at] as number, wanted);
      expect([...(vector?.data as Float32Array)]).toEqual([...wanted]);
    }
  });
});
