import { hashOf } from '../core/canonical-json.js';
import { exitCodes, HafError, type ExitCode } from '../core/errors.js';
import { counted } from '../core/wording.js';
import { RunDirectory } from '../runs/run-directory.js';
import { isRunBusy } from '../runs/run-lock.js';
import { openKeeper } from '../store/open-keeper.js';
import {
  collectable,
  removeAll,
  setDamageAside,
  verifyContents,
  youngMs,
  type Damage,
  type Needed,
} from '../store/store-contents.js';
import type { StoreKeeper } from '../store/store-keeper.js';
import type { StoreGcOptions, StoreOptions } from './options.js';
import { printData, printJson, say } from './output.js';

/** `store verify`: hashes all content and lists damaged or missing files. Exit code 1 if there are any. */
export const verifyStore = (options: StoreOptions): Promise<ExitCode> => inspect(options, false);

/** `store repair`: sets damaged files aside, so that the next run computes them again. */
export const repairStore = (options: StoreOptions): Promise<ExitCode> => inspect(options, true);

async function inspect({ store, json }: StoreOptions, repair: boolean): Promise<ExitCode> {
  const keeper = await openKeeper(store);
  const { damage, ...counts } = await verifyContents(keeper);
  if (repair) await setDamageAside(keeper, damage);
  if (json)
    printJson({
      store: keeper.uri,
      ...counts,
      damage: damage.map(({ key, what, jobs }) => ({ path: keeper.placeOf(key), what, jobs })),
    });
  else {
    for (const one of damage) printData(damageText(keeper, one));
    const { blobs, artifacts, bytes } = counts;
    say(
      `${keeper.uri}: ${counted(artifacts, 'artifact')}, ${counted(blobs, 'file')} (${sizeText(bytes)}); ${damage.length === 0 ? 'all intact' : `${counted(damage.length, 'file')} damaged or missing`}`,
    );
    if (damage.length > 0)
      say(
        repair
          ? `${keeper.aside}; "haf-pipeline up" computes their artifacts again`
          : '"haf-pipeline store repair" sets them aside, so that the next "up" computes them again',
      );
  }
  return damage.length > 0 && !repair ? exitCodes.unexpected : exitCodes.ok;
}

const damageText = (keeper: StoreKeeper, { key, what, jobs }: Damage): string =>
  `${what === 'missing' ? 'missing' : 'damaged'}  ${keeper.placeOf(key)}  ${jobs.length === 0 ? '' : `of ${jobs.slice(0, 3).join(', ')}${jobs.length > 3 ? ` and ${jobs.length - 3} more` : ''}`}`.trimEnd();

const sizeText = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** `store gc`: lists what no run needs, with its size. With `--delete`, removes it. */
export async function collectStore(names: readonly string[], options: StoreGcOptions): Promise<ExitCode> {
  const keeper = await openKeeper(options.store);
  const all = RunDirectory.list(options.runs);
  const kept = names.length === 0 ? all : names.map((name) => RunDirectory.find(options.runs, name));
  if (kept.length === 0)
    throw new HafError(
      'HAF_USAGE',
      `There is no run below ${options.runs}, so it is unknown what in the store is needed.`,
      'Name the folder of the runs with --runs DIR. To remove the whole store, delete its folder or prefix.',
    );
  const busy = all.find(({ path }) => isRunBusy(path));
  if (busy)
    throw new HafError(
      'HAF_RUN_BUSY',
      `Run ${busy.run} is being executed; the artifacts that it needs are not all known yet.`,
      'Wait for it to end.',
    );
  const files = await collectable(keeper, neededBy(kept), await keeper.now());
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  if (options.delete) await removeAll(keeper, files);
  if (options.json)
    printJson({
      store: keeper.uri,
      kept: kept.map(({ run }) => run),
      bytes,
      files: files.map(({ key }) => keeper.placeOf(key)),
      deleted: options.delete ?? false,
    });
  else {
    printData(
      `kept: what ${kept.map(({ run }) => run).join(', ')} ${kept.length === 1 ? 'needs' : 'need'}, and files of the last ${youngMs / 60_000} minutes`,
    );
    printData(
      `${options.delete ? 'removed' : 'not needed'}: ${counted(files.length, 'file')}, ${sizeText(bytes)}`,
    );
    if (!options.delete && files.length > 0) say('nothing was removed; --delete removes them');
  }
  return exitCodes.ok;
}

/** The artifacts of the runs, and the content that their recipes name: shared data, lists of patients. */
function neededBy(runs: readonly RunDirectory[]): Needed {
  const ids = new Set<string>();
  const content = new Set<string>();
  for (const recipe of runs.flatMap((run) => [...run.recipes().values()])) {
    ids.add(hashOf(recipe));
    for (const { sha256 } of recipe.sources) content.add(sha256);
  }
  return { ids, content };
}
