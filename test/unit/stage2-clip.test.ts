import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rng } from '../../src/pipeline/core/rng.js';
import type { StageOutput } from '../../src/pipeline/stage.js';
import type { AlignmentGroup } from '../../src/operators/stage2/alignment.js';
import { clipObjective, svdObjective } from '../../src/operators/stage2/alignment-objective.js';
import { alignmentLoss } from '../../src/operators/stage2/alignment.js';
import { stage2 } from '../../src/operators/stage2/stage2.js';
import { vectorsFile } from '../../src/operators/preprocessing/vectors-data.js';
import { historySchema } from '../../src/operators/tensor/history-data.js';
import { initialParameters, layoutOf } from '../../src/operators/tensor/parameters.js';
import { readSafetensors, writeSafetensors } from '../../src/operators/tensor/safetensors.js';
import { miniCohort, miniConfig } from '../support/mini-cohort.js';
import { pythonWith, runPython } from '../support/python-with.js';
import { resolvedConfig, slotsNamed } from '../support/resolved-config.js';
import { runStage } from '../support/run-stage.js';

const { align, clip } = resolvedConfig();
const modalities = ['WSI', 'TMA', 'Clin', 'Blood'] as const;
const width = 5;

/**
 * Rows are patients, columns are modalities, and column 0 is the slide. Of the patients with a slide, only the first
 * has the last modality, so the loss leaves this modality out.
 */
const mask = [
  [1, 1, 1, 1],
  [1, 1, 0, 0],
  [0, 1, 1, 1],
  [1, 0, 1, 0],
  [1, 1, 1, 0],
  [0, 0, 0, 0],
];

function groupOf(rows: readonly (readonly number[])[] = mask): AlignmentGroup & { readonly u: Float64Array } {
  const stream = rng(3, 'clip-test');
  const flat = Uint8Array.from(rows.flat());
  const u = Float64Array.from({ length: flat.length * width }, () => 2 * stream.normal());
  return { u, mask: flat, modalities: modalities.length, width };
}

const theta = (value: number): Float32Array => Float32Array.of(value);
const objective = (options: Partial<typeof clip> = {}, weight = 0.7): ReturnType<typeof clipObjective> =>
  clipObjective({ weight }, { ...clip, ...options }, slotsNamed(modalities));

describe.each([false, true])('the CLIP loss, anchor with itself %s', (includeSelf) => {
  const group = groupOf();
  const own = theta(1.3);
  const { lossOf } = objective({ includeSelf });

  it('has the gradient that differences show', () => {
    const { gradient, ownGradient } = lossOf(group, own);
    const step = 1e-5;
    group.u.forEach((value, at) => {
      const totalAt = (moved: number): number => {
        const u = group.u.slice();
        u[at] = moved;
        return lossOf({ ...group, u }, own).total;
      };
      expect(gradient[at]).toBeCloseTo((totalAt(value + step) - totalAt(value - step)) / (2 * step), 8);
    });
    const start = own[0] as number;
    // The scale is stored as float32. So the difference is divided by the step that float32 can represent.
    const [less, more] = [theta(start - 0.01), theta(start + 0.01)];
    const slope =
      (lossOf(group, more).total - lossOf(group, less).total) / ((more[0] as number) - (less[0] as number));
    expect(Math.abs(slope)).toBeGreaterThan(0.01);
    expect(ownGradient[0]).toBeCloseTo(slope, 3);
  });

  it.skipIf(python === null)('is what PyTorch computes, with its gradients', () => {
    const { total, gradient, ownGradient } = lossOf(group, own);
    const folder = mkdtempSync(join(tmpdir(), 'haf-clip-'));
    const given = { u: [...group.u], mask, width, theta: own[0], includeSelf, weight: 0.7 };
    writeFileSync(join(folder, 'case.json'), JSON.stringify(given));
    writeFileSync(join(folder, 'clip.py'), clipInTorch);
    const torch = JSON.parse(
      runPython(python ?? '', [join(folder, 'clip.py'), join(folder, 'case.json')]),
    ) as {
      total: number;
      u: number[];
      theta: number;
    };
    expect(total).toBeCloseTo(torch.total, 12);
    expect(ownGradient[0]).toBeCloseTo(torch.theta, 12);
    expect(Math.max(...torch.u.map((value, i) => Math.abs(value - (gradient[i] as number))))).toBeLessThan(
      1e-12,
    );
  });
});

