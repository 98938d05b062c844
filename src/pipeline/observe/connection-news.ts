import { map, skip, type Observable } from 'rxjs';
import type { Bus } from '../bus/bus.js';

/** For people: the broker went away, or came back. */
export const connectionNews = ({ connection }: Bus): Observable<string> =>
  connection.pipe(
    skip(1),
    map((state) =>
      state === 'away'
        ? 'the broker cannot be reached; running jobs go on, and the connection is tried again'
        : 'the broker is back',
    ),
  );
