import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { type InstalledOpenSlide, openSlideFile, openSlideFolder } from '../backends/openslide.js';
import { startOpenSlide } from '../operators/slides/open-with-openslide.js';
import { HafError } from '../pipeline/core/errors.js';
import { inUnfinishedFolder } from './in-unfinished-folder.js';
import { takeMembers } from './library.js';
import { checkArchive } from './pinned-hash.js';
import { downloadWheels, type WheelProduct } from './pip.js';

const code = 'HAF_OPENSLIDE_UNAVAILABLE';
const requirement = 'openslide-bin==4.0.1.2';

/** Platform tags of the wheels of `openslide-bin`, by operating system and architecture. */
const tags: Readonly<Record<string, string>> = {
  'linux x64': 'manylinux_2_28_x86_64',
  'linux arm64': 'manylinux_2_28_aarch64',
  'darwin x64': 'macosx_11_0_universal2',
  'darwin arm64': 'macosx_11_0_universal2',
  'win32 x64': 'win_amd64',
};

/** Path of OpenSlide's library in a wheel of `openslide-bin`. Capture group 1 is the file name of the library. */
const libraries = /^openslide_bin\/(libopenslide[^/]*\.(?:so[.\d]*|dylib|dll))$/;

/** @throws HafError HAF_OPENSLIDE_UNAVAILABLE if PyPI has no wheel for this machine */
function wheels(): WheelProduct {
  const machine = `${process.platform} ${process.arch}`;
  const tag = tags[machine];
  const unknown =
    'Install OpenSlide 4.0 or newer by other means and name its library with --from FILE, or convert the slides.';
  if (tag === undefined) throw new HafError(code, `PyPI has no openslide-bin for ${machine}.`, unknown);
  const space =
    'Free some disk space, or set HAF_OPENSLIDE_DIR to a folder on another disk. OpenSlide takes 7 MB.';
  return { name: 'OpenSlide', code, platforms: [tag], fixes: { space, unknown } };
}

export interface OpenSlideRequest {
  /** Where OpenSlide comes from: `pypi`, or the path of a wheel of `openslide-bin` or of a library. */
  readonly from: string;
  /** SHA-256 that the file named by `from` must have. */
  readonly sha256: string | null;
  readonly tell: (step: string) => void;
}

/** Copies the library into `folder` and returns its file name. */
async function put(
  folder: string,
  scratch: string,
  { from, sha256, tell }: OpenSlideRequest,
): Promise<string> {
  let file = resolve(from);
  if (from === 'pypi') {
    tell(`downloading the wheel of ${requirement}`);
    const [wheel] = await downloadWheels([requirement], scratch, wheels());
    if (wheel === undefined) throw new Error(`pip left no wheel of ${requirement}`);
    file = wheel;
  } else if (!existsSync(file))
    throw new HafError('HAF_USAGE', `There is no file ${file}.`, 'Name pypi, a wheel or a library.');
  await checkArchive(file, sha256, tell, code);
  if (!file.endsWith('.whl')) {
    await copyFile(file, join(folder, basename(file)));
    return basename(file);
  }
  let library: string | null = null;
  await takeMembers(
    file,
    (names) => {
      const members = names.flatMap((name) => {
        const own = libraries.exec(name)?.[1];
        return own === undefined ? [] : [[name, join(folder, own)] as const];
      });
      library = members[0] === undefined ? null : basename(members[0][1]);
      return new Map(members);
    },
    code,
  );
  if (library !== null) return library;
  throw new HafError(
    code,
    `${basename(file)} holds no libopenslide.`,
    'Name a wheel of openslide-bin, or leave out --from.',
  );
}

/**
 * Installs OpenSlide for this user: from PyPI, from a wheel or from a library. A separate process loads the new library as a test
 * before it replaces an installed one.
 *
 * @throws HafError HAF_OPENSLIDE_UNAVAILABLE if it cannot be downloaded, differs from the file that this release of
 * haf-pipeline was tested with, cannot be loaded, or is older than 4.0; HAF_USAGE for a file that does not exist
 */
export async function installOpenSlide(
  request: OpenSlideRequest,
): Promise<InstalledOpenSlide & { readonly folder: string }> {
  const folder = openSlideFolder();
  return inUnfinishedFolder(dirname(folder), request.tell, async (work, ready) => {
    const [made, scratch] = [join(work, 'openslide'), join(work, 'scratch')];
    await mkdir(made);
    await mkdir(scratch);
    const library = await put(made, scratch, request);
    request.tell('testing it');
    const from = request.from === 'pypi' ? `PyPI, ${requirement}` : resolve(request.from);
    const { process: child, version } = await startOpenSlide(join(made, library), from);
    child.close();
    const { platform, arch } = process;
    const installed: InstalledOpenSlide = { v: 1, version, library, from, platform, arch };
    await writeFile(join(made, openSlideFile), `${JSON.stringify(installed, null, 2)}\n`);
    ready();
    await rm(folder, { recursive: true, force: true });
    await rename(made, folder);
    return { ...installed, folder };
  });
}
