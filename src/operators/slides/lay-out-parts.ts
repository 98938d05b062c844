import { copyFileSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, posix, resolve } from 'node:path';
import { makeTemporaryFolder } from '../../pipeline/core/temporary-folder.js';
import type { SourceFile } from '../../pipeline/stage.js';

/** The path of a slide or a model whose other files lie at their relative paths beside it. */
export interface LaidOut {
  readonly path: string;
  readonly remove: () => void;
}

function place(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    symlinkSync(from, to);
  } catch {
    // On Windows only some users may create links, so the file is copied.
    copyFileSync(from, to);
  }
}

/**
 * Some slides have several files. A library that reads such a slide opens one file, and finds the other files by their
 * relative paths. If this machine stores the files under their content hashes, links to them are made at their relative
 * paths in a temporary folder. The same applies to models of several files.
 *
 * @param sources the slide and its other files. The name of a source is its path in the cohort.
 * @param of the role of the other files
 */
export function layOutParts(slide: SourceFile, sources: readonly SourceFile[], of = 'part'): LaidOut {
  const parts = sources
    .filter((source) => source.role === of && source !== slide)
    .map(({ name, path }) => ({ path, beside: posix.relative(posix.dirname(slide.name), name) }));
  const isThere = parts.every(({ path, beside }) => resolve(dirname(slide.path), beside) === resolve(path));
  if (isThere) return { path: slide.path, remove: () => undefined };
  const folder = makeTemporaryFolder('haf-slide-');
  const path = join(folder, posix.basename(slide.name));
  for (const part of [...parts, { path: slide.path, beside: posix.basename(slide.name) }])
    place(part.path, join(folder, part.beside));
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
