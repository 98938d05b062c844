import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { BusMember } from '../bus/member.js';
import { RunDirectory } from '../runs/run-directory.js';
import { isLocked } from '../runs/run-lock.js';
import { followLog } from './follow-log.js';
import type { PageSource } from './page-source.js';

/** Lists the members on the bus. Null if they are unknown. */
export type AskMembers = () => Promise<readonly BusMember[] | null>;

/** The runs below a folder, running or ended. `members` asks the broker of a run that this process executes. */
export function directorySource(
  runs: string,
  members: AskMembers = () => Promise.resolve(null),
  connected: () => boolean = () => true,
): PageSource {
  /** A run name is the name of one folder in `runs`, so an address cannot lead to another folder. */
  const pathOf = (run: string): string | null =>
    run === '' || /[/\\\0]/.test(run) || run.startsWith('.') ? null : join(runs, run);
  const has = (run: string): boolean => pathOf(run) !== null && new RunDirectory(runs, run).exists();
  return {
    runs: () =>
      Promise.resolve(
        RunDirectory.list(runs).map((directory) => {
          const { run, createdAt, state } = directory.info();
          const stopped = state === 'running' && !isLocked(directory.path);
          return { run, createdAt, state: stopped ? 'interrupted' : state };
        }),
      ),
    has: (run) => Promise.resolve(has(run)),
    news: (run) => followLog(join(pathOf(run) ?? runs, 'events.ndjson')),
    driven: (run) => Promise.resolve(isLocked(pathOf(run) ?? runs)),
    members,
    connected,
    directory: (run) => {
      const path = pathOf(run);
      return path !== null && existsSync(path) ? path : null;
    },
  };
}
