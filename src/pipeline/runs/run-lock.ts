import { randomUUID } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { HafError } from '../core/errors.js';
import { nameOnce } from '../store/name-once.js';

const ownerSchema = z.object({ pid: z.number(), host: z.string(), started: z.string(), since: z.string() });
type Owner = z.infer<typeof ownerSchema>;

/**
 * Heartbeat: the holder touches its lock at this interval. Another machine takes a lock that was not touched for
 * `lapseMs` as abandoned.
 */
const touchMs = 10_000;
const lapseMs = 60_000;

export interface RunLock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a run directory, so that only one process at a time executes it. A lock whose process is gone
 * (kill -9, power failure) is taken over.
 *
 * @throws HafError HAF_RUN_BUSY naming the process that holds the lock
 */
export async function lockRun(directory: string, run: string): Promise<RunLock> {
  await mkdir(directory, { recursive: true });
  const path = join(directory, '.lock');
  const owner: Owner = {
    pid: process.pid,
    host: hostname(),
    started: startOf(process.pid) ?? '',
    since: new Date().toISOString(),
  };
  const text = JSON.stringify(owner);
  if (!(await createOnce(path, text))) await takeOver(path, text, run);
  const touch = setInterval(
    () => void utimes(path, new Date(), new Date()).catch(() => undefined),
    touchMs,
  ).unref();
  return {
    release: async () => {
      clearInterval(touch);
      const holder = readOwner(path);
      const mine =
        holder?.pid === owner.pid && holder.host === owner.host && holder.started === owner.started;
      if (mine) await rm(path, { force: true });
    },
  };
}

/** Whether a process executes a run directory now. */
export function isRunBusy(directory: string): boolean {
  const path = join(directory, '.lock');
  const owner = readOwner(path);
  return owner !== null && isAlive(owner, path);
}

/**
 * Creates a file together with its content. An empty lock, between creating and writing it, would look like an
 * abandoned one.
 */
async function createOnce(path: string, text: string): Promise<boolean> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeFile(temporary, text, { flag: 'wx' });
    return await nameOnce(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Replaces an abandoned lock. A second lock guards the replacement, so that only one of two processes succeeds. */
async function takeOver(path: string, text: string, run: string): Promise<void> {
  const guard = `${path}.takeover`;
  const age = Date.now() - (statSync(guard, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (age > lapseMs) await rm(guard, { force: true });
  if (!(await createOnce(guard, text))) throw busy(run, null);
  try {
    const owner = readOwner(path);
    if (owner && isAlive(owner, path)) throw busy(run, owner);
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  } finally {
    await rm(guard, { force: true });
  }
}

function readOwner(path: string): Owner | null {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}

/** Whether a living process holds the lock of a run. */
export function isLocked(directory: string): boolean {
  const path = join(directory, '.lock');
  const owner = readOwner(path);
  return owner !== null && isAlive(owner, path);
}

function isAlive(owner: Owner, path: string): boolean {
  if (owner.host !== hostname()) return Date.now() - statSync(path).mtimeMs < lapseMs;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // Another process may have received the pid of the owner since. The start time of the process shows this.
  const started = startOf(owner.pid);
  return started === null || owner.started === '' || started === owner.started;
}

/** Start time of a process in clock ticks since boot. Null if the system does not report it (only Linux does). */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

const busy = (run: string, owner: Owner | null): HafError =>
  new HafError(
    'HAF_RUN_BUSY',
    owner
      ? `Run ${run} is being executed by process ${owner.pid} on ${owner.host} since ${owner.since}.`
      : `Run ${run} is just being taken over by another process.`,
    'Wait for it to end. Its artifacts are shared, so running twice would gain nothing.',
  );