const clipInTorch = `
import json, sys, torch
case = json.load(open(sys.argv[1]))
mask = torch.tensor(case['mask']).bool()
u = torch.tensor(case['u'], dtype=torch.float64).reshape(*mask.shape, case['width']).requires_grad_()
theta = torch.tensor(case['theta'], dtype=torch.float64, requires_grad=True)
terms = []
for m in range(0 if case['includeSelf'] else 1, mask.shape[1]):
    both = mask[:, 0] & mask[:, m]
    if both.sum() < 2: continue
    a, b = (torch.nn.functional.normalize(u[both, k], dim=1) for k in (0, m))
    logits = theta.exp() * a @ b.T
    target = torch.arange(len(a))
    cross = torch.nn.functional.cross_entropy
    terms.append(cross(logits, target) + cross(logits.T, target))
total = case['weight'] * torch.stack(terms).mean()
total.backward()
print(json.dumps({'total': total.item(), 'u': u.grad.flatten().tolist(), 'theta': theta.grad.item()}))
`;

const python = pythonWith('torch');

describe('the CLIP loss', () => {
  it('is the sum of both directions, averaged over patients and over the other modalities, by hand', () => {
    // Two patients whose slide vectors are orthogonal. TMA and Clin have the same vectors as the slide, so their
    // cosines with it are 1 on the diagonal and 0 elsewhere. In Blood, the vectors of the two patients are exchanged,
    // so its cosines are 0 on the diagonal and 1 elsewhere.
    const e = [
      [1, 0],
      [0, 1],
    ];
    const of = (patient: number): number[][] =>
      [e[patient], e[patient], e[patient], e[1 - patient]] as number[][];
    const group: AlignmentGroup = {
      ...{ u: Float64Array.from([...of(0), ...of(1)].flat()), mask: new Uint8Array(8).fill(1) },
      ...{ modalities: 4, width: 2 },
    };
    const own = theta(Math.log(3));
    const [right, wrong] = [Math.log(1 + Math.exp(-3)), Math.log(1 + Math.exp(3))];
    const { total, metrics, ownGradient } = objective().lossOf(group, own);
    expect(metrics['clip']).toBeCloseTo((2 * right + 2 * right + 2 * wrong) / 3, 6);
    expect(total).toBeCloseTo((0.7 * (4 * right + 2 * wrong)) / 3, 6);
    // theta is the logarithm of the scale s, here s = 3. The derivative of log(1 + e^-s) for theta is -s / (1 + e^s),
    // that of log(1 + e^s) is s / (1 + e^-s).
    const [up, down] = [-3 / (1 + Math.exp(3)), 3 / (1 + Math.exp(-3))];
    expect(ownGradient[0]).toBeCloseTo((0.7 * (4 * up + 2 * down)) / 3, 6);
  });

  it('never reads absent vectors, nor those of patients without a slide', () => {
    const group = groupOf();
    const { lossOf } = objective();
    const u = group.u.map((value, at) => {
      const slot = Math.floor(at / width);
      const patient = Math.floor(slot / 4);
      const used = group.mask[slot] === 1 && group.mask[patient * 4] === 1;
      return used ? value : NaN;
    });
    const [clean, spoiled] = [lossOf(group, theta(1)), lossOf({ ...group, u }, theta(1))];
    expect(spoiled.total).toBe(clean.total);
    expect(
      spoiled.gradient.every((value, at) => value === clean.gradient[at] || !Number.isFinite(u[at])),
    ).toBe(true);
  });

  it('leaves out modalities that one patient with a slide has, and is zero without any', () => {
    const { lossOf } = objective();
    const without = groupOf(mask.map(([wsi, tma, clin]) => [wsi ?? 0, tma ?? 0, clin ?? 0, 0]));
    expect(lossOf(groupOf(), theta(1)).total).toBe(lossOf(without, theta(1)).total);
    const none = lossOf(
      groupOf([
        [1, 1, 1, 1],
        [0, 1, 1, 1],
      ]),
      theta(1),
    );
    expect([none.total, ...none.gradient, ...none.ownGradient].every((value) => value === 0)).toBe(true);
  });

  it('holds the scale at its bound, where it no longer learns', () => {
    const { lossOf } = objective({ maxScale: 4 });
    const [at, beyond] = [lossOf(groupOf(), theta(Math.log(4) - 1e-4)), lossOf(groupOf(), theta(3))];
    expect(beyond.metrics['scale']).toBe(4);
    expect(beyond.total).toBeCloseTo(at.total, 3);
    expect(beyond.ownGradient[0]).toBe(0);
    expect(at.ownGradient[0]).not.toBe(0);
    expect(beyond.gradient.some((value) => value !== 0)).toBe(true);
  });

  it('does not see how long vectors are, and survives those without length', () => {
    const group = groupOf();
    const { lossOf } = objective();
    const scaled = { ...group, u: group.u.map((value) => value * 1000) };
    expect(lossOf(scaled, theta(2)).total).toBeCloseTo(lossOf(group, theta(2)).total, 10);
    const u = group.u.slice().fill(0, 0, 2 * width);
    const { total, gradient } = lossOf({ ...group, u }, theta(2));
    expect(Number.isFinite(total)).toBe(true);
    expect(gradient.every(Number.isFinite)).toBe(true);
  });

  it('starts at the temperature, without drawing for it', () => {
    const stream = rng(1, 'never');
    const [start] = initialParameters(layoutOf(objective({ temperature: 0.1 }).specs), stream);
    expect(Math.exp(start ?? 0)).toBeCloseTo(10, 4);
    expect(stream.uniform()).toBe(rng(1, 'never').uniform());
  });

  it('needs its anchor among the modalities: the given one, or a bag', () => {
    const build = (anchor: string | null, of: Parameters<typeof slotsNamed>[0]) => () =>
      clipObjective(align, { ...clip, anchor }, slotsNamed(of));
    expect(build('WSI', ['TMA', 'Clin'])).toThrow('no anchor');
    expect(build(null, ['Clin', 'Blood'])).toThrow('no anchor');
    expect(build('Blood', ['Clin', 'Blood'])).not.toThrow();
  });

  it('takes the first bag as anchor where none is given', () => {
    const group = groupOf();
    const lossOf = (anchor: string | null): number => objective({ anchor }).lossOf(group, theta(1)).total;
    expect(lossOf(null)).toBe(lossOf('WSI'));
    expect(lossOf('TMA')).not.toBe(lossOf('WSI'));
  });
});

