import { join, resolve } from 'node:path';
import { sha256 } from '../core/canonical-json.js';
import { HafError } from '../core/errors.js';
import { CachedStore } from './cached-store.js';
import { FileStore } from './file-store.js';
import { assertStoreFolder } from './store-folder.js';
import type { ArtifactStore } from './store.js';

export interface OpenStoreOptions {
  /**
   * Folder of a local cache of a remote store's files.
   * @default .haf/cache
   */
  readonly cache?: string;
  /**
   * Maximum size of the cache. Files that running jobs pin may exceed it.
   * @default 50 GiB
   */
  readonly cacheBytes?: number;
}

/** The cache options of the command line (`--cache`, `--cache-size` in GiB), in the form that `openStore` takes. */
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

/** The place of a store: a folder, or a bucket of an S3 server and a prefix in it. */
export type StorePlace =
  | { readonly type: 'folder'; readonly root: string }
  | { readonly type: 's3'; readonly bucket: string; readonly prefix: string };

/**
 * Parses a store URI, in the form that `--store` takes.
 *
 * @throws HafError HAF_USAGE for an unknown scheme or an invalid bucket name
 */
export function parseStoreUri(uri: string): StorePlace {
  // One letter and a colon are a Windows drive, not a scheme.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(uri)?.[1];
  if (scheme === undefined && uri.trim() !== '') return { type: 'folder', root: resolve(uri) };
  const s3 = /^s3:\/\/([a-z0-9][a-z0-9._-]{1,61}[a-z0-9])(?:\/(.*))?$/i.exec(uri);
  const prefix = (s3?.[2] ?? '').split('/').filter((part) => part !== '');
  if (s3?.[1] !== undefined && !prefix.some((part) => part === '.' || part === '..'))
    return { type: 's3', bucket: s3[1], prefix: prefix.join('/') };
  throw new HafError(
    'HAF_USAGE',
    `--store ${uri === '' ? '""' : uri} is not a store${scheme === undefined || scheme === 's3' ? '' : `: there are none of type ${scheme}`}.`,
    'Give a folder, or s3://BUCKET/PREFIX (for a server other than AWS: set AWS_ENDPOINT_URL).',
  );
}

/**
 * Opens a store. A remote store is not contacted yet.
 * @throws HafError HAF_USAGE for an invalid URI, HAF_PATH_UNUSABLE for a folder with other content
 */
export async function openStore(uri: string, options: OpenStoreOptions = {}): Promise<ArtifactStore> {
  const place = parseStoreUri(uri);
  if (place.type === 'folder') {
    await assertStoreFolder(place.root);
    return new FileStore(place.root);
  }
  // Loaded only here: loading the SDK takes a fifth of a second, and other commands should not wait for it.
  const { S3Remote } = await import('./s3-remote.js');
  const remote = new S3Remote(place.bucket, place.prefix);
  const name = `${place.bucket}-${sha256(`${remote.endpoint} ${remote.uri}`).slice(0, 12)}`;
  return new CachedStore(
    remote,
    join(options.cache ?? join('.haf', 'cache'), name),
    options.cacheBytes ?? 50 * 2 ** 30,
  );
}
