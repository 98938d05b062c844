import { readFileSync, statSync } from 'node:fs';
import { fromSeed } from 'nkeys.js';
import { HafError } from '../core/errors.js';
import type { BrokerAuth } from '../bus/nats/address.js';

/** Reads a text file that an option names. @throws HafError HAF_USAGE when it cannot be read */
export function readNamed(path: string, option: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HafError(
      'HAF_USAGE',
      code === 'ENOENT'
        ? `${option}: ${path} does not exist.`
        : `${option}: ${path} cannot be read (${code}).`,
      'Name a file that you can read.',
      { cause: error },
    );
  }
}

/**
 * Reads a file with a secret.
 *
 * @throws HafError HAF_INSECURE when other users can read the file and `accepted` is false
 */
export function readSecret(path: string, option: string, accepted: boolean): string {
  const text = readNamed(path, option);
  const readable = process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0;
  if (readable && !accepted)
    throw new HafError(
      'HAF_INSECURE',
      `${option}: other users of this machine may read ${path}.`,
      `chmod 600 ${path}`,
    );
  return text;
}

/** The credentials in a file: a user JWT with its seed (as `nsc` writes it), or the bare seed of an NKEY user. */
export function readCredentials(path: string, option: string, accepted: boolean): BrokerAuth {
  const text = readSecret(path, option, accepted);
  if (text.includes('BEGIN NATS USER JWT') && text.includes('BEGIN USER NKEY SEED'))
    return { kind: 'creds', text };
  const seed = text.trim();
  if (isUserSeed(seed)) return { kind: 'nkey', seed };
  throw new HafError(
    'HAF_USAGE',
    `${option}: ${path} holds neither NATS credentials (.creds) nor the seed of an NKEY user (SU...).`,
    'Use one of the files that "haf-pipeline security init" or "nsc generate creds" writes, unchanged.',
  );
}

function isUserSeed(text: string): boolean {
  if (!text.startsWith('SU')) return false;
  try {
    return fromSeed(new TextEncoder().encode(text)).getPublicKey().startsWith('U');
  } catch {
    return false;
  }
}
