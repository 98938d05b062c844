import { extname } from 'node:path';
import { isOpenSlideInstalled } from '../../backends/openslide.js';
import { fileKindOf, foreignTiff } from './file-kind.js';
import { readTiffDirectory } from './tiff-directory.js';

/** Endings of files that are read here whatever they hold, so that they need not be opened to tell. */
const ours: readonly string[] = ['.svs', '.png', '.jpg', '.jpeg'];

/** Whether OpenSlide is to read a TIFF. Huron's are plain pyramids, but only OpenSlide understands their size of a pixel. */
async function isForOpenSlide(path: string): Promise<boolean> {
  const { pages } = await readTiffDirectory(path);
  return foreignTiff(pages) !== null || pages[0]?.description.startsWith('Huron') === true;
}

/**
 * Who reads a slide: null for the reader of this pipeline, which is the faster one; `openslide` for a format that it does not
 * know, when OpenSlide is installed on this machine. What is no slide, or damaged, stays with the pipeline, which says so.
 */
export async function readerOf(path: string): Promise<'openslide' | null> {
  if (ours.includes(extname(path).toLowerCase()) || !isOpenSlideInstalled()) return null;
  try {
    const file = await fileKindOf(path);
    if (file.kind === 'foreign') return file.openslide ? 'openslide' : null;
    return file.kind === 'tiff' && (await isForOpenSlide(path)) ? 'openslide' : null;
  } catch {
    return null;
  }
}
