import { HafError } from '../core/errors.js';
import { FolderKeeper } from './folder-keeper.js';
import { parseStoreUri } from './open-store.js';
import { isStoreFolder } from './store-folder.js';
import type { StoreKeeper } from './store-keeper.js';

/**
 * Opens a store for maintenance. The store must exist: a store created here would be empty, and so reported as
 * intact.
 *
 * @throws HafError HAF_USAGE if there is no store, HAF_PATH_UNUSABLE for a folder with other content
 */
export async function openKeeper(uri: string): Promise<StoreKeeper> {
  const place = parseStoreUri(uri);
  if (place.type === 'folder') {
    if (await isStoreFolder(place.root)) return new FolderKeeper(place.root);
    throw noStore(place.root);
  }
  const [{ S3Remote }, { RemoteKeeper }] = await Promise.all([
    import('./s3-remote.js'),
    import('./remote-keeper.js'),
  ]);
  const remote = new S3Remote(place.bucket, place.prefix);
  const keeper = new RemoteKeeper(remote);
  // Every run and every worker writes `conditional-write-probe` before any other object. So its presence shows a store.
  const used = (await remote.size('conditional-write-probe')) !== null;
  if (used || (await keeper.list('artifacts')).length > 0) return keeper;
  throw noStore(remote.uri);
}

const noStore = (uri: string): HafError =>
  new HafError(
    'HAF_USAGE',
    `There is no store at ${uri}.`,
    'Name the store that "haf-pipeline up" printed: --store DIR, or --store s3://BUCKET/PREFIX.',
  );
