/**
 * Opens damaged slides in formats that OpenSlide reads. Each fixture is cut at 40 points. In 200 further copies, one
 * random byte is changed. No damaged slide may end this process, give HAF_INTERNAL, or take more than 35 s. Needs
 * `slides install` and the built code.
 *
 * Run with: npx vitest run --config test/bench/vitest.config.mjs test/bench/fuzz-openslide.bench.ts
 * HAF_FUZZ_SEED=N draws other bytes. HAF_FUZZ_SHARE=0.1 takes a tenth of the cases.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { isOpenSlideInstalled } from '../../src/backends/openslide.js';
import { probeSlide } from '../../src/operators/slides/probe-slide.js';
import { dicomImage } from '../support/dicom-slide.js';
import { leicaScn, philipsTiff } from '../support/scanner-tiffs.js';

const folder = mkdtempSync(join(tmpdir(), 'haf-fuzz-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [seed, share] = [Number(process.env.HAF_FUZZ_SEED ?? 1), Number(process.env.HAF_FUZZ_SHARE ?? 1)];
const [cuts, flips] = [40, 200].map((count) => Math.ceil(count * share)) as [number, number];

/** A generator of random numbers (xorshift). The same seed gives the same numbers. */
function drawer(from: number): (below: number) => number {
  let state = from * 2_654_435_761 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const fixtures: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['p.tiff', philipsTiff()],
  ['l.scn', leicaScn()],
  ['d.dcm', dicomImage({ width: 256, height: 192, series: '1.2.5', instance: '1.2.5.1' })],
];

it.skipIf(!isOpenSlideInstalled()).each(fixtures)(
  '%s',
  async (name, bytes) => {
    const draw = drawer(seed);
    const cut = Array.from({ length: cuts }, (_, i) =>
      bytes.subarray(0, Math.floor((i * bytes.length) / cuts)),
    );
    const flipped = Array.from({ length: flips }, (_, i) => {
      const copy = Buffer.from(bytes);
      // Half of the changed bytes are at the two ends of the file, where headers and directories are.
      const edge = Math.min(4096, bytes.length >> 1);
      const near = draw(edge);
      const at = i % 2 === 0 ? draw(bytes.length) : draw(2) === 0 ? near : bytes.length - 1 - near;
      copy.writeUInt8(copy.readUInt8(at) ^ (1 + draw(255)), at);
      return copy;
    });
    let [readable, slowest] = [0, 0];
    const path = join(folder, name);
    for (const damaged of [...cut, ...flipped]) {
      writeFileSync(path, damaged);
      const before = performance.now();
      const probe = await probeSlide(path);
      slowest = Math.max(slowest, (performance.now() - before) / 1000);
      if (probe.readable) readable++;
      else expect(probe.reason).not.toContain('Unexpected error');
    }
    console.log(
      `${name}: ${cuts} cut, ${flips} flipped; ${readable} readable; slowest ${slowest.toFixed(1)} s`,
    );
    expect(slowest).toBeLessThan(35);
    // The undamaged file must be readable. Otherwise this test would show nothing.
    writeFileSync(path, bytes);
    expect(await probeSlide(path)).toMatchObject({ readable: true });
  },
  3_600_000,
);
