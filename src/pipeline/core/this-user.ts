import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

// Containers run commands as users that the system does not know: without an entry in passwd and without HOME.

/** The home folder of this user; `/` where there is none, as containers have it. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** Where this user keeps what haf-pipeline installs: `haf-pipeline` in XDG_DATA_HOME, or in `.local/share` of the home folder. */
export function userDataFolder({ XDG_DATA_HOME: data }: NodeJS.ProcessEnv): string {
  // The specification has relative paths ignored.
  const base = data && isAbsolute(data) ? data : join(homeFolder(), '.local', 'share');
  return join(base, 'haf-pipeline');
}

/** The name of this user; `uid 47110` where there is none. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
