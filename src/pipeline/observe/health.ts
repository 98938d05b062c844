import type { ConnectionState } from '../bus/bus.js';
import type { HafError } from '../core/errors.js';

/**
 * The longest outage of the broker or the connection during which the worker counts as healthy. Its jobs continue in
 * this time.
 */
const longestAwayMs = 120_000;

export interface HealthReport {
  readonly ok: boolean;
  /** `joining`: the process has not reached the bus yet, for example because no run has been started on the broker. */
  readonly broker: ConnectionState | 'joining';
  readonly awaySeconds: number;
  /** Code of the error that ended the worker. */
  readonly error: string | null;
}

/** Whether a process can still do its work. If it cannot, a restart of the process may help. */
export class Health {
  private broker: HealthReport['broker'] = 'joining';
  private awaySince = 0;
  private error: HafError | null = null;

  constructor(private readonly now: () => number = () => performance.now()) {}

  connection(state: ConnectionState): void {
    if (state === 'away' && this.broker !== 'away') this.awaySince = this.now();
    this.broker = state;
  }

  broken(error: HafError): void {
    this.error = error;
  }

  report(): HealthReport {
    const awayMs = this.broker === 'away' ? this.now() - this.awaySince : 0;
    return {
      ok: this.error === null && awayMs < longestAwayMs,
      broker: this.broker,
      awaySeconds: Math.round(awayMs / 1000),
      error: this.error?.code ?? null,
    };
  }
}
