import { join } from 'node:path';
import { HafError } from './errors.js';

/** Whether a relative path stays below the folder it is joined to, on every operating system. */
export const staysWithin = (name: string): boolean =>
  name !== '' &&
  !/[\u0000-\u001f]/.test(name) &&
  !/^[a-z]:/i.test(name) &&
  name.split(/[/\\]/).every((part) => part !== '' && part !== '.' && part !== '..');

/**
 * A path below a folder, for a name that comes from stored results.
 *
 * @throws HafError HAF_STORE_CORRUPT for a name that leads out of the folder
 */
export function pathWithin(folder: string, name: string): string {
  if (staysWithin(name)) return join(folder, name);
  throw new HafError(
    'HAF_STORE_CORRUPT',
    `A stored result has a file with the path ${JSON.stringify(name)}, which lies outside of ${folder}. It was not written.`,
    'Another program writes to the store: run "haf-pipeline store verify", and check who may write to it.',
  );
}
