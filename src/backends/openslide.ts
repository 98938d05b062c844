import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { userDataFolder } from '../pipeline/core/this-user.js';

/** The file that makes a folder an installed OpenSlide. It is written last. */
export const openSlideFile = 'openslide.json';

/** What `slides install` leaves beside the library. */
const installedSchema = z.strictObject({
  v: z.literal(1),
  /** As the library says itself. */
  version: z.string(),
  /** Name of the library in this folder. */
  library: z.string().regex(/^[^/\\]+$/),
  /** The wheel or file it was taken from. */
  from: z.string(),
  platform: z.string(),
  arch: z.string(),
});
export type InstalledOpenSlide = z.infer<typeof installedSchema>;

/** Versions before this one return garbage for some levels and know no DICOM. */
export const leastOpenSlide = 4;

/** Where `slides install` puts the library: HAF_OPENSLIDE_DIR, or `haf-pipeline/openslide` in the user's data folder. */
export function openSlideFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { HAF_OPENSLIDE_DIR: own } = environment;
  return own ? resolve(own) : join(userDataFolder(environment), 'openslide');
}

/** The installed OpenSlide, with the path of its library; or why there is none that can be used. */
export type FoundOpenSlide =
  | { readonly installed: InstalledOpenSlide; readonly path: string }
  | { readonly installed: null; readonly why: string };

/** Looks for the installed OpenSlide. The library is not loaded. */
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
      why: `${join(folder, openSlideFile)} is damaged, or of another version of haf-pipeline`,
    };
  }
  const { platform, arch } = installed;
  // Home folders are often shared by machines of several kinds.
  if (platform !== process.platform || arch !== process.arch)
    return {
      installed: null,
      why: `the OpenSlide in ${folder} is for ${platform} ${arch}, this machine is ${process.platform} ${process.arch}`,
    };
  return { installed, path: join(folder, installed.library) };
}

export const isOpenSlideInstalled = (): boolean => findOpenSlide().installed !== null;
