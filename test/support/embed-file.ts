import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { embed } from '../../src/operators/encoders/embed.js';
import {
  bagCoordsFile,
  bagIndexFile,
  bagIndexSchema,
  featuresFiles,
  type BagIndex,
} from '../../src/operators/features/bag-index.js';
import { halvesToFloats } from '../../src/operators/features/half-float.js';
import type { ModalityId } from '../../src/pipeline/core/modality.js';
import type { Problem } from '../../src/pipeline/core/problem.js';
import { bagsOf } from '../../src/pipeline/sources/bag-files.js';
import { resolvedConfig, type Changes } from './resolved-config.js';
import { runStage } from './run-stage.js';

export interface Embedded {
  readonly index: BagIndex;
  /** All instances of the artifact, [rows, width], converted from the precision of its file to float32. */
  readonly values: Float32Array;
  /** Content of coords.f32, [rows, 2]. Null if the stage wrote no coordinates. */
  readonly coords: Float32Array | null;
  readonly problems: readonly Problem[];
}

/** A path in a new scratch folder, so that the file can have any name. */
export const scratchPath = (name: string): string => join(mkdtempSync(join(tmpdir(), 'haf-features-')), name);

/** Writes bytes to a file with this name in a new scratch folder. */
export function scratchFile(name: string, bytes: Uint8Array): string {
  const path = scratchPath(name);
  writeFileSync(path, bytes);
  return path;
}

/**
 * Runs the embed stage on one file in HANCOCK's layout. `width`: the configured length of an instance. `name`: the path below the
 * data root.
 */
export async function embedFile(
  modality: ModalityId,
  path: string,
  width: number,
  settings: NonNullable<Changes['embed']> = {},
  name = path.split('/').at(-1) ?? path,
): Promise<Embedded> {
  const config: Changes = { data: { modalities: { [modality]: { width } } }, embed: settings };
  const [job] = await bagsOf(resolvedConfig(config), '', modality, 'features', [name]);
  const { output } = await runStage(embed, {
    config,
    unit: job?.unit ?? {},
    sources: [{ role: 'features', name, path, sha256: '' }],
  });
  const index = bagIndexSchema.parse(output.files[bagIndexFile]);
  const bytes = output.files[featuresFiles[index.precision]] as Uint8Array;
  const coords = output.files[bagCoordsFile] as Uint8Array | undefined;
  return {
    index,
    values: index.precision === 'float32' ? floatsOf(bytes) : widened(bytes),
    coords: coords === undefined ? null : floatsOf(coords),
    problems: output.problems ?? [],
  };
}

const floatsOf = (bytes: Uint8Array): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

function widened(bytes: Uint8Array): Float32Array {
  const halves = new Uint16Array(new Uint8Array(bytes).buffer);
  const values = new Float32Array(halves.length);
  halvesToFloats(halves, values);
  return values;
}
