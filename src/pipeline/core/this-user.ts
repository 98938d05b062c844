import { homedir, userInfo } from 'node:os';

// Containers run commands as users that the system does not know: without an entry in passwd and without HOME.

/** The home folder of this user; `/` where there is none, as containers have it. */
export function homeFolder(): string {
  try {
    return homedir();
  } catch {
    return '/';
  }
}

/** The name of this user; `uid 47110` where there is none. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
