import { HafError } from '../../pipeline/core/errors.js';
import { quotedFirst } from '../../pipeline/core/wording.js';
import { foreign } from './foreign.js';

const what = 'it takes its values from other files, which are never read';

/** The error of a file whose values are in other files: external links, external storage, virtual datasets. */
export const otherFiles = (names: readonly string[]): HafError =>
  foreign(
    `${what}: ${quotedFirst([...new Set(names)])}`,
    'Write the features themselves into the file, for example with `h5repack`.',
  );

export const isOfOtherFiles = (thrown: unknown): boolean =>
  thrown instanceof HafError && thrown.what.startsWith(what);
