import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { ModalityId } from '../core/modality.js';
import type { Problem } from '../core/problem.js';
import { counted } from '../core/wording.js';
import { exampleNames, literalBrackets, matchingFiles, type UnreadableFolder } from './matching-files.js';
import { oneWayEach } from './one-way-each.js';
import { mayHoldData, whyUnlisted } from './why-unreadable.js';

/** The glob of a modality, and the key of the experiment that holds it. */
export interface Glob {
  readonly modality: ModalityId;
  readonly key: string;
  readonly pattern: string;
}

/** Receives a problem with rows and files that are not used. */
export type Warn = (problem: Problem) => void;

/**
 * The files that a glob matches, each under one path. It warns of: folders that cannot be listed; files that the glob
 * misses only because of upper and lower case, or because a bracket of a folder's name has a meaning in globs; and
 * further paths to a file.
 */
export async function filesOfGlob(glob: Glob, root: string, warn: Warn): Promise<readonly string[]> {
  const { pattern } = glob;
  const unlisted = new Map<string, string>();
  const onUnreadable = ({ name, code }: UnreadableFolder): void => void unlisted.set(name, code);
  const matching = await matchingFiles(pattern, root, { onUnreadable });
  const literal =
    matching.length === 0 || isThereLiterally(pattern, root)
      ? await matchingFiles(literalBrackets(pattern), root, { onUnreadable })
      : [];
  for (const [name, code] of unlisted)
    if (mayHoldData(name)) {
      const { reason, fix } = whyUnlisted(name, code);
      warn(about(glob, 'failure', name, reason, fix));
    }
  const found = matching.length > 0 ? matching : literal;
  if (matching.length === 0 && literal.length > 0)
    warn(
      about(
        glob,
        'info',
        found[0] ?? null,
        `Brackets have a meaning in globs. Read as a glob, "${pattern}" matches nothing; the ${counted(found.length, 'file')} in the folder of exactly this name are used.`,
        `Write a backslash before each bracket in ${glob.key}, or "*" in its place.`,
      ),
    );
  const taken = new Set(found);
  const passedOver = literal.filter((name) => !taken.has(name));
  if (passedOver.length > 0)
    warn(
      about(
        glob,
        'warning',
        passedOver[0] ?? null,
        `${passedOver.length} files are not read: brackets have a meaning in globs, and "${pattern}" matches other files than those in the folder of exactly this name.`,
        `Write a backslash before each bracket in ${glob.key} if the folder of this name is meant.`,
      ),
    );
  const { names, aliases } = oneWayEach(root, found);
  await warnOfOtherCase(glob, root, [...found, ...passedOver], warn);
  if (aliases.size > 0)
    warn(
      about(
        glob,
        'info',
        [...aliases.keys()][0] ?? null,
        `${counted(aliases.size, 'further path')} lead by links to files that are used already, such as ${exampleNames([...aliases].map(([name, other]) => `${name} to ${other}`))}.`,
        `Each file is used once. Narrow ${glob.key} if another path is meant.`,
      ),
    );
  return names;
}

/**
 * Whether the part of a pattern before its first wildcard has brackets, and is the path of an existing folder if the
 * brackets are read literally.
 */
function isThereLiterally(pattern: string, root: string): boolean {
  const parts = pattern.split('/');
  const wild = parts.findIndex((part) => /[*?]/.test(part));
  const fixed = parts.slice(0, wild < 0 ? parts.length : wild).join('/');
  return literalBrackets(fixed) !== fixed && existsSync(resolve(root, fixed));
}

/** The files that a pattern matches if upper and lower case are treated alike, such as `.SVS`. */
export async function inAnySpelling(pattern: string, root: string): Promise<readonly string[]> {
  const all = await Promise.all(
    spellingsOf(pattern, root).map((one) => matchingFiles(one, root, { caseSensitive: false })),
  );
  return [...new Set(all.flat())].sort();
}

/** Warns of files that the glob misses only because of upper and lower case. They are not read. */
async function warnOfOtherCase(
  glob: Glob,
  root: string,
  known: readonly string[],
  warn: Warn,
): Promise<void> {
  const taken = new Set(known);
  const missed = (await inAnySpelling(glob.pattern, root)).filter((name) => !taken.has(name));
  const { names } = oneWayEach(root, missed);
  const [file = null] = names;
  if (file === null) return;
  warn(
    about(
      glob,
      'warning',
      file,
      names.length === 1
        ? `One file is not read: it differs from "${glob.pattern}" in upper and lower case only.`
        : `${names.length} files are not read: they differ from "${glob.pattern}" in upper and lower case only.`,
      `Rename them, or write both spellings into ${glob.key}, as in "*.{svs,SVS}".`,
    ),
  );
}

/**
 * Copies of the pattern, one for each existing path that equals its first folders apart from upper and lower case. The
 * first folders are those before the first wildcard.
 */
function spellingsOf(pattern: string, root: string): readonly string[] {
  const parts = pattern.split('/');
  const wild = parts.findIndex((part) => /[^\p{L}\p{N} ._-]/u.test(part));
  const fixed = parts.slice(0, wild < 0 ? parts.length - 1 : wild);
  const folders = fixed.reduce<readonly string[]>(
    (found, part) => found.flatMap((folder) => inAnyCase(root, folder, part)),
    [''],
  );
  const rest = parts.slice(fixed.length).join('/');
  return [...new Set([pattern, ...folders.map((folder) => `${folder}${rest}`)])];
}

function inAnyCase(root: string, folder: string, part: string): readonly string[] {
  if (part === '' || part.startsWith('.')) return [`${folder}${part}/`];
  const entries = namesIn(resolve(root, folder)).filter((name) => name.toLowerCase() === part.toLowerCase());
  return entries.map((name) => `${folder}${name}/`);
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A file, or a folder without read permission: nothing in it can be used.
    return [];
  }
}

const about = (
  { modality }: Glob,
  severity: Problem['severity'],
  file: string | null,
  reason: string,
  fix: string,
): Problem => ({ ...{ severity, stage: 'embed', patient: null, file, place: modality }, reason, fix });
