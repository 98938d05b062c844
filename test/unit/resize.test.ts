import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resizer, type Interpolation } from '../../src/operators/encoders/resize.js';
import { sha256 } from '../../src/pipeline/core/canonical-json.js';

/**
 * Noise with all values from black to white. The filters overshoot on it, so the test covers the clipping to 0 and 255.
 */
const picture = (side: number): Uint8Array =>
  Uint8Array.from({ length: side * side * 3 }, (_, i) => Math.imul(i, 2654435761) >>> 24);

/**
 * SHA-256 of what Pillow 9.4.0 makes of `picture`: Image.frombytes('RGB', (side, side), ...).resize((to, to), filter).
 */
const pillow: readonly (readonly [side: number, to: number, filter: Interpolation, digest: string])[] = [
  [256, 224, 'bicubic', '624da252d2fddc3b0ab75be2afb145ecea934fb868db1623f23793588fbd2cb4'],
  [256, 224, 'bilinear', 'd66864b9530c47ebc20fcae8a97dc25e19ef89e44f544f7f6caa7b2f0023eb03'],
  [512, 224, 'bicubic', '8f182d37d86e180344bf32727edd287362cdb989acc58a6e81017d385790f634'],
  [128, 224, 'bicubic', 'e6ea25b2f92bf6f2e03cc09b7978c23f635ae115b1b43dc247ef275e46291817'],
  [128, 224, 'bilinear', 'c8fd1f6b362ebd4e47e0ce08e4e35ee83c39ab525e9644e14c67d1ac8fa2dfac'],
  [7, 5, 'bicubic', '942f19102a2266a79b1f3d969a038545fea0744c2eabfd7a324b2197fb583a43'],
];

describe('scaling tiles', () => {
  it.each(pillow)('from %i to %i, %s, gives the bytes of Pillow', (side, to, filter, digest) => {
    expect(sha256(resizer(side, to, filter)(picture(side)))).toBe(digest);
  });

  it('leaves a tile of the right size alone', () => {
    const rgb = picture(16);
    expect(resizer(16, 16, 'bicubic')(rgb)).toBe(rgb);
  });

  const python = spawnSync('/usr/bin/python3', ['-c', 'import PIL'], { stdio: 'ignore' });
  it.skipIf(python.status !== 0)('agrees with the Pillow of this machine', () => {
    const folder = mkdtempSync(join(tmpdir(), 'haf-resize-'));
    const [side, to] = [61, 23];
    writeFileSync(join(folder, 'in'), picture(side));
    const script = `
import sys
from PIL import Image
image = Image.frombytes('RGB', (${side}, ${side}), open('in', 'rb').read())
open('out', 'wb').write(image.resize((${to}, ${to}), Image.BICUBIC).tobytes())`;
    expect(spawnSync('/usr/bin/python3', ['-c', script], { cwd: folder }).status).toBe(0);
    expect(Buffer.from(resizer(side, to, 'bicubic')(picture(side)))).toEqual(
      readFileSync(join(folder, 'out')),
    );
  });
});
