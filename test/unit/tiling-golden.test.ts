import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tissueSettings } from '../../src/operators/tiling/tissue-settings.js';
import { tissueSchema } from '../../src/pipeline/config/image-schema.js';
import { clamAnswers, ownAnswer, type ClamAnswer, type ClamJob } from '../support/clam.js';
import { goldenPicture } from '../support/golden-picture.js';

/**
 * Results of test/support/clam.py with OpenCV 4.6 (Debian's python3-opencv 4.6.0+dfsg-12), computed on 2026-11-23. This
 * command computes them again: HAF_WRITE_GOLDEN=/usr/bin/python3 npx vitest run test/unit/tiling-golden.test.ts
 */
const golden = join(import.meta.dirname, '../support/golden-tissue.json');

const jobs: readonly ClamJob[] = [
  { preset: 'bwh_biopsy' },
  { minArea: 0.5, minHoleArea: 0.02, maxHoles: 2 },
  { minArea: 0, minHoleArea: 0, close: 5, mthresh: 3, contourTest: 'center', padding: false },
  { minArea: 0, useOtsu: true, close: 0, contourTest: 'four_pt_hard' },
].map((tissue) => ({
  picture: goldenPicture(),
  slide: [160 * 64 + 30, 120 * 64 + 10],
  downsample: [(160 * 64 + 30) / 160, (120 * 64 + 10) / 120],
  settings: tissueSettings(tissueSchema.parse(tissue)),
  side: [512, 512],
  step: [384, 512],
}));

const python = process.env.HAF_WRITE_GOLDEN;
if (python !== undefined) writeFileSync(golden, `${JSON.stringify(clamAnswers(python, jobs))}\n`);

describe('tissue and tiles written down from OpenCV', () => {
  const answers = JSON.parse(readFileSync(golden, 'utf8')) as readonly ClamAnswer[];

  it.each(jobs.map((job, index) => ({ job, index })))('settings $index', ({ job, index }) => {
    expect(ownAnswer(job)).toEqual(answers[index]);
  });

  it('cover holes', () => {
    const holes = answers.map(({ outlines }) => outlines.flatMap((outline) => outline.holes).length);
    expect(holes).toEqual([3, 4, 5, 0]);
    expect(answers.every(({ tiles }) => tiles.length > 0)).toBe(true);
  });
});
