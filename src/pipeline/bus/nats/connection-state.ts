import { BehaviorSubject, filter, from, map, type Observable } from 'rxjs';
import { Events, type NatsConnection } from 'nats';
import type { ConnectionState } from '../bus.js';

/** Whether the broker is reachable: the present state, then each change. Completes when the connection ends. */
export function connectionState(nc: NatsConnection): Observable<ConnectionState> {
  const state = new BehaviorSubject<ConnectionState>('connected');
  from(nc.status())
    .pipe(
      filter(({ type }) => type === Events.Disconnect || type === Events.Reconnect),
      map(({ type }) => (type === Events.Disconnect ? 'away' : 'connected')),
    )
    .subscribe(state);
  return state.asObservable();
}
