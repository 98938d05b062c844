import { nanos, type Msg } from 'nats';
import type { Requests } from './requests.js';

const encoder = new TextEncoder();
const acknowledged = encoder.encode('+ACK');
/** The answer that returns a message to the queue. */
export const refused = encoder.encode('-NAK');
const inProgress = encoder.encode('+WPI');
const terminated = encoder.encode('+TERM');

/**
 * A message is acknowledged under `$JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>...`. Newer servers put a domain
 * and an account before the stream.
 */
const [oldTokens, oldSequence, newSequence] = [9, 5, 7];

/** A message of the work queue, as it was delivered to this worker. It is acknowledged once, in one of four ways. */
export class QueuedMessage {
  private settled = false;

  constructor(
    private readonly message: Msg,
    private readonly requests: Requests,
  ) {}

  get subject(): string {
    return this.message.subject;
  }

  get data(): Uint8Array {
    return this.message.data;
  }

  /** Sequence number of the message in the stream. */
  get seq(): number {
    const tokens = (this.message.reply ?? '').split('.');
    return Number(tokens[tokens.length === oldTokens ? oldSequence : newSequence]);
  }

  ack(): void {
    this.settle(acknowledged);
  }

  /** Acknowledges the message, and waits until the broker confirms this. Idempotent, so the call can be repeated. */
  async ackAck(): Promise<void> {
    this.settled = true;
    await this.requests.ask(this.message.reply ?? '', acknowledged);
  }

  /** Asks the broker to deliver the message again. */
  nak(delayMs = 0): void {
    this.settle(delayMs > 0 ? encoder.encode(`-NAK ${JSON.stringify({ delay: nanos(delayMs) })}`) : refused);
  }

  /** Tells the broker to stop delivering the message, because no worker can use it. */
  term(): void {
    this.settle(terminated);
  }

  /** Extends the time until the broker delivers the message again. */
  working(): void {
    if (!this.settled) this.message.respond(inProgress);
  }

  private settle(how: Uint8Array): void {
    if (this.settled) return;
    this.settled = true;
    this.message.respond(how);
  }
}
