import { existsSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { fittingPath } from '../core/file-name.js';
import { HafError } from '../core/errors.js';
import { pathWithin } from '../core/path-within.js';
import { quotedFirst } from '../core/wording.js';
import { placeFile } from './place-file.js';

/** The folder of `-o`. Existing files are replaced only with `--force`. Inputs of the command are never replaced. */
export class ResultFolder {
  /**
   * @param inputs paths of the files that the command reads
   * @param force replace files that have other content
   */
  constructor(
    private readonly folder: string,
    private readonly inputs: readonly string[],
    private readonly force: boolean,
  ) {}

  /**
   * Checks that the folder holds no inputs with the file ending of the results.
   * @throws HafError HAF_USAGE
   */
  assertApart(ending: string): void {
    const here = realpathSync(this.folder);
    const inside = this.inputs.filter(
      (path) => extname(path).toLowerCase() === ending && dirname(realpathSync(path)) === here,
    );
    if (inside.length > 0)
      throw new HafError(
        'HAF_USAGE',
        `-o ${this.folder} is the folder of ${quotedFirst(inside)}, which would be overwritten.`,
        'Name another folder with -o.',
      );
  }

  /**
   * Writes a file below the folder atomically. An existing file with the same content is accepted.
   *
   * @param write gets the path to write to
   * @throws HafError HAF_USAGE if the file exists with other content and `force` is false, or if the file is an input
   */
  async place(name: string, write: (path: string) => void | Promise<void>): Promise<void> {
    const path = pathWithin(this.folder, fittingPath(name));
    await placeFile(path, async (temporary) => {
      await write(temporary);
      if (existsSync(path)) this.assertReplaceable(path, temporary);
    });
  }

  /** Like `place`, for bytes that are in memory. */
  placeBytes(name: string, bytes: Uint8Array): Promise<void> {
    return this.place(name, (temporary) => writeFileSync(temporary, bytes));
  }

  private assertReplaceable(path: string, by: string): void {
    const { dev, ino } = statSync(path);
    const isInput = this.inputs.some((input) => {
      const other = statSync(input, { throwIfNoEntry: false });
      return other?.dev === dev && other.ino === ino;
    });
    if (isInput)
      throw new HafError(
        'HAF_USAGE',
        `${path} is an input of this command and is not overwritten.`,
        'Name another folder with -o.',
      );
    if (this.force || readFileSync(path).equals(readFileSync(by))) return;
    throw new HafError(
      'HAF_USAGE',
      `${path} exists and has other content.`,
      'Name another folder with -o, or add --force to replace it.',
    );
  }
}
