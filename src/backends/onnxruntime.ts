import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { backendsFolder } from './installed.js';
import { type Machine, thisMachine } from './machine.js';
import { onnxRuntimePrefix } from './onnxruntime-folder.js';

/** The file that marks a folder as an ONNX runtime. The installation writes it last. */
export const onnxRuntimeFile = 'onnxruntime.json';

/**
 * The oldest glibc that onnxruntime with CUDA runs on, as a minor version: 28 for 2.28. Its wheels are built for
 * manylinux_2_28.
 */
export const leastGlibc = 28;

/** Whether the glibc of a machine is new enough for onnxruntime with CUDA. False with another C library. */
export const hasLeastGlibc = ({ glibc }: Machine): boolean => Number(glibc?.split('.')[1] ?? 0) >= leastGlibc;

/** Describes what `backend install --onnx --gpu` installed: onnxruntime with CUDA, and its binding for Node. */
const installedSchema = z.strictObject({
  v: z.literal(1),
  /** Release of onnxruntime. Binding and library are of the same release. */
  version: z.string(),
  /** Major version of CUDA. */
  cuda: z.number().int(),
  /** Oldest major version of NVIDIA's driver that this CUDA runs on. */
  driver: z.number().int(),
  /** Paths of the CUDA libraries within the folder, in loading order: a library comes after the libraries it needs. */
  libraries: z.array(z.string().regex(/^nvidia\/[^/]+\/lib\/[^/]+$/)),
  /** Archives that the runtime was taken from. */
  from: z.array(z.string()),
  platform: z.string(),
  arch: z.string(),
});
export type OnnxRuntimeDescription = z.infer<typeof installedSchema>;

/** One installed ONNX runtime. */
export interface InstalledOnnxRuntime {
  readonly name: string;
  readonly folder: string;
  /** The content of `onnxruntime.json` in this folder. Null if it cannot be read. */
  readonly description: OnnxRuntimeDescription | null;
  /** Why the runtime cannot be used on this machine; null if it can. A missing GPU does not make it unusable. */
  readonly unfit: string | null;
}

/** An ONNX runtime that fits this machine. */
export interface UsableOnnxRuntime extends InstalledOnnxRuntime {
  readonly description: OnnxRuntimeDescription;
}

/** The ONNX runtime in a folder, whether it can be used or not. */
export function onnxRuntimeIn(folder: string, machine = thisMachine()): InstalledOnnxRuntime {
  const name = basename(folder);
  let text: string;
  try {
    text = readFileSync(join(folder, onnxRuntimeFile), 'utf8');
  } catch {
    return { name, folder, description: null, unfit: `it has no ${onnxRuntimeFile}` };
  }
  try {
    const description = installedSchema.parse(JSON.parse(text));
    return { name, folder, description, unfit: unfitFor(description, machine) };
  } catch {
    const unfit = `its ${onnxRuntimeFile} is damaged, or was written by another version of haf-pipeline`;
    return { name, folder, description: null, unfit };
  }
}

/**
 * Why an ONNX runtime cannot be used on a machine; null if it can. A runtime in a shared home folder may be for another
 * kind of machine.
 */
function unfitFor({ platform, arch }: OnnxRuntimeDescription, machine: Machine): string | null {
  if (platform !== machine.platform || arch !== machine.arch)
    return `it is for ${platform} ${arch}, and this machine is ${machine.platform} ${machine.arch}`;
  if (platform === 'linux' && !hasLeastGlibc(machine))
    return `it needs glibc 2.${leastGlibc} or newer, and this machine has ${machine.glibc ?? 'another C library'}`;
  return null;
}

/** Lists the installed ONNX runtimes, newest first. */
export function listOnnxRuntimes(
  root = backendsFolder(),
  machine = thisMachine(),
): readonly InstalledOnnxRuntime[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => name.startsWith(onnxRuntimePrefix))
    .sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))
    .map((name) => onnxRuntimeIn(join(root, name), machine));
}

/** The ONNX runtime with CUDA that image encoders use: the newest that fits this machine. Null if there is none. */
export const chooseOnnxRuntime = (
  root = backendsFolder(),
  machine = thisMachine(),
): UsableOnnxRuntime | null => listOnnxRuntimes(root, machine).find(isUsable) ?? null;

export const isUsable = (one: InstalledOnnxRuntime): one is UsableOnnxRuntime =>
  one.description !== null && one.unfit === null;
