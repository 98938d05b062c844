import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embed } from '../../src/operators/features/embed.js';
import {
  bagIndexFile,
  bagIndexSchema,
  featuresFiles,
  type BagIndex,
} from '../../src/operators/features/bag-index.js';
import type { BagModality } from '../../src/pipeline/core/modality.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { runStage } from './run-stage.js';

export interface Embedded {
  readonly index: BagIndex;
  /** All rows of features.f32. */
  readonly values: Float32Array;
  readonly problems: readonly Problem[];
}

/** A path in a scratch folder of its own, so that file names can be anything. */
export const scratchPath = (name: string): string => join(mkdtempSync(join(tmpdir(), 'haf-features-')), name);

/** Writes bytes under a name that matters. */
export function scratchFile(name: string, bytes: Uint8Array): string {
  const path = scratchPath(name);
  writeFileSync(path, bytes);
  return path;
}

/** Runs the embed stage on one file; `width` is the configured length of an instance. */
export async function embedFile(modality: BagModality, path: string, width: number): Promise<Embedded> {
  const name = path.split('/').at(-1) ?? path;
  const { output } = await runStage(embed, {
    config: { data: { wsi: { width }, tma: { width } } },
    unit: { modality, file: name },
    sources: [{ role: 'features', name, path, sha256: '' }],
  });
  const bytes = output.files[featuresFiles.float32] as Uint8Array;
  return {
    index: bagIndexSchema.parse(output.files[bagIndexFile]),
    values: new Float32Array(Uint8Array.from(bytes).buffer),
    problems: output.problems ?? [],
  };
}
