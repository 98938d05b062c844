import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { makeCohort } from '../../src/operators/synthetic/make-cohort.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { cli } from '../support/cli.js';
import { poolingEncoder, writeOnnxFile } from '../support/onnx-file.js';
import { runFolder } from '../support/small-cohort.js';

const patients = 20;

describe('two encoders of one experiment over the same slides', () => {
  let folder: string;
  let events: readonly RunEvent[];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'haf-two-encoders-'));
    const data = join(folder, 'data');
    await makeCohort({ out: data, patients, seed: 3, width: 8, slides: true });
    writeOnnxFile(join(data, 'a.onnx'), poolingEncoder(32, 6));
    writeOnnxFile(join(data, 'b.onnx'), poolingEncoder(64, 12));
    const files = { kind: 'bag', slides: 'slides/*.svs', patient: 'hancock' };
    const experiment = {
      name: 'two',
      modalities: ['WSI', 'WSI_b', 'Clin'],
      methods: ['haf', 'mil-WSI_b'],
      cohort: { require: [] },
      cv: { folds: 2 },
      train: { epochs: 2, lr: 1e-3, batch: 16 },
      tissue: { preset: 'bwh_biopsy' },
      tile: { size: 128, step: 128 },
      data: {
        root: 'data',
        modalities: {
          WSI: { slides: 'slides/*.svs', width: 6, encoder: { onnx: 'a.onnx', targetSize: 32 } },
          WSI_b: { ...files, width: 12, encoder: { onnx: 'b.onnx', targetSize: 64 } },
        },
      },
    };
    writeFileSync(join(folder, 'experiment.yaml'), stringify(experiment));
    const run = ['up', '-c', 'experiment.yaml', '--no-broker', '--json'];
    const { code, stdout, stderr } = await cli(run, folder);
    expect(code, stderr).toBe(0);
    events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as RunEvent);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const doneIn = (stage: string, modality: string): number =>
    events.filter(
      (event) => event.type === 'job-done' && event.stage === stage && event.unit.modality === modality,
    ).length;

  it('cuts the tiles once and encodes them twice', () => {
    const slides = doneIn('tile', 'WSI');
    expect(slides).toBeGreaterThanOrEqual(patients - 2);
    expect(doneIn('tile', 'WSI_b')).toBe(0);
    expect(doneIn('embed', 'WSI')).toBe(slides);
    expect(doneIn('embed', 'WSI_b')).toBe(slides);
  });

  it('trains on both, draws the attention of both, and names both encoders in the report', () => {
    expect(doneIn('stage1', 'WSI')).toBe(2);
    expect(doneIn('stage1', 'WSI_b')).toBe(2);
    expect(doneIn('heatmap', 'WSI_b')).toBe(2);
    const report = readFileSync(join(runFolder(folder), 'report.html'), 'utf8');
    expect(report).toContain('a.onnx');
    expect(report).toContain('b.onnx');
    const text = report.replaceAll(/<[^>]*>/g, ' ').replaceAll(/\s+/g, ' ');
    // Five counts: images, images with tiles, empty images, failed images, tiles.
    const [, title, counts] = / Encoder (\S.*?) ((?:\d+ ){5})[^<]*? a\.onnx /.exec(text) ?? [];
    expect(title).toBeDefined();
    expect(Number(counts?.split(' ')[0])).toBe(doneIn('tile', 'WSI'));
    expect(Number(counts?.split(' ')[4])).toBeGreaterThan(0);
    expect(text).toMatch(new RegExp(` WSI_b ${counts ?? ''}.*? b\\.onnx `));
    expect(text).toContain(
      `WSI_b uses the tiles of ${title ?? ''} for ${doneIn('tile', 'WSI')} of its ${doneIn('tile', 'WSI')} images.`,
    );
  });
});
