import type { Problem } from '../core/problem.js';

const fixes: Readonly<Record<string, string>> = {
  ENOENT: 'It is a link that leads nowhere, or has just been removed: mount the disk, or remove the link.',
  ELOOP: 'It is a link that leads to itself: remove the link.',
  EBUSY: 'It is being written to. Wait until that has ended, then run the same command again.',
  ENAMETOOLONG: 'Its path is too long: move it into folders with shorter names.',
};

/** What stands in a name for bytes that are not valid UTF-8. */
const replacement = '\ufffd';

/** Why a file or folder cannot be opened, and what to do. @param code - of the file system, such as ENOENT */
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
