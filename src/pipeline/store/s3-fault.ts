import { HafError } from '../core/errors.js';

interface Fault {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly status: number | null;
}

function faultOf(error: unknown): Fault | null {
  if (!(error instanceof Error)) return null;
  const { code, $metadata } = error as { code?: string; $metadata?: { httpStatusCode?: number } };
  const { name, message } = error;
  return {
    name,
    message,
    ...(code === undefined ? {} : { code }),
    status: $metadata?.httpStatusCode ?? null,
  };
}

/**
 * Whether the error says that the object does not exist. A missing bucket is a different error, except for HEAD
 * requests, which do not distinguish the two.
 */
export function isAbsent(error: unknown): boolean {
  const fault = faultOf(error);
  return fault?.status === 404 && fault.name !== 'NoSuchBucket';
}

/**
 * Whether a conditional write lost: another version exists (412), the object is gone (404), or another write is in
 * progress (409).
 */
export function isConflict(error: unknown): boolean {
  return isAbsent(error) || [409, 412].includes(faultOf(error)?.status ?? 0);
}

const credentials = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE';
const network =
  /^(E(CONN|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH|PROTO)|ERR_(TLS|SSL|STREAM_PREMATURE)|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/;

/** Turns a failed request to an S3 server into an error with advice. Returns errors of the local disk unchanged. */
export function s3Fault(error: unknown, uri: string, endpoint: string): unknown {
  const fault = faultOf(error);
  if (error instanceof HafError || fault === null) return error;
  const sentences = explain(fault, uri, endpoint);
  if (sentences === null) return error;
  if (fault.name === 'NotImplemented') return new HafError('HAF_USAGE', ...sentences, { cause: error });
  return new HafError('HAF_STORE_UNREACHABLE', ...sentences, { cause: error });
}

function explain(
  { name, message, code, status }: Fault,
  uri: string,
  endpoint: string,
): [what: string, fix: string] | null {
  const answer = `${name}${status === null ? '' : ` (${status})`}: ${message}`;
  if (name === 'NoSuchBucket')
    return [
      `The store ${uri} has no bucket at ${endpoint}.`,
      'Create the bucket, correct --store, or set AWS_ENDPOINT_URL to the server that has it.',
    ];
  if (name === 'CredentialsProviderError')
    return [`No credentials were found for the store ${uri}.`, `To give credentials, ${credentials}.`];
  if (status === 401 || status === 403)
    return [
      `The store ${uri} at ${endpoint} refuses access: ${answer}.`,
      `Check the credentials (${credentials}) and their rights: read, write, delete and list in this bucket. A wrong clock also causes a refusal.`,
    ];
  if (/region is missing/i.test(message))
    return [
      `No region is set for the store ${uri}.`,
      'Set AWS_REGION, or AWS_ENDPOINT_URL if the bucket is not at AWS.',
    ];
  if (name === 'NotImplemented')
    return [
      `The server at ${endpoint} does not support a request that the store ${uri} needs: ${answer}.`,
      'Use a server with conditional writes (docs/stores.md), or a shared folder.',
    ];
  if (status !== null)
    return [
      `The store ${uri} at ${endpoint} answered ${answer}.`,
      'Check the server, and AWS_REGION if it is AWS; then run the same command again.',
    ];
  if (name === 'TimeoutError' || network.test(code ?? ''))
    return [
      `The store ${uri} cannot be reached at ${endpoint}: ${code ?? name} ${message}.`,
      'Check AWS_ENDPOINT_URL and the network, then run the same command again.',
    ];
  return null;
}
