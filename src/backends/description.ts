import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Machine } from './machine.js';

/** The file that marks a folder as a backend. The installation writes it last. */
export const descriptionFile = 'backend.json';

/**
 * Release of TensorFlow.js whose native binding is built. Kernels and tensors must come from one release, so this is
 * the release of the `@tensorflow/tfjs-core` that this package depends on.
 */
export const tfjsVersion = '4.22.0';

/** Describes what `backend install` made: a libtensorflow, and the addon through which TensorFlow.js calls it. */
const descriptionSchema = z.strictObject({
  v: z.literal(1),
  /** Version of libtensorflow, as the library reports it. */
  tensorflow: z.string(),
  tfjs: z.string(),
  /** Whether the backend is built with CUDA. */
  gpu: z.boolean(),
  /** Files or packages that the backend was built from. */
  from: z.array(z.string()),
  platform: z.string(),
  arch: z.string(),
  /** The glibc version of the machine that built the backend; null with another C library. */
  glibc: z.string().nullable(),
});
export type Description = z.infer<typeof descriptionSchema>;

/**
 * Returns the description of an installed backend, or a sentence that says why the folder has no description that can
 * be read.
 */
export function readDescription(folder: string): Description | string {
  let text: string;
  try {
    text = readFileSync(join(folder, descriptionFile), 'utf8');
  } catch {
    return `it has no ${descriptionFile}`;
  }
  try {
    return descriptionSchema.parse(JSON.parse(text));
  } catch {
    return `its ${descriptionFile} is damaged, or was written by another version of haf-pipeline`;
  }
}

/** Why a backend cannot run on a machine; null if it can. */
export function unfitFor(description: Description, machine: Machine): string | null {
  const { platform, arch, tfjs } = description;
  if (platform !== machine.platform || arch !== machine.arch)
    return `it is for ${platform} ${arch}, and this machine is ${machine.platform} ${machine.arch}`;
  if ((description.glibc === null) !== (machine.glibc === null))
    return 'it was compiled for another C library';
  // A shared home folder can hold a backend that was compiled on a machine with a newer glibc. Such a backend may need
  // functions that the glibc of this machine lacks.
  if (minorOf(description.glibc) > minorOf(machine.glibc))
    return `it was compiled with glibc ${description.glibc}, and this machine has ${machine.glibc}`;
  if (tfjs !== tfjsVersion)
    return `it belongs to TensorFlow.js ${tfjs}, and this program uses ${tfjsVersion}`;
  return null;
}

/** The minor version: 36 for "2.36". */
const minorOf = (version: string | null): number => Number(version?.split('.')[1] ?? 0);
