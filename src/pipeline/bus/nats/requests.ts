import {
  createInbox,
  ErrorCode,
  Events,
  headers as newHeaders,
  NatsError,
  type ApiError,
  type Msg,
  type MsgHdrs,
  type NatsConnection,
} from 'nats';

/** Timeout of the answer to a request. `withRetries` repeats the request. */
const answerMs = 5000;
/** Interval at which the timeouts of all requests are looked at. */
const sweepMs = 200;
const noResponders = 503;
const decoder = new TextDecoder();

interface Waiting {
  readonly subject: string;
  /** End of the wait, by the monotonic clock (`performance.now`). */
  readonly until: number;
  readonly resolve: (answer: Msg) => void;
  readonly reject: (error: Error) => void;
}

/** Conditions under which the stream accepts an appended message. */
export interface AppendOptions {
  /** Id against duplicates: within its duplicate window, the stream stores only one message with this id. */
  readonly id?: string;
  /** Compare-and-swap: the sequence number of the last message under this subject, or 0 if it has none. */
  readonly lastSeq?: number;
}

/**
 * Requests to the broker, with one subscription for all answers and one timer for all timeouts. The client of `nats`
 * makes a timer and an error with a stack trace for each request, and a subscription for each pull. With small jobs,
 * these took more time than the messages themselves.
 */
export class Requests {
  private readonly inbox: string;
  private readonly waiting = new Map<string, Waiting>();
  private count = 0;
  private sweeping: NodeJS.Timeout | undefined;

  /** @param inboxPrefix prefix of the subjects that the role may subscribe */
  constructor(
    private readonly nc: NatsConnection,
    inboxPrefix: string,
  ) {
    this.inbox = `${createInbox(inboxPrefix)}.`;
    nc.subscribe(`${this.inbox}*`, { callback: (error, answer) => error ?? this.onAnswer(answer) });
    void this.watchPermissions();
    void nc.closed().then(() => this.fail(() => true, ErrorCode.ConnectionClosed));
  }

  /** @throws NatsError `Timeout`, `NoResponders`, `PermissionsViolation`, or the error of a closed connection */
  ask(subject: string, data: Uint8Array, headers?: MsgHdrs, timeoutMs = answerMs): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const token = String(++this.count);
      const reply = this.inbox + token;
      this.nc.publish(subject, data, headers ? { reply, headers } : { reply });
      this.waiting.set(token, { subject, until: performance.now() + timeoutMs, resolve, reject });
      this.sweeping ??= setInterval(() => this.sweep(), sweepMs).unref();
    });
  }

  /**
   * Appends a message to the stream of its subject.
   *
   * @returns the sequence number of the message
   * @throws NatsError as `ask` does, or with the `api_error` of a stream that refused the message
   */
  async append(subject: string, data: Uint8Array, { id, lastSeq }: AppendOptions = {}): Promise<number> {
    const head = newHeaders();
    if (id !== undefined) head.set('Nats-Msg-Id', id);
    if (lastSeq !== undefined) head.set('Nats-Expected-Last-Subject-Sequence', String(lastSeq));
    const answer = await this.ask(subject, data, head);
    const { seq, error } = JSON.parse(decoder.decode(answer.data)) as { seq?: number; error?: ApiError };
    if (error) throw refusal(error);
    if (seq === undefined) throw NatsError.errorForCode(ErrorCode.JetStreamInvalidAck);
    return seq;
  }

  private onAnswer(answer: Msg): void {
    const token = answer.subject.slice(this.inbox.length);
    const waiting = this.waiting.get(token);
    // No request waits for this answer any more: it has timed out.
    if (!waiting) return;
    this.waiting.delete(token);
    // The server answers with the status `noResponders` and no data when nothing listens to the subject.
    if (answer.headers?.code === noResponders && answer.data.length === 0)
      waiting.reject(NatsError.errorForCode(ErrorCode.NoResponders));
    else waiting.resolve(answer);
  }

  private sweep(): void {
    const now = performance.now();
    this.fail(({ until }) => until <= now, ErrorCode.Timeout);
    if (this.waiting.size > 0) return;
    clearInterval(this.sweeping);
    this.sweeping = undefined;
  }

  /** Fails the requests that the server refuses because the role may not send them. */
  private async watchPermissions(): Promise<void> {
    for await (const { type, permissionContext } of this.nc.status())
      if (type === Events.Error && permissionContext?.operation === 'publish')
        this.fail(({ subject }) => subject === permissionContext.subject, ErrorCode.PermissionsViolation);
  }

  private fail(which: (waiting: Waiting) => boolean, code: ErrorCode): void {
    for (const [token, waiting] of this.waiting)
      if (which(waiting)) {
        this.waiting.delete(token);
        waiting.reject(NatsError.errorForCode(code));
      }
  }
}

function refusal(of: ApiError): NatsError {
  const error = new NatsError(of.description, String(of.code));
  error.api_error = of;
  return error;
}
