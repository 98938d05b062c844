import type { Problem } from '../core/problem.js';

/** Folders in which a file system puts what it recovered after a fault. Only root may list them. */
const ofFileSystem = /(^|\/)lost\+found\/$/;

const fixes: Readonly<Record<string, string>> = {
  ENOENT: 'It is a link that leads nowhere, or has just been removed: mount the disk, or remove the link.',
  ELOOP: 'It is a link that leads to itself: remove the link.',
  EBUSY: 'It is being written to. Wait until that has ended, then run the same command again.',
  ENAMETOOLONG: 'Its path is too long: move it into folders with shorter names.',
};

/** The character that replaces bytes which are not valid UTF-8. */
export const replacement = '\ufffd';

/** Whether user files may be missing because this folder cannot be listed. */
export const mayHoldData = (folder: string): boolean => !ofFileSystem.test(folder);

/**
 * Why a folder cannot be listed, and what to do.
 * @param name - with `/` at its end
 */
export function whyUnlisted(name: string, code: string): Pick<Problem, 'reason' | 'fix'> {
  if (code === 'ENOENT' && name.includes(replacement))
    return {
      reason: 'The name of the folder is not valid UTF-8, so the files in it are not found.',
      fix: 'Rename it, for example with "convmv -f latin1 -t utf8 --notest FOLDER".',
    };
  return {
    reason: `The folder cannot be listed (${code}), so the files in it are not found.`,
    fix:
      fixes[code] ?? 'Give yourself the right to list it (chmod u+rx, or its owner), or move it elsewhere.',
  };
}

/** A folder that cannot be listed. Files in it are not found. */
export interface UnlistedFolder {
  /** Its path, with `/` at its end. */
  readonly folder: string;
  readonly reason: string;
  readonly fix: string;
}

/**
 * The folder with reason and fix. Empty for a folder that holds no user data.
 * @param code - of the file system, such as EACCES
 */
export const unlistedFolder = (folder: string, code: string): readonly UnlistedFolder[] =>
  mayHoldData(folder) ? [{ folder, ...whyUnlisted(folder, code) }] : [];

/** Why a file cannot be opened, and what to do. @param code - of the file system, such as ENOENT */
export function whyUnreadable(name: string, code: string): Pick<Problem, 'reason' | 'fix'> {
  if (code === 'ENOENT' && name.includes(replacement))
    return {
      reason: 'Its name is not valid UTF-8, so it cannot be opened.',
      fix: 'Rename it, for example with "convmv -f latin1 -t utf8 --notest FILE".',
    };
  return {
    reason: `It cannot be read (${code}).`,
    fix: fixes[code] ?? 'Check its rights, and that it is a file.',
  };
}
