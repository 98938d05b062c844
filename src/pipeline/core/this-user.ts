import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';

// In containers, commands may run as users unknown to the system: without an entry in passwd and without HOME.

/** The home folder of this user. `/` if there is none, as in containers. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/**
 * The folder where haf-pipeline installs files for this user: `haf-pipeline` in XDG_DATA_HOME, or in `.local/share`
 * of the home folder.
 */
export function userDataFolder({ XDG_DATA_HOME: data }: NodeJS.ProcessEnv): string {
  // The XDG specification says that relative paths are ignored.
  const base = data && isAbsolute(data) ? data : join(homeFolder(), '.local', 'share');
  return join(base, 'haf-pipeline');
}

/** The name of this user, or for example `uid 47110` if the user has no name. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
