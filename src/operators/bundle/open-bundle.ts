import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { configSchema, type Config } from '../../pipeline/config/schema.js';
import { HafError } from '../../pipeline/core/errors.js';
import { openSealedZip } from '../../pipeline/core/sealed-zip.js';
import { readSafetensors, type NamedArray } from '../tensor/safetensors.js';
import {
  bundleFile,
  bundleFoldSchema,
  bundleSchema,
  bundleSchemaVersion,
  foldArraysFile,
  foldFile,
  referenceFile,
  type Bundle,
  type BundleFold,
} from './bundle-data.js';

/**
 * The arrays of a fold: `encoder.<modality>.…`, `phi.…` and `head.…` are trained parameters. `draws.…` are the random
 * numbers of maps that are drawn and never trained.
 */
export type Arrays = Readonly<Record<string, NamedArray>>;

/** A bundle whose files have been checked. */
export interface OpenBundle {
  readonly bundle: Bundle;
  readonly config: Config;
  readonly folds: readonly { readonly record: BundleFold; readonly arrays: Arrays }[];
  /**
   * For each bag modality, mean and standard deviation of the training patients' mean instances: `<modality>.mean` and
   * `<modality>.sd`.
   */
  readonly reference: Arrays;
}

/**
 * Reads a bundle from disk.
 * @throws HafError like `openBundle`
 */
export const readBundle = (path: string, label: string): OpenBundle =>
  openBundle(openSealedZip(readFileSync(path), label), label);

/**
 * Parses the files of a bundle.
 *
 * @throws HafError HAF_BUNDLE_INVALID for files that are missing, of a later version, or invalid by the schema
 */
export function openBundle(files: ReadonlyMap<string, Uint8Array>, label: string): OpenBundle {
  const invalid = (what: string, cause?: unknown): HafError =>
    new HafError(
      'HAF_BUNDLE_INVALID',
      `${label} ${what}.`,
      'Copy the file again, or make the bundle again from its run.',
      {
        cause,
      },
    );
  const bytesOf = (name: string): Uint8Array => {
    const bytes = files.get(name);
    if (bytes === undefined) throw invalid(`has no file "${name}"`);
    return bytes;
  };
  const json = <T>(name: string, schema: z.ZodType<T>): T => {
    const parsed = schema.safeParse(parseOrNull(bytesOf(name)));
    if (parsed.success) return parsed.data;
    throw invalid(`holds a damaged "${name}": ${z.prettifyError(parsed.error)}`);
  };
  const arraysOf = (name: string): Arrays => {
    try {
      return readSafetensors(bytesOf(name));
    } catch (error) {
      throw HafError.from(error).code === 'HAF_BUNDLE_INVALID'
        ? error
        : invalid(`holds a damaged "${name}"`, error);
    }
  };
  const { schema } = json(bundleFile, z.looseObject({ schema: z.number() }));
  if (schema > bundleSchemaVersion)
    throw new HafError(
      'HAF_BUNDLE_INVALID',
      `${label} was written by a later version of the program (bundle schema ${schema}, this version reads up to ${bundleSchemaVersion}).`,
      'Install that version, or make the bundle again from its run with this one.',
    );
  const bundle = json(bundleFile, bundleSchema);
  const config = configSchema.safeParse(bundle.config);
  if (!config.success)
    throw invalid(`holds an experiment that this version cannot read: ${z.prettifyError(config.error)}`);
  return {
    bundle,
    config: {
      ...config.data,
      modalities: config.data.modalities ?? Object.keys(config.data.data.modalities),
    },
    folds: Array.from({ length: bundle.folds }, (_, fold) => ({
      record: json(foldFile(fold), bundleFoldSchema),
      arrays: arraysOf(foldArraysFile(fold)),
    })),
    reference: arraysOf(referenceFile),
  };
}

function parseOrNull(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
