import { EMPTY, map, merge, skip, type Observable } from 'rxjs';
import type { Bus } from '../bus/bus.js';

/**
 * Messages for people: the broker became unreachable or came back, and the news of the bus, for example that the broker
 * lost messages.
 */
export const connectionNews = ({ connection, news = EMPTY }: Bus): Observable<string> =>
  merge(
    connection.pipe(
      skip(1),
      map((state) =>
        state === 'away'
          ? 'the broker cannot be reached; running jobs go on, and the connection is tried again'
          : 'the broker is back',
      ),
    ),
    news,
  );
