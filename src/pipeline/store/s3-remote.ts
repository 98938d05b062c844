import type { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type GetObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { hashOfStream, writeHashed } from './content.js';
import type { ListedObject, Remote, RemoteObject } from './remote.js';
import { isAbsent, isConflict, s3Fault } from './s3-fault.js';
import { uploadFile } from './s3-upload.js';
import { Semaphore } from './semaphore.js';

// The version of the SDK is pinned and tested on the oldest supported Node. Without this line, the SDK would show a
// notice about the Node version to every user.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/**
 * Maximum number of concurrent requests. It is less than the number of sockets of the SDK, because the SDK warns when
 * its sockets run out.
 */
const requestsAtOnce = 32;

/** A bucket of an S3 server. Endpoint, region and credentials come from the same places as for all AWS tools. */
export class S3Remote implements Remote {
  readonly uri: string;
  private readonly client: S3Client;
  readonly endpoint: string;
  private readonly semaphore = new Semaphore(requestsAtOnce);

  constructor(
    private readonly bucket: string,
    private readonly prefix: string,
  ) {
    this.uri = `s3://${[bucket, prefix].filter((part) => part !== '').join('/')}`;
    const { AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, AWS_REGION } = process.env;
    const endpoint = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;
    this.endpoint = endpoint ?? 'AWS';
    this.client = new S3Client({
      // Servers other than AWS rarely have a host name per bucket, so the path names the bucket. For them the region
      // only enters the signature of requests, so it has a default.
      ...(endpoint === undefined ? {} : { forcePathStyle: true, region: AWS_REGION ?? 'us-east-1' }),
      // With their backoff, these attempts last about ten seconds in all. So a restart of the server loses no result.
      maxAttempts: 8,
      requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
      // Content is checked by the hashes of the manifests. Older servers refuse the checksums that the SDK would add.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  async get(key: string): Promise<RemoteObject | null> {
    return this.guard(async () => {
      const found = await this.found(key);
      if (found === null) return null;
      return {
        bytes: (await found.Body?.transformToByteArray()) ?? new Uint8Array(),
        etag: found.ETag ?? '',
      };
    });
  }

  async getFile(key: string, path: string): Promise<{ sha256: string } | null> {
    return this.guard(async () => {
      const body = (await this.found(key))?.Body as Readable | undefined;
      if (body === undefined) return null;
      return { sha256: await writeHashed(body, path) };
    });
  }

  async hash(key: string): Promise<string | null> {
    return this.guard(async () => {
      const body = (await this.found(key))?.Body as Readable | undefined;
      return body === undefined ? null : hashOfStream(body);
    });
  }

  async *list(prefix: string): AsyncGenerator<ListedObject> {
    const { Bucket, Key: Prefix } = this.at(prefix);
    const skipped = Prefix.length - prefix.length;
    let after: string | undefined;
    do {
      const page = await this.guard(() =>
        this.client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken: after })),
      );
      for (const { Key, Size = 0, LastModified } of page.Contents ?? [])
        if (Key !== undefined)
          yield { key: Key.slice(skipped), bytes: Size, changedMs: LastModified?.getTime() ?? Date.now() };
      after = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (after !== undefined);
  }

  async size(key: string): Promise<number | null> {
    return this.guard(async () => {
      try {
        return (await this.client.send(new HeadObjectCommand(this.at(key)))).ContentLength ?? 0;
      } catch (error) {
        if (isAbsent(error)) return null;
        throw error;
      }
    });
  }

  async put(key: string, bytes: Uint8Array): Promise<void> {
    await this.guard(() => this.client.send(new PutObjectCommand({ ...this.at(key), Body: bytes })));
  }

  async putFile(key: string, path: string, sha256: string): Promise<void> {
    await this.guard(() => uploadFile(this.client, this.at(key), path, sha256));
  }

  async putIf(key: string, bytes: Uint8Array, etag: string | null): Promise<boolean> {
    const condition = etag === null ? { IfNoneMatch: '*' } : { IfMatch: etag };
    return this.guard(async () => {
      try {
        await this.client.send(new PutObjectCommand({ ...this.at(key), ...condition, Body: bytes }));
        return true;
      } catch (error) {
        if (isConflict(error)) return false;
        throw error;
      }
    });
  }

  async delete(key: string): Promise<void> {
    await this.guard(() => this.client.send(new DeleteObjectCommand(this.at(key))));
  }

  private async found(key: string): Promise<GetObjectCommandOutput | null> {
    try {
      return await this.client.send(new GetObjectCommand(this.at(key)));
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.bucket, Key: [this.prefix, key].filter((part) => part !== '').join('/') };
  }

  private async guard<T>(request: () => Promise<T>): Promise<T> {
    return this.semaphore.use(async () => {
      try {
        return await request();
      } catch (error) {
        throw s3Fault(error, this.uri, this.endpoint);
      }
    });
  }
}