it('the SVD objective is the alignment loss, with nothing of its own', () => {
  const group = groupOf();
  const wanted = alignmentLoss(group, align);
  const { total, metrics, gradient, ownGradient } = svdObjective(align).lossOf(group, new Float32Array());
  expect(total).toBe(wanted.total);
  expect(metrics).toEqual({ sv: wanted.sv, pd: wanted.pd, degenerate: wanted.degenerate / mask.length });
  expect(gradient).toEqual(wanted.gradient);
  expect(ownGradient).toHaveLength(0);
});

describe.each(['valAuc', 'valLoss'] as const)('stage 2 by CLIP, stopped by %s', (monitor) => {
  const { inputs, patients } = miniCohort(120);
  const config = {
    ...miniConfig,
    modalities: ['WSI' as const, 'Clin' as const, 'Blood' as const],
    align: { ...miniConfig.align, monitor },
    train: { ...miniConfig.train, epochs: 6, patience: 6 },
  };
  // The slide vectors are copies of the clinical vectors, so that alignment has something to find.
  const vectors = readSafetensors(inputs.preprocess.preprocess?.[0]?.files[vectorsFile] as Uint8Array);
  const observed = Uint8Array.from({ length: patients }, (_, i) => (i % 5 === 2 ? 0 : 1));
  const z = vectors['values'] as (typeof vectors)[string];
  const stage1 = [
    {
      id: 'encoder',
      unit: { fold: 0, modality: 'WSI' as const },
      files: { 'z.safetensors': writeSafetensors({ z, observed: { shape: [patients], data: observed } }) },
    },
  ];
  const trained = async (): Promise<StageOutput> => {
    const unit = { fold: 0, alignment: 'clip' as const };
    return (
      await runStage(stage2, { config, unit, inputs: { ...inputs.base, ...inputs.preprocess, stage1 } })
    ).output;
  };

  it('learns phi and the scale, and exports both', async () => {
    const output = await trained();
    const weights = readSafetensors(output.files['weights.safetensors'] as Uint8Array);
    expect(Object.keys(weights).filter((name) => !name.startsWith('phi.'))).toEqual(['clip.logScale']);
    const scale = weights['clip.logScale']?.data[0] as number;
    expect(Math.abs(scale - Math.log(1 / 0.07))).toBeGreaterThan(0.01);
    const { epochs } = historySchema.parse(output.files['history.json']);
    const losses = epochs.map(({ clip: loss }) => loss as number);
    expect(losses.at(-1)).toBeLessThan(0.8 * (losses[0] as number));
    expect((await trained()).files).toEqual(output.files);
  });
});
