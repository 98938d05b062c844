import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { userDataFolder } from '../pipeline/core/this-user.js';

/** The file that marks a folder as an installed OpenSlide. The installation writes it last. */
export const openSlideFile = 'openslide.json';

/** Describes the content of the file that `slides install` writes beside the library. */
const installedSchema = z.strictObject({
  v: z.literal(1),
  /** Version of OpenSlide, as the library reports it. */
  version: z.string(),
  /** File name of the library in this folder. */
  library: z.string().regex(/^[^/\\]+$/),
  /** The wheel or file that the library was taken from. */
  from: z.string(),
  platform: z.string(),
  arch: z.string(),
});
export type InstalledOpenSlide = z.infer<typeof installedSchema>;

/**
 * Oldest major version of OpenSlide that is used. Older versions return wrong pixels for some levels and cannot read
 * DICOM.
 */
export const leastOpenSlide = 4;

/** Where `slides install` puts the library: HAF_OPENSLIDE_DIR, or `haf-pipeline/openslide` in the user's data folder. */
export function openSlideFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { HAF_OPENSLIDE_DIR: own } = environment;
  return own ? resolve(own) : join(userDataFolder(environment), 'openslide');
}

/** The installed OpenSlide with the path of its library, or the reason why none can be used. */
export type FoundOpenSlide =
  | { readonly installed: InstalledOpenSlide; readonly path: string }
  | { readonly installed: null; readonly why: string };

/** Looks for the installed OpenSlide, without loading the library. */
export function findOpenSlide(folder = openSlideFolder()): FoundOpenSlide {
  let text: string;
  try {
    text = readFileSync(join(folder, openSlideFile), 'utf8');
  } catch {
    return { installed: null, why: `OpenSlide is not installed in ${folder}` };
  }
  let installed: InstalledOpenSlide;
  try {
    installed = installedSchema.parse(JSON.parse(text));
  } catch {
    return {
      installed: null,
      why: `${join(folder, openSlideFile)} is damaged, or was written by another version of haf-pipeline`,
    };
  }
  const { platform, arch } = installed;
  // A shared home folder can hold the library for another kind of machine.
  if (platform !== process.platform || arch !== process.arch)
    return {
      installed: null,
      why: `the OpenSlide in ${folder} is for ${platform} ${arch}, and this machine is ${process.platform} ${process.arch}`,
    };
  return { installed, path: join(folder, installed.library) };
}

export const isOpenSlideInstalled = (): boolean => findOpenSlide().installed !== null;
