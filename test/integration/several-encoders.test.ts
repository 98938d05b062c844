import { mkdtempSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { storedTiles } from '../../src/operators/features/reading-thread.js';
import { defaultLimits } from '../../src/operators/features/reading-limits.js';
import type { RunEvent } from '../../src/pipeline/run-event.js';
import { cli } from '../support/cli.js';
import { poolingEncoder, writeOnnxFile } from '../support/onnx-file.js';
import { writePainted } from '../support/painted-slide.js';

const side = 32;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'haf-encoders-'));
  writeOnnxFile(join(folder, 'a.onnx'), poolingEncoder(side, 6));
  writeOnnxFile(join(folder, 'b.onnx'), poolingEncoder(side, 12));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Embeds the slide with one encoder. Returns how the jobs ended, by stage. */
async function embedded(
  slide: string,
  model: string,
  width: number,
  out = `f-${width}`,
  ...more: readonly string[]
) {
  const set = [
    `embed.encoder.onnx=${join(folder, model)}`,
    `data.modalities.WSI.width=${width}`,
    `tile.targetSize=${side}`,
    'tissue.preset=bypass',
    ...more,
  ].flatMap((key) => ['--set', key]);
  const { code, stdout, stderr } = await cli(['embed', slide, '-o', out, '--json', ...set], folder);
  expect(code, stderr).toBe(0);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
  const ends = events.flatMap((event) =>
    event.type === 'job-done' || event.type === 'job-cached'
      ? [{ stage: event.stage, how: event.type, artifact: event.artifact }]
      : [],
  );
  return new Map(ends.map(({ stage, ...end }) => [stage, end]));
}

const cornersOf = async (width: number) =>
  (await storedTiles({ path: join(folder, `f-${width}`, 'a.h5'), name: 'a.h5' }, defaultLimits)).values;

it('two encoders over the same slides share its tiles: they are cut once', async () => {
  const slide = await writePainted('a.svs', { width: 1500, height: 1200 });
  const first = await embedded(slide, 'a.onnx', 6);
  const second = await embedded(slide, 'b.onnx', 12);
  expect(first.get('tile')?.how).toBe('job-done');
  expect(second.get('tile')).toEqual({ ...first.get('tile'), how: 'job-cached' });
  expect(second.get('embed')?.how).toBe('job-done');
  expect(await cornersOf(12)).toEqual(await cornersOf(6));
  // With another tile size, the artifact of `tile` differs.
  const other = await embedded(slide, 'a.onnx', 6, 'large', 'tile.size=512', 'tile.step=512');
  expect(other.get('tile')?.artifact).not.toBe(first.get('tile')?.artifact);
  rmSync(dirname(slide), { recursive: true });
}, 120_000);
