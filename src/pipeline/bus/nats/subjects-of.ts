import type { JetStreamManager } from 'nats';
import { allEvents, eventsOf, eventStream, untoken } from './names.js';
import { withRetries } from './retry.js';

/** The subjects of a stream that match a filter, with the number of messages of each. */
async function subjectCounts(
  jsm: JetStreamManager,
  stream: string,
  filter: string,
): Promise<Readonly<Record<string, number>>> {
  const { state } = await withRetries(() => jsm.streams.info(stream, { subjects_filter: filter }));
  return state.subjects ?? {};
}

/** The number of events of a run. */
export async function eventCountOf(jsm: JetStreamManager, run: string): Promise<number> {
  const counts = await subjectCounts(jsm, eventStream, eventsOf(run));
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** The runs with at least one event in the event stream. */
export async function runsWithEvents(jsm: JetStreamManager): Promise<readonly string[]> {
  const subjects = Object.keys(await subjectCounts(jsm, eventStream, allEvents));
  return [...new Set(subjects.map((subject) => untoken(subject.split('.')[3] ?? '')))].sort();
}

/**
 * The keys of a KV bucket, including deleted ones. Reads the subject list of the stream in one request. The client's own
 * listing would need a consumer, and the right to make one.
 */
export async function subjectsOf(jsm: JetStreamManager, bucket: string): Promise<readonly string[]> {
  const prefix = `$KV.${bucket}.`;
  const subjects = Object.keys(await subjectCounts(jsm, `KV_${bucket}`, `${prefix}>`));
  return subjects.map((subject) => subject.slice(prefix.length));
}
