import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configTemplate } from '../config/print.js';
import { HafError } from '../core/errors.js';
import { printData, say } from './output.js';

/** `init [DIR]`: writes a commented experiment.yaml. @throws HafError HAF_USAGE when one is there already */
export function init(directory: string): void {
  const file = join(directory, 'experiment.yaml');
  mkdirSync(directory, { recursive: true });
  try {
    writeFileSync(file, configTemplate(), { flag: 'wx' });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    throw new HafError(
      'HAF_USAGE',
      `${file} is there already and is never overwritten.`,
      'Name another folder, or remove the file first.',
      { context: { file }, cause },
    );
  }
  printData(file);
  say(`Next: set name and data.root in it, then run "haf-pipeline inspect DATA -c ${file}".`);
}
