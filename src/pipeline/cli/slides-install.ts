import { installOpenSlide } from '../../backend-setup/openslide.js';
import { HafError } from '../core/errors.js';
import { printData, printJson, say } from './output.js';

/** `slides install`: fetches OpenSlide, tests it and keeps it. */
export async function slidesInstall(options: {
  readonly from: string;
  readonly sha256?: string;
  readonly json?: boolean;
}): Promise<void> {
  const { from, sha256 = null } = options;
  if (sha256 !== null && (from === 'pypi' || !/^[0-9a-f]{64}$/i.test(sha256)))
    throw new HafError(
      'HAF_USAGE',
      '--sha256 takes the 64 hexadecimal digits of the file that --from names.',
      'Correct it, or leave it out.',
    );
  const installed = await installOpenSlide({ from, sha256, tell: say });
  if (options.json) return printJson(installed);
  say(`OpenSlide ${installed.version} is installed; "haf-pipeline slides ls" lists the formats`);
  printData(installed.folder);
}
