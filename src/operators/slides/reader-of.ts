import { extname } from 'node:path';
import { isOpenSlideInstalled } from '../../backends/openslide.js';
import { fileKindOf, foreignTiff } from './file-kind.js';
import { readTiffDirectory } from './tiff-directory.js';

/** Endings of files for which the reader of this pipeline is always used. Such a file need not be opened to decide. */
const ours: readonly string[] = ['.svs', '.png', '.jpg', '.jpeg'];

/**
 * Whether OpenSlide is to read a TIFF. Huron's files are plain pyramids, but only OpenSlide understands their pixel
 * size.
 */
async function isForOpenSlide(path: string): Promise<boolean> {
  const { pages } = await readTiffDirectory(path);
  return foreignTiff(pages) !== null || pages[0]?.description.startsWith('Huron') === true;
}

/**
 * The reader of a slide: null for the reader of this pipeline, which is faster; `openslide` for a format that this
 * pipeline does not read, if OpenSlide is installed on this machine. For a file that is no slide or is damaged, the
 * result is null, because the pipeline's reader reports the fault.
 */
export async function slideReaderOf(path: string): Promise<'openslide' | null> {
  if (ours.includes(extname(path).toLowerCase()) || !isOpenSlideInstalled()) return null;
  try {
    const file = await fileKindOf(path);
    if (file.kind === 'foreign') return file.openslide ? 'openslide' : null;
    return file.kind === 'tiff' && (await isForOpenSlide(path)) ? 'openslide' : null;
  } catch {
    return null;
  }
}
