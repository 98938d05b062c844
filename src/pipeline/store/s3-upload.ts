import { createHash, type Hash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { hasChanged } from './content.js';

/** Larger files are uploaded in parts of at least this size. A failed part is sent again from memory. */
const partBytes = 16 << 20;
const partsAtOnce = 4;
/** Maximum number of parts of an upload. It is below the limit of S3, which is 10,000 parts. */
const mostParts = 9_000;

interface Target {
  readonly Bucket: string;
  readonly Key: string;
}

/**
 * Uploads a file of any size and hashes it meanwhile. The object appears only if its content has the expected hash.
 *
 * @throws HafError HAF_DATA_CHANGED
 */
export async function uploadFile(
  client: S3Client,
  target: Target,
  path: string,
  sha256: string,
): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > partBytes) return await inParts(client, target, { file, size, path, sha256 });
    const Body = await file.readFile();
    requireContent(createHash('sha256').update(Body), path, sha256);
    // The server checks the received content against the same hash.
    const ChecksumSHA256 = Buffer.from(sha256, 'hex').toString('base64');
    await client.send(new PutObjectCommand({ ...target, Body, ChecksumSHA256 }));
  } finally {
    await file.close();
  }
}

interface LargeFile {
  readonly file: FileHandle;
  readonly size: number;
  readonly path: string;
  readonly sha256: string;
}

async function inParts(
  client: S3Client,
  target: Target,
  { file, size, path, sha256 }: LargeFile,
): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(target));
  const upload = { ...target, UploadId };
  try {
    const hash = createHash('sha256');
    const length = Math.max(partBytes, Math.ceil(size / mostParts));
    const parts: CompletedPart[] = [];
    for (let start = 0; start < size;) {
      const batch: Promise<CompletedPart>[] = [];
      for (; start < size && batch.length < partsAtOnce; start += length) {
        const Body = await readAt(file, start, Math.min(length, size - start));
        hash.update(Body);
        const PartNumber = parts.length + batch.length + 1;
        const sent = client.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
        batch.push(sent.then(({ ETag }) => ({ PartNumber, ETag })));
      }
      parts.push(...(await Promise.all(batch)));
    }
    requireContent(hash, path, sha256);
    await client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts: parts } }));
  } catch (error) {
    // Without this request, the parts of an unfinished upload stay stored: no list shows them, but they cost money.
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
    throw error;
  }
}

async function readAt(file: FileHandle, start: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

function requireContent(hash: Hash, path: string, sha256: string): void {
  if (hash.digest('hex') !== sha256) throw hasChanged(path);
}
