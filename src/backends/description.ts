import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Machine } from './machine.js';

/** The file that makes a folder a backend. It is written last. */
export const descriptionFile = 'backend.json';

/**
 * Release of TensorFlow.js whose binding is built. Kernels and tensors of one release belong together, so it is that of the
 * `@tensorflow/tfjs-core` beside us.
 */
export const tfjsVersion = '4.22.0';

/** What `backend install` made: a libtensorflow and the addon that brings it to TensorFlow.js. */
const descriptionSchema = z.strictObject({
  v: z.literal(1),
  /** Version of libtensorflow, as it says itself. */
  tensorflow: z.string(),
  tfjs: z.string(),
  /** Built with CUDA. */
  gpu: z.boolean(),
  /** Files or packages it was made of. */
  from: z.array(z.string()),
  platform: z.string(),
  arch: z.string(),
  /** glibc it was compiled against; null with another C library. */
  glibc: z.string().nullable(),
});
export type Description = z.infer<typeof descriptionSchema>;

/** The description of an installed backend, or why the folder holds none. */
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
    return `its ${descriptionFile} is of another version of haf-pipeline, or damaged`;
  }
}

/** Why a backend cannot run on a machine; null when it can. */
export function unfitFor(description: Description, machine: Machine): string | null {
  const { platform, arch, tfjs } = description;
  if (platform !== machine.platform || arch !== machine.arch)
    return `it is for ${platform} ${arch}, this is ${machine.platform} ${machine.arch}`;
  if ((description.glibc === null) !== (machine.glibc === null)) return 'it is for another C library';
  // Folders of users are often shared by machines of several ages.
  if (minorOf(description.glibc) > minorOf(machine.glibc))
    return `it was compiled with glibc ${description.glibc}, this machine has ${machine.glibc}`;
  if (tfjs !== tfjsVersion) return `it belongs to TensorFlow.js ${tfjs}, this is ${tfjsVersion}`;
  return null;
}

/** 36 of "2.36". */
const minorOf = (version: string | null): number => Number(version?.split('.')[1] ?? 0);
