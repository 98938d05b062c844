import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { atLeast, oldestServer } from '../bus/nats/server-version.js';
import { HafError } from '../core/errors.js';

/** A nats-server of this machine. */
export interface ServerBinary {
  readonly path: string;
  readonly version: string;
}

/** Folders to search besides PATH. Debian installs to /usr/sbin, which is often not on a user's PATH. */
const usualFolders = ['/usr/sbin', '/usr/local/bin', '/usr/local/sbin', '/opt/homebrew/bin'];

/**
 * The nats-server to start: HAF_NATS_SERVER, or the first on PATH and in the usual folders. Null when there is none.
 *
 * @throws HafError HAF_BROKER_UNFIT when the server is too old or does not start
 */
export function findServer(environment: NodeJS.ProcessEnv = process.env): ServerBinary | null {
  const named = environment.HAF_NATS_SERVER;
  const folders = [...(environment.PATH ?? '').split(delimiter).filter(Boolean), ...usualFolders];
  const candidates = named ? [named] : folders.map((folder) => join(folder, 'nats-server'));
  const path = candidates.find(isExecutable);
  if (path) return { path, version: versionOf(path) };
  if (!named) return null;
  throw new HafError(
    'HAF_BROKER_UNFIT',
    `HAF_NATS_SERVER: ${named} is no program that can be started.`,
    'Correct the variable, or unset it to search PATH.',
  );
}

/** @throws HafError HAF_BROKER_UNFIT when this machine has no nats-server */
export function requireServer(environment: NodeJS.ProcessEnv = process.env): ServerBinary {
  const server = findServer(environment);
  if (server) return server;
  throw new HafError(
    'HAF_BROKER_UNFIT',
    'This machine has no nats-server to start.',
    'Install one (Debian and Ubuntu: apt install nats-server; macOS: brew install nats-server), or name it with HAF_NATS_SERVER.',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function versionOf(path: string): string {
  let said = '';
  try {
    said = execFileSync(path, ['--version'], { encoding: 'utf8', timeout: 5000 }).trim();
  } catch (error) {
    throw unfit(`${path} does not start.`, error);
  }
  const version = /v(\d+\.\d+\.\d+)/.exec(said)?.[1];
  if (!version) throw unfit(`${path} does not look like nats-server: it says "${said.slice(0, 60)}".`);
  if (!atLeast(version, oldestServer)) throw unfit(`${path} is version ${version}.`);
  return version;
}

const unfit = (what: string, cause?: unknown): HafError =>
  new HafError(
    'HAF_BROKER_UNFIT',
    what,
    `Install nats-server ${oldestServer} or newer, or name another with HAF_NATS_SERVER.`,
    {
      cause,
    },
  );
