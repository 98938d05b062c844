import { join, resolve } from 'node:path';
import { sha256 } from '../core/canonical-json.js';
import { HafError } from '../core/errors.js';
import { CachedStore } from './cached-store.js';
import { FileStore } from './file-store.js';
import { assertStoreFolder } from './store-folder.js';
import type { ArtifactStore } from './store.js';

export interface OpenStoreOptions {
  /** Folder for copies of a remote store's files. @default .haf/cache */
  readonly cache?: string;
  /** Size below which the cache is kept, what running jobs hold aside. @default 50 GiB */
  readonly cacheBytes?: number;
}

/** What the command line says of the cache (`--cache`, `--cache-size` in GiB), as `openStore` takes it. */
export const cacheOptions = ({
  cache,
  cacheSize,
}: {
  readonly cache?: string;
  readonly cacheSize?: number;
}): OpenStoreOptions => ({
  ...(cache === undefined ? {} : { cache }),
  ...(cacheSize === undefined ? {} : { cacheBytes: cacheSize * 2 ** 30 }),
});

/** Where a store lies: a folder, or a bucket of an S3 server and a prefix in it. */
export type StorePlace =
  | { readonly type: 'folder'; readonly root: string }
  | { readonly type: 's3'; readonly bucket: string; readonly prefix: string };

/**
 * Reads a store URI, as `--store` takes it.
 *
 * @throws HafError HAF_USAGE for a scheme or a bucket name that cannot be
 */
export function parseStoreUri(uri: string): StorePlace {
  // One letter and a colon is a drive of Windows.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1];
  if (scheme === undefined && uri.trim() !== '') return { type: 'folder', root: resolve(uri) };
  const s3 = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(uri);
  const prefix = (s3?.[2] ?? '').split('/').filter((part) => part !== '');
  if (s3?.[1] !== undefined && !prefix.some((part) => part === '.' || part === '..'))
    return { type: 's3', bucket: s3[1], prefix: prefix.join('/') };
  throw new HafError(
    'HAF_USAGE',
    `--store ${uri === '' ? '""' : uri} is no store${scheme === undefined || scheme === 's3' ? '' : `: there are none of type ${scheme}`}.`,
    'Give a folder, or s3://BUCKET/PREFIX (another server than AWS: set AWS_ENDPOINT_URL).',
  );
}

/** Opens a store; nothing is asked of a remote one yet. @throws HafError HAF_USAGE for a URI that makes no sense, HAF_PATH_UNUSABLE for a folder of something else */
export async function openStore(uri: string, options: OpenStoreOptions = {}): Promise<ArtifactStore> {
  const place = parseStoreUri(uri);
  if (place.type === 'folder') {
    await assertStoreFolder(place.root);
    return new FileStore(place.root);
  }
  // Loaded where it is used: the SDK takes a fifth of a second, which no other command should wait for.
  const { S3Remote } = await import('./s3-remote.js');
  const remote = new S3Remote(place.bucket, place.prefix);
  const name = `${place.bucket}-${sha256(`${remote.endpoint} ${remote.uri}`).slice(0, 12)}`;
  return new CachedStore(
    remote,
    join(options.cache ?? join('.haf', 'cache'), name),
    options.cacheBytes ?? 50 * 2 ** 30,
  );
}
